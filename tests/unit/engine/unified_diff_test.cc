#include "engine/unified_diff.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace dbomsbak {
namespace {

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Applies hunks as patch(1) does, and makes sure that what they expect is there.
std::string Patched(const std::string& before, const std::string& diff) {
  const std::vector<std::string> lines = LinesOf(before);
  std::string after;
  std::size_t at = 0;
  const auto copy_until = [&](std::size_t line) {
    while (at < line) after += lines.at(at++) + "\n";
  };
  for (const std::string& line : LinesOf(diff)) {
    if (line.starts_with("@@ -")) {
      unsigned begin = 0, count = 1;
      std::sscanf(line.c_str(), "@@ -%u,%u", &begin, &count);
      copy_until(count == 0 ? begin : begin - 1);
    } else if (line.front() == '+') {
      after += line.substr(1) + "\n";
    } else {
      EXPECT_EQ(line.substr(1), lines.at(at)) << diff;
      if (line.front() == ' ') after += line.substr(1) + "\n";
      ++at;
    }
  }
  copy_until(lines.size());
  return after;
}

TEST(UnifiedDiffTest, EqualTextsHaveNone) {
  EXPECT_EQ(UnifiedDiff("", ""), "");
  EXPECT_EQ(UnifiedDiff("a\nb", "a\nb\n"), "");
}

TEST(UnifiedDiffTest, IsWhatDiffUPrints) {
  EXPECT_EQ(UnifiedDiff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
  EXPECT_EQ(UnifiedDiff("", "a\nb\n"), "@@ -0,0 +1,2 @@\n+a\n+b\n");
  EXPECT_EQ(UnifiedDiff("a\n", ""), "@@ -1 +0,0 @@\n-a\n");
  EXPECT_EQ(UnifiedDiff("a\n", "a\nb\n"), "@@ -1 +1,2 @@\n a\n+b\n");
}

TEST(UnifiedDiffTest, ChangesFarApartAreHunksOfTheirOwn) {
  std::string before, after;
  for (int i = 1; i <= 20; ++i) {
    before += std::to_string(i) + "\n";
    after += std::to_string(i) + (i == 2 || i == 18 ? "x\n" : "\n");
  }
  const std::string diff = UnifiedDiff(before, after);
  EXPECT_NE(diff.find("@@ -1,5 +1,5 @@\n"), std::string::npos) << diff;
  EXPECT_NE(diff.find("@@ -15,6 +15,6 @@\n"), std::string::npos) << diff;
}

TEST(UnifiedDiffTest, PatchingGivesTheOtherText) {
  const auto seed = static_cast<std::uint32_t>(std::random_device{}());
  std::mt19937 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::string before, after;
    for (std::uint_fast32_t i = random() % 30; i > 0; --i) {
      const std::string line = std::string(1, static_cast<char>('a' + random() % 4)) + "\n";
      if (random() % 8 != 0) before += line;
      if (random() % 8 != 0) after += line;
    }
    const std::string diff = UnifiedDiff(before, after);
    EXPECT_EQ(diff.empty(), before == after);
    EXPECT_EQ(Patched(before, diff), after) << "seed " << seed;
  }
}

TEST(UnifiedDiffTest, TextsWithoutACommonLineAreReplacedWhole) {
  std::string before, after;
  for (int i = 0; i < 5000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(Patched(before, UnifiedDiff(before, after)), after);
}

}  // namespace
}  // namespace dbomsbak
