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

}  // namespace
}  // namespace dbomsbak
