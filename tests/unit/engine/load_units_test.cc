#include "engine/load_units.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kHead = "INSERT INTO `t` (`a`) VALUES\n";

std::vector<std::pair<std::string, std::uint64_t>> Cut(std::string_view text) {
  std::vector<std::pair<std::string, std::uint64_t>> statements;
  ForEachInsert(text, kHead, [&](std::string_view statement, std::uint64_t rows) {
    statements.emplace_back(statement, rows);
  });
  return statements;
}

TEST(LoadUnitsTest, UnitsFollowTheFramesAndCoverTheSliceOnce) {
  const std::vector<std::uint64_t> sizes = {100, 50, 0, 70};
  std::vector<LoadUnit> units;
  AppendLoadUnits(
      7, Slice{0, 40, 160}, sizes.size(), [&](std::uint64_t f) { return sizes[f]; }, units);
  ASSERT_EQ(units.size(), 3U);
  EXPECT_EQ(units[0].offset, 40U);
  EXPECT_EQ(units[0].length, 60U);
  EXPECT_EQ(units[1].frame, 1U);
  EXPECT_EQ(units[1].offset, 0U);
  EXPECT_EQ(units[1].length, 50U);
  EXPECT_EQ(units[2].frame, 3U);
  EXPECT_EQ(units[2].length, 50U);
  EXPECT_EQ(units[2].table, 7U);
}

TEST(LoadUnitsTest, SliceBeyondTheTextIsDamage) {
  std::vector<LoadUnit> units;
  const auto size = [](std::uint64_t) { return 100U; };
  for (const Slice slice :
       {Slice{0, 0, 201}, Slice{2, 0, 1}, Slice{0, 101, 1}, Slice{1, 50, ~std::uint64_t{0}}}) {
    EXPECT_THROW(AppendLoadUnits(0, slice, 2, size, units), Error);
  }
}

TEST(LoadUnitsTest, StatementsAreSentAsTheyStandWithoutTheirEnd) {
  const std::string text =
      std::string(kHead) + "(1),\n(');\\nINSERT');\n" + std::string(kHead) + "(3);\n";
  const auto statements = Cut(text);
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements[0].first, std::string(kHead) + "(1),\n(');\\nINSERT')");
  EXPECT_EQ(statements[0].second, 2U);
  EXPECT_EQ(statements[1].first, std::string(kHead) + "(3)");
  EXPECT_EQ(statements[1].second, 1U);
}

TEST(LoadUnitsTest, NothingButTheOneFormPasses) {
  const std::string head(kHead);
  for (const std::string& text : {
           std::string("DROP DATABASE x;\n"),
           std::string("INSERT INTO `u` (`a`) VALUES\n(1);\n"),
           head,                               // no row
           head + "(1)",                       // no end
           head + "(1),\n",                    // no last row
           head + "(1);\n;\n",                 // an empty statement
           head + "(1)\n",                     // neither , nor ;
           head + "(1);\nDROP DATABASE x;\n",  // another statement
           head + "SELECT (1);\n",             // not a row
           head + "(1) ON DUPLICATE KEY UPDATE a=1;\n",
           head + "(1);\n" + head.substr(0, 5),
       }) {
    try {
      Cut(text);
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kDamaged);
    }
  }
}

TEST(LoadUnitsTest, EveryCutOfAStatementIsNoticed) {
  const std::string text = std::string(kHead) + "(1),\n(2);\n";
  for (std::size_t length = 1; length < text.size(); ++length) {
    EXPECT_THROW(Cut(std::string_view(text).substr(0, length)), Error) << length;
  }
}

}  // namespace
}  // namespace dbomsbak
