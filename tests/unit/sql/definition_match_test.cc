// What servers print in other words is the same; what one has left out is noticed.
#include "sql/definition_match.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

constexpr char kOf56[] =
    "CREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `a` varchar(9) CHARACTER SET utf8 DEFAULT "
    "NULL,\n"
    "  `n` int(11) DEFAULT '1',\n  `b` blob,\n  PRIMARY KEY (`id`),\n  CONSTRAINT `f` FOREIGN KEY "
    "(`n`) REFERENCES `p` (`id`) ON DELETE RESTRICT\n) ENGINE=InnoDB DEFAULT CHARSET=latin1\n"
    "/*!50100 PARTITION BY HASH (id)\nPARTITIONS 3 */";
constexpr char kOfMariaDb[] =
    "CREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `a` varchar(9) CHARACTER SET utf8mb3 COLLATE "
    "utf8mb3_general_ci DEFAULT NULL,\n  `n` int(11) DEFAULT 1,\n  `b` blob DEFAULT NULL,\n  "
    "PRIMARY "
    "KEY (`id`),\n  CONSTRAINT `f` FOREIGN KEY (`n`) REFERENCES `p` (`id`)\n) ENGINE=InnoDB "
    "DEFAULT "
    "CHARSET=latin1 COLLATE=latin1_swedish_ci\n PARTITION BY HASH (`id`)\nPARTITIONS 3";

TEST(DefinitionMatchTest, OneTableInTheWordsOfTwoServersIsTheSame) {
  EXPECT_EQ(FirstWordMissing(kOf56, kOfMariaDb), "");
  EXPECT_EQ(FirstWordMissing(kOfMariaDb, kOf56), "");
}

TEST(DefinitionMatchTest, WhatAServerChangedOrLeftOutIsNoticed) {
  const std::string whole = kOf56;
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"varchar(9)", "mediumtext"},
                                 {"`a` varchar(9)", "`a` varchar(8)"},
                                 {" NOT NULL", ""},
                                 {"DEFAULT '1'", "DEFAULT '2'"},
                                 {"PRIMARY KEY (`id`),\n", ""},
                                 {"ENGINE=InnoDB", "ENGINE=MyISAM"},
                                 {"CHARSET=latin1", "CHARSET=utf8mb4"},
                                 {"PARTITIONS 3", "PARTITIONS 4"},
                                 {"`b` blob,\n", ""}}) {
    std::string changed = whole;
    changed.replace(changed.find(from), from.size(), to);
    EXPECT_NE(FirstWordMissing(whole, changed), "") << from;
  }
  EXPECT_EQ(
      FirstWordMissing("CREATE TABLE `t` (`a` int, CHECK (`a` > 0))", "CREATE TABLE `t` (`a` int)"),
      "check");
  EXPECT_EQ(FirstWordMissing("CREATE TABLE `t` (`a` int) COLLATE=utf8mb4_bin",
                             "CREATE TABLE `t` (`a` int)"),
            "collate");
}

// OceanBase prints keys and constraints in another order, no engine, and each partition.
constexpr char kOfOceanBase[] =
    "CREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `a` varchar(9) CHARACTER SET utf8 DEFAULT "
    "NULL,\n  `n` int(11) DEFAULT '1' COMMENT 'it\\'s',\n  PRIMARY KEY (`id`),\n  CONSTRAINT `f` "
    "FOREIGN KEY (`n`) REFERENCES `p`(`id`) ON UPDATE SET NULL ON DELETE CASCADE ,\n  KEY `k` "
    "(`n`) "
    "BLOCK_SIZE 16384 LOCAL\n) ORGANIZATION INDEX DEFAULT CHARSET = latin1 ROW_FORMAT = DYNAMIC "
    "PCTFREE = 0\n partition by hash(id)\n(partition `p0`,\npartition `p1`,\npartition `p2`)";
constexpr char kTheSame[] =
    "CREATE TABLE `t` (\n  `id` int NOT NULL,\n  `a` varchar(9) CHARACTER SET utf8mb3 COLLATE "
    "utf8mb3_general_ci DEFAULT NULL,\n  `n` int DEFAULT '1' COMMENT 'it''s',\n  PRIMARY KEY "
    "(`id`),\n  KEY `k` (`n`) USING BTREE,\n  CONSTRAINT `f` FOREIGN KEY (`n`) REFERENCES `p` "
    "(`id`) "
    "ON DELETE CASCADE ON UPDATE SET NULL\n) ENGINE=InnoDB DEFAULT CHARSET=latin1\n/*!50100 "
    "PARTITION BY HASH (`id`)\nPARTITIONS 3 */";

TEST(DefinitionMatchTest, TheOrderOfKeysAndOptionsMeansNothing) {
  EXPECT_EQ(FirstWordMissing(kTheSame, kOfOceanBase), "");
}

TEST(DefinitionMatchTest, WhatIsLostIsNoticedInAnyOrder) {
  const std::string whole = kOfOceanBase;
  for (const auto& [from, to] : {std::pair<std::string, std::string>{"varchar(9)", "varchar(8)"},
                                 {"CHARACTER SET utf8 ", ""},
                                 {"CHARACTER SET utf8 ", "CHARACTER SET utf8mb4 "},
                                 {"'it\\'s'", "'its'"},
                                 {"PRIMARY KEY (`id`),\n", ""},
                                 {"KEY `k` (`n`)", "KEY `k` (`a`)"},
                                 {"ON DELETE CASCADE", "ON DELETE SET NULL"},
                                 {"CHARSET = latin1", "CHARSET = utf8mb4"},
                                 {"partition `p1`,\n", ""},
                                 {" partition by hash(id)\n(partition `p0`,\npartition "
                                  "`p1`,\npartition `p2`)",
                                  ""}}) {
    std::string changed = whole;
    changed.replace(changed.find(from), from.size(), to);
    EXPECT_NE(FirstWordMissing(kTheSame, changed), "") << from;
  }
}

TEST(DefinitionMatchTest, AColumnsCollationMayBeSaidInTwoWays) {
  constexpr char kLong[] =
      "CREATE TABLE `t` (\n  `k` int,\n  KEY `k` (`k`),\n  `a` char(1) CHARACTER SET utf8mb4 "
      "COLLATE "
      "utf8mb4_bin INVISIBLE DEFAULT 'x'\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 "
      "COLLATE=utf8mb4_general_ci";
  constexpr char kShort[] =
      "CREATE TABLE `t` (\n  `k` int,\n  `a` char(1) COLLATE utf8mb4_bin DEFAULT 'x' INVISIBLE,\n  "
      "KEY `k` (`k`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4";
  EXPECT_EQ(FirstWordMissing(kLong, kShort), "");
  std::string other = kShort;
  other.replace(other.find("utf8mb4_bin"), 11, "utf8mb4_general_ci");
  EXPECT_EQ(FirstWordMissing(kLong, other), "utf8mb4_bin");
}

// The same table of MySQL 9.7 and MariaDB 10.11.
constexpr char kOf97[] =
    "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT,\n  `f` tinyint(1) NOT NULL DEFAULT "
    "'0',\n  `a` varchar(9) DEFAULT NULL,\n  `l` varchar(9) CHARACTER SET latin1 COLLATE "
    "latin1_swedish_ci DEFAULT NULL,\n  `at` datetime DEFAULT CURRENT_TIMESTAMP,\n  PRIMARY KEY "
    "(`id`),\n  UNIQUE KEY `u` (`f`),\n  CONSTRAINT `t_chk_1` CHECK ((`id` >= 1))\n) ENGINE=InnoDB "
    "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci\n/*!50100 PARTITION BY RANGE (`id`)\n"
    "(PARTITION p VALUES LESS THAN MAXVALUE ENGINE = InnoDB) */";
constexpr char kOf1011[] =
    "CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `f` tinyint(1) NOT NULL "
    "DEFAULT 0,\n  `a` varchar(9) DEFAULT NULL,\n  `l` varchar(9) CHARACTER SET latin1 COLLATE "
    "latin1_swedish_ci DEFAULT NULL,\n  `at` datetime DEFAULT current_timestamp(),\n  PRIMARY KEY "
    "(`id`),\n  UNIQUE KEY `u` (`f`),\n  CONSTRAINT `CONSTRAINT_1` CHECK (`id` >= 1)\n) "
    "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci\n PARTITION BY RANGE "
    "(`id`)\n(PARTITION `p` VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB)";

TEST(DefinitionMatchTest, BothWaysOneTableOfTwoServersIsTheSame) {
  EXPECT_EQ(FirstWordOtherwise(kOf97, kOf1011), "");
  EXPECT_EQ(FirstWordOtherwise(kOf56, kOfMariaDb), "");
}

TEST(DefinitionMatchTest, BothWaysNothingMoreIsPassedOver) {
  for (const auto& [from, to] : {std::pair<std::string, std::string>{">= 1", "> 1"},
                                 {">= 1", "<> 1"},
                                 {"tinyint(1)", "tinyint(4)"},
                                 {"int(11) NOT NULL", "int(11) unsigned NOT NULL"},
                                 {"int(11) NOT NULL", "int(11) unsigned zerofill NOT NULL"},
                                 {"UNIQUE KEY", "KEY"},
                                 {"CONSTRAINT_1", "mine"},
                                 {"latin1_swedish_ci", "latin1_general_ci"},
                                 {"`a` varchar(9)", "`a` varchar(9) COLLATE utf8mb4_bin"},
                                 {"utf8mb4_general_ci", "utf8mb4_bin"},
                                 {"ENGINE=InnoDB", "ENGINE=InnoDB COMMENT='x'"},
                                 {"current_timestamp()", "current_timestamp() INVISIBLE"},
                                 {"LESS THAN (MAXVALUE)", "LESS THAN (7)"}}) {
    std::string changed = kOf1011;
    changed.replace(changed.find(from), from.size(), to);
    EXPECT_NE(FirstWordOtherwise(kOf97, changed), "") << to;
    EXPECT_NE(FirstWordOtherwise(changed, kOf97), "") << to;
  }
  // Whose collation it is: the table's, or the column's own.
  EXPECT_NE(FirstWordOtherwise(
                "CREATE TABLE `t` (`a` char(1)) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin",
                "CREATE TABLE `t` (`a` char(1) COLLATE utf8mb4_general_ci) DEFAULT CHARSET=utf8mb4 "
                "COLLATE=utf8mb4_bin"),
            "");
  EXPECT_NE(FirstWordOtherwise("CREATE TABLE `t` (`a` int, `b` int AS ((`a` + 1) * 2))",
                               "CREATE TABLE `t` (`a` int, `b` int AS (`a` + 1 * 2))"),
            "");
  EXPECT_NE(FirstWordOtherwise("CREATE SEQUENCE `s` start with 1",
                               "CREATE SEQUENCE `s` start with 1 cycle"),
            "");
}

}  // namespace
}  // namespace dbomsbak
