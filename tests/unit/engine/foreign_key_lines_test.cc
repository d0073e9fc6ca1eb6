#include "engine/foreign_key_lines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbomsbak {
namespace {

ForeignKeyLine LineOf(const std::string& item) {
  const std::vector<ForeignKeyLine> lines =
      ForeignKeyLines("CREATE TABLE `c` (\n  `a` int(11) DEFAULT NULL,\n  " + item + "\n)");
  EXPECT_EQ(lines.size(), 1U) << item;
  return lines.empty() ? ForeignKeyLine() : lines.front();
}

TEST(ForeignKeyLineTest, PointsElsewhereUnderAnotherName) {
  EXPECT_EQ(LineOf("CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON DELETE SET NULL,")
                .Pointing("g`2", "d"),
            "CONSTRAINT `g``2` FOREIGN KEY (`a`) REFERENCES `d`.`p` (`id`) ON DELETE SET NULL");
  // OceanBase leaves no blank behind the parent, and one at the end.
  EXPECT_EQ(LineOf("CONSTRAINT `f` FOREIGN KEY (`a`, `b`) REFERENCES `d`.`p`(`x`, `y`) ON UPDATE "
                   "RESTRICT ON DELETE CASCADE ,")
                .Pointing("f", "e"),
            "CONSTRAINT `f` FOREIGN KEY (`a`, `b`) REFERENCES `e`.`p`(`x`, `y`) ON UPDATE RESTRICT "
            "ON DELETE CASCADE ");
}

TEST(ForeignKeyLineTest, NamesThatLookLikeSyntaxAreNames) {
  const ForeignKeyLine line = LineOf(
      "CONSTRAINT ` FOREIGN KEY (` FOREIGN KEY (` REFERENCES `) REFERENCES `d``1`.`.``t` (`x`)");
  EXPECT_EQ(line.name, " FOREIGN KEY (");
  EXPECT_EQ(line.parent_database, "d`1");
  EXPECT_EQ(line.parent_table, ".`t");
  EXPECT_EQ(line.Pointing("n", "o"),
            "CONSTRAINT `n` FOREIGN KEY (` REFERENCES `) REFERENCES `o`.`.``t` (`x`)");
}

}  // namespace
}  // namespace dbomsbak
