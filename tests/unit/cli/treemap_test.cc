#include "cli/treemap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <random>

namespace dbomsbak {
namespace {

constexpr double kNear = 1e-6;

bool Overlap(const Rectangle& a, const Rectangle& b) {
  return std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x) > kNear &&
         std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y) > kNear;
}

TEST(TreemapTest, AreasAreAsTheValuesAndFillTheSpaceWithoutOverlap) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::vector<double> values(1 + random() % 60);
    for (double& value : values) value = std::pow(10.0, static_cast<double>(random() % 700) / 100);
    std::sort(values.begin(), values.end(), std::greater<>());
    const Rectangle space{static_cast<double>(random() % 9), 3,
                          50 + static_cast<double>(random() % 900),
                          50 + static_cast<double>(random() % 500)};
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    const std::vector<Rectangle> placed = Squarify(values, space);
    ASSERT_EQ(placed.size(), values.size());
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const Rectangle& one = placed[i];
      EXPECT_NEAR(one.area(), space.area() * values[i] / sum, 1e-3) << i;
      EXPECT_GE(one.x, space.x - kNear);
      EXPECT_GE(one.y, space.y - kNear);
      EXPECT_LE(one.x + one.width, space.x + space.width + kNear);
      EXPECT_LE(one.y + one.height, space.y + space.height + kNear);
      for (std::size_t j = 0; j < i; ++j) EXPECT_FALSE(Overlap(one, placed[j])) << i << ' ' << j;
    }
  }
}

// The example of the paper.
TEST(TreemapTest, RectanglesAreAsSquareAsInThePaper) {
  const std::vector<Rectangle> placed = Squarify({6, 6, 4, 3, 2, 2, 1}, {0, 0, 6, 4});
  EXPECT_NEAR(placed[0].width, 3, kNear);
  EXPECT_NEAR(placed[0].height, 2, kNear);
  EXPECT_NEAR(placed[1].y, 2, kNear);
  EXPECT_NEAR(placed[2].x, 3, kNear);
  EXPECT_NEAR(placed[2].height, 7.0 / 3, kNear);
}

TEST(TreemapTest, NothingIsPlacedWhereThereIsNothing) {
  EXPECT_TRUE(Squarify({}, {0, 0, 1, 1}).empty());
  EXPECT_EQ(Squarify({1, 1}, {0, 0, 0, 1}).front().area(), 0);
}

}  // namespace
}  // namespace dbomsbak
