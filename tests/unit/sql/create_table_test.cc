#include "dbomsbak/sql/create_table.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

// Printed by MariaDB 10.11.
constexpr std::string_view kPartitioned =
    "CREATE TABLE `ai` (\n"
    "  `id` int(11) NOT NULL AUTO_INCREMENT COMMENT 'AUTO_INCREMENT=3',\n"
    "  `AUTO_INCREMENT=4` int(11) DEFAULT NULL,\n"
    "  PRIMARY KEY (`id`)\n"
    ") ENGINE=InnoDB AUTO_INCREMENT=77 DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci COMMENT='x "
    "AUTO_INCREMENT=5 '' y'\n"
    " PARTITION BY HASH (`id`)\n"
    "PARTITIONS 2";

constexpr std::string_view kNone =
    "CREATE TABLE `c` (\n"
    "  `id` int(11) NOT NULL DEFAULT nextval(`drc_cm`.`s`),\n"
    "  `y` int(11) DEFAULT NULL CHECK (`y` > 0),\n"
    "  `comment_` varchar(40) DEFAULT ') AUTO_INCREMENT=7',\n"
    "  CONSTRAINT `c_ibfk_1` FOREIGN KEY (`pid`) REFERENCES `p` (`id`)\n"
    ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci COMMENT='AUTO_INCREMENT=9'";

TEST(CreateTableTest, FindsTheOptionAmongItsLikes) {
  EXPECT_EQ(AutoIncrementOf(kPartitioned), 77U);
  std::string without(kPartitioned);
  const std::string option = " AUTO_INCREMENT=77";
  without.erase(without.find(option), option.size());
  EXPECT_EQ(WithoutAutoIncrement(kPartitioned), without);
  EXPECT_EQ(AutoIncrementOf(without), std::nullopt);
  EXPECT_EQ(WithoutAutoIncrement(without), without);
}

TEST(CreateTableTest, CommentsDefaultsAndPartitionsAreNotTheOption) {
  EXPECT_EQ(AutoIncrementOf(kNone), std::nullopt);
  EXPECT_EQ(WithoutAutoIncrement(kNone), kNone);
  const std::string_view partition_comment =
      "CREATE TABLE `t` (`id` int NOT NULL AUTO_INCREMENT) ENGINE=InnoDB COMMENT='\\\\'\n"
      " PARTITION BY RANGE (`id`)\n"
      "(PARTITION `p0` VALUES LESS THAN (10) COMMENT = 'AUTO_INCREMENT=5' ENGINE = InnoDB)";
  EXPECT_EQ(AutoIncrementOf(partition_comment), std::nullopt);
  EXPECT_EQ(AutoIncrementOf("CREATE TABLE `t` (`a` int) /* AUTO_INCREMENT=4 */ ENGINE=X"),
            std::nullopt);
  EXPECT_EQ(AutoIncrementOf("CREATE TABLE `t` (`a` int) COMMENT='it\\' AUTO_INCREMENT=4'"),
            std::nullopt);
  EXPECT_EQ(AutoIncrementOf("CREATE TABLE ` AUTO_INCREMENT=1 ` (`a` int) ENGINE=X"), std::nullopt);
}

TEST(CreateTableTest, OtherServersPrintItDifferently) {
  const std::string_view oceanbase =
      "CREATE TABLE `t` (\n  `id` bigint(20) NOT NULL AUTO_INCREMENT\n) AUTO_INCREMENT = "
      "18446744073709551615 "
      "AUTO_INCREMENT_MODE = 'ORDER' DEFAULT CHARSET = utf8mb4";
  EXPECT_EQ(AutoIncrementOf(oceanbase), 18446744073709551615U);
  EXPECT_EQ(WithoutAutoIncrement(oceanbase),
            "CREATE TABLE `t` (\n  `id` bigint(20) NOT NULL AUTO_INCREMENT\n) AUTO_INCREMENT_MODE "
            "= 'ORDER' "
            "DEFAULT CHARSET = utf8mb4");
  EXPECT_EQ(AutoIncrementOf("CREATE TABLE `t` (`a` int) /*!40100 AUTO_INCREMENT=8 */"), 8U);
}

// Checked with MySQL 9.7: the short text makes a table that prints the long one.
TEST(CreateTableTest, InheritedCollationsAreLeftToBeInherited) {
  const std::string_view printed =
      "CREATE TABLE `t` (\n"
      "  `inherited` varchar(10) COLLATE utf8mb4_general_ci NOT NULL DEFAULT 'COLLATE x',\n"
      "  `given` varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,\n"
      "  `other` varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,\n"
      "  `e` enum('a,b','COLLATE utf8mb4_general_ci') COLLATE utf8mb4_general_ci DEFAULT NULL,\n"
      "  `d` varchar(9) COLLATE utf8mb4_general_ci DEFAULT (`x` collate utf8mb4_general_ci),\n"
      "  `g` varchar(9) COLLATE utf8mb4_general_ci GENERATED ALWAYS AS (upper(`e`)) VIRTUAL "
      "COMMENT 'it''s COLLATE utf8mb4_general_ci',\n"
      "  `n` int DEFAULT NULL COMMENT ', `x` text COLLATE utf8mb4_general_ci',\n"
      "  KEY `k` (`inherited`(3)),\n"
      "  KEY `f` (((`e` collate utf8mb4_general_ci)))\n"
      ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci\n"
      "/*!50100 PARTITION BY KEY (n) PARTITIONS 2 */";
  EXPECT_EQ(WithInheritedCollations(printed),
            "CREATE TABLE `t` (\n"
            "  `inherited` varchar(10) NOT NULL DEFAULT 'COLLATE x',\n"
            "  `given` varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci DEFAULT NULL,\n"
            "  `other` varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL,\n"
            "  `e` enum('a,b','COLLATE utf8mb4_general_ci') DEFAULT NULL,\n"
            "  `d` varchar(9) DEFAULT (`x` collate utf8mb4_general_ci),\n"
            "  `g` varchar(9) GENERATED ALWAYS AS (upper(`e`)) VIRTUAL "
            "COMMENT 'it''s COLLATE utf8mb4_general_ci',\n"
            "  `n` int DEFAULT NULL COMMENT ', `x` text COLLATE utf8mb4_general_ci',\n"
            "  KEY `k` (`inherited`(3)),\n"
            "  KEY `f` (((`e` collate utf8mb4_general_ci)))\n"
            ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci\n"
            "/*!50100 PARTITION BY KEY (n) PARTITIONS 2 */");
}

TEST(CreateTableTest, WhereTheTableSaysNoCollationEachColumnKeepsItsOwn) {
  const std::string_view printed =
      "CREATE TABLE `t` (\n  `a` varchar(10) COLLATE latin1_bin DEFAULT NULL\n) ENGINE=InnoDB "
      "DEFAULT CHARSET=latin1 COMMENT='COLLATE=latin1_bin'\n"
      "/*!50100 PARTITION BY LIST COLUMNS(a) (PARTITION p VALUES IN ('COLLATE=latin1_bin')) */";
  EXPECT_EQ(WithInheritedCollations(printed), printed);
}

TEST(CreateTableTest, TextCutAnywhereIsNoTrouble) {
  for (std::size_t size = 0; size <= kPartitioned.size(); ++size) {
    const std::string text(kPartitioned.substr(0, size));
    AutoIncrementOf(text);
    EXPECT_LE(WithoutAutoIncrement(text).size(), size);
    EXPECT_LE(WithInheritedCollations(text).size(), size);
  }
}

}  // namespace
}  // namespace dbomsbak
