// Rectangles whose areas tell numbers.
#pragma once

#include <vector>

namespace dbomsbak {

struct Rectangle {
  double x = 0, y = 0, width = 0, height = 0;
  double area() const { return width * height; }
};

// One rectangle for each of `values`, with areas in their proportion, that fill `space` without gap
// or overlap and are as square as they come (Bruls, Huizing, van Wijk: Squarified Treemaps). Give
// the largest first. Values are above 0.
std::vector<Rectangle> Squarify(const std::vector<double>& values, Rectangle space);

}  // namespace dbomsbak
