#include "dbomsbak/sql/table_keys.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(TableKeysTest, KeysAreReadAsTheyAreDeclared) {
  const auto keys = DeclaredKeys(
      "CREATE TABLE `t` (\n"
      "  `a` bigint(20) NOT NULL AUTO_INCREMENT COMMENT 'PRIMARY KEY (`z`)',\n"
      "  `b``x` decimal(10,2) DEFAULT '1,2', `c` varchar(64) DEFAULT 'UNIQUE KEY `q` (`c`)',\n"
      "  PRIMARY KEY (`a`, `c`),\n"
      "  UNIQUE KEY `u,1` (`b``x`) BLOCK_SIZE 16384 LOCAL COMMENT 'invisible',\n"
      "  UNIQUE KEY `hidden` (`c`) BLOCK_SIZE 16384 LOCAL /*!80000 INVISIBLE */,\n"
      "  UNIQUE KEY `prefix` (`c`(10), `a` DESC),\n"
      "  UNIQUE KEY `expression` ((`a` + 1)),\n"
      "  KEY `plain` (`c` DESC, `a`) USING BTREE,\n"
      "  FULLTEXT KEY `words` (`c`),\n"
      "  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p` (`a`)\n"
      ") ORGANIZATION INDEX PARTITION BY KEY (`a`) (PARTITION p0)");
  ASSERT_EQ(keys.size(), 6u);
  EXPECT_EQ(keys[0].name, "PRIMARY");
  EXPECT_EQ(keys[0].columns, (std::vector<std::string>{"a", "c"}));
  EXPECT_TRUE(keys[0].unique && keys[0].visible && keys[0].whole_columns);
  EXPECT_EQ(keys[1].name, "u,1");
  EXPECT_EQ(keys[1].columns, std::vector<std::string>{"b`x"});
  EXPECT_TRUE(keys[1].unique && keys[1].visible && keys[1].whole_columns);
  EXPECT_FALSE(keys[2].visible);
  EXPECT_FALSE(keys[3].whole_columns);
  EXPECT_FALSE(keys[4].whole_columns);
  EXPECT_EQ(keys[5].columns, (std::vector<std::string>{"c", "a"}));
  EXPECT_FALSE(keys[5].unique);
  EXPECT_TRUE(keys[5].whole_columns);
}

TEST(TableKeysTest, TableWithoutKeysHasNone) {
  EXPECT_TRUE(
      DeclaredKeys("CREATE TABLE `t` (`key` int, `primary` int) COMMENT = 'KEY (`a`)'").empty());
}

TEST(PlainKeysTest, ThoseAtTheEndCanComeLater) {
  const TableAndPlainKeys split = WithoutPlainKeys(
      "CREATE TABLE `t` (\n"
      "  `a` bigint(20) NOT NULL AUTO_INCREMENT COMMENT ', KEY `z` (`z`)',\n"
      "  `b` varchar(64) DEFAULT 'KEY `q` (`c`)',\n"
      "  PRIMARY KEY (`a`),\n"
      "  KEY `before` (`b`) BLOCK_SIZE 16384 LOCAL,\n"
      "  UNIQUE KEY `u` (`b`) BLOCK_SIZE 16384 LOCAL,\n"
      "  KEY `first` (`b`) BLOCK_SIZE 16384 LOCAL,\n"
      "  KEY `x,``1` (`b`(10) DESC, `a`) BLOCK_SIZE 16384 LOCAL COMMENT 'a) b',\n"
      "  CONSTRAINT `c` CHECK ((`a` > 0))\n"
      ") ORGANIZATION INDEX AUTO_INCREMENT = 7 COMMENT = 'KEY `k` (`a`)'");
  EXPECT_EQ(split.create,
            "CREATE TABLE `t` (\n"
            "  `a` bigint(20) NOT NULL AUTO_INCREMENT COMMENT ', KEY `z` (`z`)',\n"
            "  `b` varchar(64) DEFAULT 'KEY `q` (`c`)',\n"
            "  PRIMARY KEY (`a`),\n"
            "  KEY `before` (`b`) BLOCK_SIZE 16384 LOCAL,\n"
            "  UNIQUE KEY `u` (`b`) BLOCK_SIZE 16384 LOCAL,\n"
            "  CONSTRAINT `c` CHECK ((`a` > 0))\n"
            ") ORGANIZATION INDEX AUTO_INCREMENT = 7 COMMENT = 'KEY `k` (`a`)'");
  ASSERT_EQ(split.keys.size(), 2u);
  EXPECT_EQ(split.keys[0].name, "first");
  EXPECT_EQ(split.keys[0].definition, "KEY `first` (`b`) BLOCK_SIZE 16384 LOCAL");
  EXPECT_EQ(split.keys[1].name, "x,`1");
  EXPECT_EQ(split.keys[1].definition,
            "KEY `x,``1` (`b`(10) DESC, `a`) BLOCK_SIZE 16384 LOCAL COMMENT 'a) b'");
}

TEST(PlainKeysTest, LastOnesLeaveAWholeStatement) {
  const TableAndPlainKeys split =
      WithoutPlainKeys("CREATE TABLE `t` (`a` int,\n  PRIMARY KEY (`a`),\n  KEY `k` (`a`)\n) X");
  EXPECT_EQ(split.create, "CREATE TABLE `t` (`a` int,\n  PRIMARY KEY (`a`)\n) X");
  ASSERT_EQ(split.keys.size(), 1u);
}

TEST(PlainKeysTest, WhatNeedsMoreThanAnAddedKeyStays) {
  for (const char* table : {
           "CREATE TABLE `t` (`a` int, `b` int, KEY `k` (`b`), CONSTRAINT `f` FOREIGN KEY (`b`) "
           "REFERENCES `p` (`a`))",
           "CREATE TABLE `t` (`a` int AUTO_INCREMENT, KEY `k` (`a`))",
           "CREATE TABLE `t` (`a` int, KEY `k` ((`a` + 1)))",
           "CREATE TABLE `t` (`a` int, KEY `k` (`a`) BLOCK_SIZE 16384 GLOBAL)",
           "CREATE TABLE `t` (`a` int, KEY `k` (`a`) /*!80000 INVISIBLE */)",
           "CREATE TABLE `t` (`a` int, KEY `k` (`a`) USING HASH)",
           "CREATE TABLE `t` (`a` text, KEY `k` (`a`(9)), FULLTEXT KEY `w` (`a`))",
           "CREATE TABLE `t` (`a` int, KEY `k` (`a`), CONSTRAINT `u` UNIQUE KEY (`a`))",
           "CREATE TABLE `t` (`a` int, UNIQUE KEY `k` (`a`))",
           "CREATE TABLE `t` (`a` int, INDEX (`a`))",
           "CREATE TABLE `t` (`a` int)",
       }) {
    const TableAndPlainKeys split = WithoutPlainKeys(table);
    EXPECT_EQ(split.create, table);
    EXPECT_TRUE(split.keys.empty()) << table;
  }
}

}  // namespace
}  // namespace dbomsbak
