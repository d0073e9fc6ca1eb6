#include "cli/main_function.h"

int main(int argc, char** argv) { return dbomsbak::Main(argc, argv); }
