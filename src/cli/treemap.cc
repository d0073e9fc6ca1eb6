#include "cli/treemap.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace dbomsbak {
namespace {

// How far from square the worst of a strip is: areas from `least` to `most`, `sum` together, along
// a side of this length.
double Worst(double least, double most, double sum, double side) {
  const double squares = sum * sum, sides = side * side;
  return std::max(sides * most / squares, squares / (sides * least));
}

}  // namespace

std::vector<Rectangle> Squarify(const std::vector<double>& values, Rectangle space) {
  std::vector<Rectangle> placed;
  placed.reserve(values.size());
  const double total = std::accumulate(values.begin(), values.end(), 0.0);
  if (total <= 0 || space.area() <= 0) return std::vector<Rectangle>(values.size());
  const double scale = space.area() / total;

  std::size_t begin = 0;
  while (begin < values.size()) {
    // A strip along the shorter side, with as many as make it squarer.
    const double side = std::min(space.width, space.height);
    double least = values[begin] * scale, most = least, sum = least;
    std::size_t end = begin + 1;
    for (; end < values.size(); ++end) {
      const double area = values[end] * scale;
      const double now = Worst(least, most, sum, side);
      const double then = Worst(std::min(least, area), std::max(most, area), sum + area, side);
      if (then > now) break;
      least = std::min(least, area);
      most = std::max(most, area);
      sum += area;
    }
    const bool upright = space.width >= space.height;  // the strip stands at the left
    const double thickness = side > 0 ? sum / side : 0;
    double along = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double length = thickness > 0 ? values[i] * scale / thickness : 0;
      placed.push_back(upright ? Rectangle{space.x, space.y + along, thickness, length}
                               : Rectangle{space.x + along, space.y, length, thickness});
      along += length;
    }
    if (upright) {
      space.x += thickness;
      space.width = std::max(0.0, space.width - thickness);
    } else {
      space.y += thickness;
      space.height = std::max(0.0, space.height - thickness);
    }
    begin = end;
  }
  return placed;
}

}  // namespace dbomsbak
