// Placeholder so that the layer builds; goes with the first real source file.
