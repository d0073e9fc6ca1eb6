#include "sql/portable_table.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(PortableTableTest, VersionCommentsAreOpenedAndOthersLeftOut) {
  EXPECT_EQ(
      WithVersionCommentsOpened("CREATE TABLE `t` (\n  `a` int /*!80023 INVISIBLE */,\n  `b` "
                                "int COMMENT '/*!1 x */' /* y */,\n  KEY `/*!` (`b`)\n) "
                                "ENGINE=InnoDB\n/*!50100 PARTITION BY HASH (a)\nPARTITIONS 3 */"),
      "CREATE TABLE `t` (\n  `a` int INVISIBLE ,\n  `b` int COMMENT '/*!1 x */' ,\n  KEY `/*!` "
      "(`b`)\n) ENGINE=InnoDB PARTITION BY HASH (a)\nPARTITIONS 3");
  EXPECT_EQ(WithVersionCommentsOpened("a/*M!100301 COMPRESSED*/"), "a COMPRESSED");
  EXPECT_EQ(WithVersionCommentsOpened(""), "");
}

TEST(PortableTableTest, WhereATableIsStoredIsLeftOutAndNothingElse) {
  EXPECT_EQ(
      WithoutPlacementOptions(
          "CREATE TABLE `t` (\n  `block_size` int COMMENT 'REPLICA_NUM = 1',\n  KEY `k` "
          "(`block_size`) "
          "BLOCK_SIZE 16384 LOCAL COMMENT 'q',\n  KEY `g` (`block_size`) BLOCK_SIZE 16384 "
          "GLOBAL\n) "
          "ORGANIZATION INDEX AUTO_INCREMENT = 4 AUTO_INCREMENT_MODE = 'ORDER' DEFAULT CHARSET = "
          "latin1 ROW_FORMAT = DYNAMIC COMPRESSION = 'zstd_1.3.8' REPLICA_NUM = 1 BLOCK_SIZE = "
          "16384 "
          "TABLEGROUP = 'x' PCTFREE = 0 COMMENT = 'c'\n partition by "
          "hash(`block_size`)\n(partition `p0`)"),
      "CREATE TABLE `t` (\n  `block_size` int COMMENT 'REPLICA_NUM = 1',\n  KEY `k` (`block_size`) "
      "COMMENT 'q',\n  KEY `g` (`block_size`) GLOBAL\n) AUTO_INCREMENT = 4 DEFAULT CHARSET = "
      "latin1 "
      "TABLEGROUP = 'x' COMMENT = 'c'\n partition by hash(`block_size`)\n(partition `p0`)");
  constexpr char kOther[] = "CREATE TABLE `t` (`a` int) ROW_FORMAT=DYNAMIC COMPRESSION='zlib'";
  EXPECT_EQ(WithoutPlacementOptions(kOther), kOther);
}

}  // namespace
}  // namespace dbomsbak
