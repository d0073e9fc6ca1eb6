#include "sql/portable_table.h"

#include <gtest/gtest.h>

#include "sql/version_comments.h"

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

constexpr char kPlaces[] =
    " ORGANIZATION INDEX AUTO_INCREMENT = 4 AUTO_INCREMENT_MODE = 'ORDER' DEFAULT CHARSET = latin1 "
    "ROW_FORMAT = COMPRESSED COMPRESSION = 'zstd_1.3.8' REPLICA_NUM = 1 TABLET_SIZE = 1 PCTFREE = "
    "0 "
    "COMMENT = 'TTL = (1)' TTL = (t + INTERVAL 1 DAY) WITH COLUMN GROUP(all columns, each column)";
constexpr char kKept[] =
    " AUTO_INCREMENT = 4 DEFAULT CHARSET = latin1 COLLATE = latin1_swedish_ci COMMENT = 'TTL = "
    "(1)'";

PortableTable Placed(const std::string& create) {
  return PortableTableOf(create, {"latin1_swedish_ci", {}}, true);
}

TEST(PortableTableTest, WhatOneServerAloneReadsIsLeftOut) {
  const PortableTable table = Placed(
      std::string(
          "CREATE TABLE `t` (\n  `local` int SKIP_INDEX(MIN_MAX, SUM) COMMENT 'GLOBAL',\n  "
          "`t` datetime DEFAULT NULL SKIP_INDEX(SUM),\n  PRIMARY KEY (`local`),\n  "
          "UNIQUE KEY `g` (`t`, `local`(3)) BLOCK_SIZE 16384 GLOBAL\n ,\n  KEY `s` (`t`) STORING "
          "(`local`) BLOCK_SIZE 16384 LOCAL COMMENT 'LOCAL' /*!80000 INVISIBLE */,\n  KEY `p` "
          "(`t`) GLOBAL\n partition by range(t)\n(partition `a` values less than (3)),\n  "
          "FULLTEXT KEY `f` (`t`) WITH PARSER space PARSER_PROPERTIES=(a=1,b=(2)) BLOCK_SIZE "
          "16384,\n  FULLTEXT KEY `n` (`t`) WITH PARSER ngram PARSER_PROPERTIES=(a=1),\n  "
          "FULLTEXT KEY `i` (`t`) WITH PARSER ik\n)") +
      kPlaces);
  EXPECT_EQ(
      table.create,
      std::string("CREATE TABLE `t` (\n  `local` int COMMENT 'GLOBAL',\n  `t` datetime DEFAULT "
                  "NULL,\n  PRIMARY KEY (`local`),\n  UNIQUE KEY `g` (`t`, `local`(3)),\n  KEY "
                  "`s` (`t`) COMMENT 'LOCAL',\n  KEY `p` (`t`),\n  "
                  "FULLTEXT KEY `f` (`t`),\n  FULLTEXT KEY `n` (`t`) /*!50700 WITH PARSER ngram "
                  "*/,\n  FULLTEXT KEY `i` (`t`)\n)") +
          kKept);
  EXPECT_TRUE(table.placed);
  EXPECT_FALSE(table.partitioned);
  EXPECT_EQ(table.left_out,
            (std::vector<std::string>{"TTL = (t + INTERVAL 1 DAY)",
                                      "WITH COLUMN GROUP(all columns, each column)",
                                      "WITH PARSER ik of key `i`", "INVISIBLE of key `s`"}));
  EXPECT_TRUE(table.unheld.empty());
}

TEST(PortableTableTest, PartitionsAreSpelledOut) {
  const std::string head = "CREATE TABLE `t` (\n  `a` int\n) DEFAULT CHARSET = latin1";
  const std::string collate = " COLLATE = latin1_swedish_ci";
  const PortableTable table =
      Placed(head +
             "\n partition by range(a) size ('1GB') subpartition by hash(a) subpartition template "
             "(\nsubpartition `p0`,\nsubpartition `x``y`)\n(partition `p` values less than "
             "(TO_DAYS('(')),\n"
             "partition `q` values less than (MAXVALUE))");
  EXPECT_EQ(
      table.create,
      head + collate +
          "\n partition by range(a) subpartition by hash(a)\n(partition `p` values less than "
          "(TO_DAYS('(')) (\nsubpartition `psp0`,\nsubpartition `psx``y`),\npartition `q` values "
          "less than (MAXVALUE) (\nsubpartition `qsp0`,\nsubpartition `qsx``y`))");
  EXPECT_TRUE(table.partitioned);
  EXPECT_EQ(table.left_out, std::vector<std::string>{"size ('1GB')"});
  EXPECT_EQ(Placed(head + "\n partition by range(a) size ('1GB')").create, head + collate);
}

TEST(PortableTableTest, WhatNeitherCanHoldIsNamed) {
  const auto reasons = [](const std::string& items, const std::string& partitions) {
    const PortableTable table = Placed("CREATE TABLE `t` (\n  `a` int,\n  `b` int" + items +
                                       "\n) DEFAULT CHARSET = latin1 TABLET_SIZE = 1" + partitions);
    return table.unheld.empty() ? std::string() : table.unheld.front();
  };
  const std::string hash = "\n partition by hash(a)\n(partition `p0`)";
  EXPECT_NE(reasons(",\n  UNIQUE KEY `k` (`b`) GLOBAL\n ", hash), "");
  EXPECT_EQ(reasons(",\n  UNIQUE KEY `k` (`b`, `a`) GLOBAL\n ", hash), "");
  EXPECT_EQ(reasons(",\n  UNIQUE KEY `k` (`b`) GLOBAL\n ", ""), "");
  EXPECT_EQ(reasons(",\n  KEY `k` (`b`) GLOBAL\n ", hash), "");
  EXPECT_NE(reasons(",\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `p`(`a`)", hash), "");
  EXPECT_NE(reasons(",\n  SPATIAL KEY `k` (`a`)", hash), "");
  EXPECT_NE(reasons("", "\n partition by list(a)\n(partition `p` values in (DEFAULT))"), "");
  EXPECT_NE(reasons("",
                    "\n partition by range(a) subpartition by range(b) subpartition template (\n"
                    "subpartition `s` values less than (1))\n(partition `p` values less than (1))"),
            "");
  EXPECT_NE(reasons("",
                    "\n partition by range(a) subpartition by hash(b)\n(partition `p` values less "
                    "than (1) (\nsubpartition `s`),\npartition `q` values less than (2) "
                    "(\nsubpartition `t`,\nsubpartition `u`))"),
            "");
  EXPECT_NE(reasons(",\n  `c` int AUTO_INCREMENT,\n  PRIMARY KEY (`a`, `c`)", ""), "");
  EXPECT_EQ(reasons(",\n  `c` int AUTO_INCREMENT,\n  PRIMARY KEY (`c`, `a`)", ""), "");
}

TEST(PortableTableTest, CollationsAreSaid) {
  const PortableTable table = PortableTableOf(
      "CREATE TABLE `t` (\n  `a` varchar(9) DEFAULT 'COLLATE',\n  `b` enum('x)','y') CHARACTER SET "
      "latin1 NOT NULL,\n  `c` text CHARACTER SET latin1 COLLATE latin1_bin,\n  `d` char(1) "
      "COMMENT "
      "'d',\n  `e` set('a') CHARACTER SET binary\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 "
      "COMMENT='x' "
      "PAGE_COMPRESSED=1\n/*!50100 PARTITION BY HASH (a)\nPARTITIONS 2 */",
      {"utf8mb4_general_ci",
       {{"a", "utf8mb4_general_ci"},
        {"b", "latin1_swedish_ci"},
        {"c", "latin1_bin"},
        {"d", "gbk_bin"},
        {"e", "binary"}}},
      false);
  EXPECT_EQ(
      table.create,
      "CREATE TABLE `t` (\n  `a` varchar(9) DEFAULT 'COLLATE',\n  `b` enum('x)','y') CHARACTER "
      "SET latin1 COLLATE latin1_swedish_ci NOT NULL,\n  `c` text CHARACTER SET latin1 COLLATE "
      "latin1_bin,\n  `d` char(1) CHARACTER SET gbk COLLATE gbk_bin COMMENT 'd',\n  `e` set('a') "
      "CHARACTER SET binary\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci "
      "COMMENT='x'\nPARTITION BY HASH (a)\nPARTITIONS 2");
  EXPECT_EQ(table.left_out, std::vector<std::string>{"PAGE_COMPRESSED=1"});
  EXPECT_EQ(PortableTableOf("CREATE TABLE `t` (\n  `e` enum('x')\n) DEFAULT CHARSET=binary",
                            {"binary", {{"e", "binary"}}}, false)
                .create,
            "CREATE TABLE `t` (\n  `e` enum('x')\n) DEFAULT CHARSET=binary");
  EXPECT_FALSE(table.placed);
}

PortableTable Told(const std::string& create, const TableCollations& collations = {}) {
  return PortableTableOf(create, collations, false);
}

using Texts = std::vector<std::string>;

// Of MariaDB 10.11. CHARACTER SET stands behind COMPRESSED, and was said twice.
TEST(PortableTableTest, WhatMariaDbAloneReadsIsLeftOutOrInParentheses) {
  const PortableTable table = Told(
      "CREATE TABLE `t` (\n  `i` int(11) INVISIBLE DEFAULT 3,\n  `n` int(11) DEFAULT "
      "nextval(`v`.`sq`),\n  `c` text /*M!100301 COMPRESSED*/ DEFAULT NULL,\n  `c2` varchar(20) "
      "/*M!100301 COMPRESSED*/ CHARACTER SET latin1 COLLATE latin1_bin DEFAULT 'x',\n  `c3` "
      "mediumtext /*M!100301 COMPRESSED*/ CHARACTER SET utf8mb4 DEFAULT NULL COMMENT "
      "'COMPRESSED',\n  `u` varchar(36) DEFAULT uuid(),\n  `e` int(11) DEFAULT (1 + 2),\n  `r` "
      "int(11) DEFAULT `e` COMMENT 'r',\n  `b` blob DEFAULT 'x',\n  `j` longtext CHARACTER SET "
      "utf8mb4 COLLATE utf8mb4_bin DEFAULT '{}' CHECK (json_valid(`j`)),\n  `d` datetime DEFAULT "
      "current_timestamp() ON UPDATE current_timestamp(),\n  `bt` bit(3) DEFAULT b'101',\n  `m` "
      "int(11) DEFAULT -5,\n  KEY `ig` (`m`) IGNORED,\n  KEY `de` (`m` DESC) COMMENT "
      "'IGNORED'\n) ENGINE=Aria DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci PAGE_CHECKSUM=1 "
      "ROW_FORMAT=PAGE TRANSACTIONAL=1 `encryption_key_id`='1' COMMENT='IGNORED'",
      {"latin1_swedish_ci",
       {{"c", "latin1_swedish_ci"},
        {"c2", "latin1_bin"},
        {"c3", "utf8mb4_general_ci"},
        {"u", "gbk_bin"}}});
  EXPECT_EQ(
      table.create,
      "CREATE TABLE `t` (\n  `i` int(11) DEFAULT 3,\n  `n` int(11) DEFAULT "
      "nextval(`v`.`sq`),\n  `c` text DEFAULT NULL,\n  `c2` varchar(20) CHARACTER SET latin1 "
      "COLLATE latin1_bin DEFAULT 'x',\n  `c3` mediumtext CHARACTER SET utf8mb4 COLLATE "
      "utf8mb4_general_ci DEFAULT NULL COMMENT 'COMPRESSED',\n  `u` varchar(36) CHARACTER SET gbk "
      "COLLATE gbk_bin DEFAULT (uuid()),\n  `e` int(11) DEFAULT (1 + 2),\n  `r` int(11) DEFAULT "
      "(`e`) COMMENT 'r',\n  `b` blob DEFAULT ('x'),\n  `j` longtext CHARACTER SET utf8mb4 COLLATE "
      "utf8mb4_bin DEFAULT ('{}') CHECK (json_valid(`j`)),\n  `d` datetime DEFAULT "
      "current_timestamp() ON UPDATE current_timestamp(),\n  `bt` bit(3) DEFAULT b'101',\n  `m` "
      "int(11) DEFAULT -5,\n  KEY `ig` (`m`),\n  KEY `de` (`m` DESC) COMMENT 'IGNORED'\n) "
      "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci COMMENT='IGNORED'");
  EXPECT_EQ(table.left_out,
            (Texts{"ENGINE=Aria (InnoDB stands for it)", "PAGE_CHECKSUM=1", "ROW_FORMAT=PAGE",
                   "TRANSACTIONAL=1", "`encryption_key_id`='1'", "INVISIBLE of column `i`",
                   "IGNORED of key `ig`", "COMPRESSED of column `c`", "COMPRESSED of column `c2`",
                   "COMPRESSED of column `c3`"}));
  EXPECT_TRUE(table.checked);
  EXPECT_EQ(table.unheld, Texts{});
  EXPECT_EQ(Told(table.create).create, table.create);
}

// Of MySQL 9.7. MariaDB passes over such comments, and a check that is not enforced is, then.
TEST(PortableTableTest, NothingIsSaidInVersionComments) {
  const PortableTable table = Told(
      "CREATE TABLE `t` (\n  `a` int NOT NULL /*!80023 INVISIBLE */,\n  `g` geometry NOT NULL "
      "/*!80003 SRID 4326 */,\n  `s` varchar(9) /*!50606 STORAGE DISK */ /*!50606 COLUMN_FORMAT "
      "FIXED */ DEFAULT NULL,\n  `n` int NOT SECONDARY DEFAULT NULL,\n  `d` varchar(36) DEFAULT "
      "(uuid()),\n  `e` enum('/*!1 ','*/') CHARACTER SET binary COLLATE binary DEFAULT NULL,\n  "
      "PRIMARY KEY (`a`),\n  KEY `k` (`s`) /*!80000 INVISIBLE */,\n  KEY `c` (`s`) COMMENT "
      "'INVISIBLE /*! x */',\n  FULLTEXT KEY `f` (`s`) /*!50100 WITH PARSER `ngram` */ ,\n  "
      "FULLTEXT KEY `m` (`s`) /*!50100 WITH PARSER `mecab` */ ,\n  CONSTRAINT `off` CHECK ((`a` > "
      "0)) /*!80016 NOT ENFORCED */,\n  CONSTRAINT `on` CHECK ((`a` < 9)),\n  CONSTRAINT `last` "
      "CHECK ((`a` > 1)) /*!80016 NOT ENFORCED */\n) /*!50100 TABLESPACE `x` */ /*!80023 "
      "AUTOEXTEND_SIZE=4194304 */ ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin "
      "COMMENT='/*!80000 x */' COMPRESSION='zlib' /*!80021 SECONDARY_ENGINE_ATTRIBUTE='{}' */",
      {"utf8mb4_bin", {{"s", "utf8mb4_bin"}, {"e", "binary"}}});
  EXPECT_EQ(table.create,
            "CREATE TABLE `t` (\n  `a` int NOT NULL,\n  `g` geometry NOT NULL,\n  `s` varchar(9) "
            "DEFAULT NULL,\n  `n` int DEFAULT NULL,\n  `d` varchar(36) DEFAULT (uuid()),\n  `e` "
            "enum('/*!1 ','*/') CHARACTER SET binary DEFAULT NULL,\n  PRIMARY KEY (`a`),\n  KEY "
            "`k` (`s`),\n  KEY `c` (`s`) COMMENT 'INVISIBLE /*! x */',\n  FULLTEXT KEY `f` (`s`) "
            "/*!50700 WITH PARSER ngram */ ,\n  FULLTEXT KEY `m` (`s`),\n  CONSTRAINT `on` CHECK "
            "((`a` < 9))\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin "
            "COMMENT='/*!80000 x */'");
  EXPECT_EQ(
      table.left_out,
      (Texts{"COMPRESSION='zlib'", "NOT SECONDARY of column `n`", "check `off` (NOT ENFORCED)",
             "check `last` (NOT ENFORCED)", "INVISIBLE of column `a`", "SRID 4326 of column `g`",
             "STORAGE DISK of column `s`", "COLUMN_FORMAT FIXED of column `s`",
             "INVISIBLE of key `k`", "WITH PARSER mecab of key `m`", "TABLESPACE `x`",
             "AUTOEXTEND_SIZE=4194304", "SECONDARY_ENGINE_ATTRIBUTE='{}'"}));
  EXPECT_EQ(table.one_alone.size(), 1U);
  EXPECT_EQ(table.unheld, Texts{});
}

TEST(PortableTableTest, ChecksThatAreNotEnforcedAreLeftOutInWhateverWords) {
  const PortableTable table = Placed(
      "CREATE TABLE `t` (\n  `a` int,\n  CONSTRAINT `x` CHECK ((`a` > 0))  NOT ENFORCED\n) DEFAULT "
      "CHARSET = latin1");
  EXPECT_EQ(table.create,
            "CREATE TABLE `t` (\n  `a` int\n) DEFAULT CHARSET = latin1 COLLATE = "
            "latin1_swedish_ci");
  EXPECT_EQ(table.left_out, Texts{"check `x` (NOT ENFORCED)"});
  EXPECT_FALSE(table.checked);
}

TEST(PortableTableTest, PartitionsKeepWhatAllServersReadOfThem) {
  const std::string head = "CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB";
  const PortableTable table =
      Told(head +
           "\n/*!50100 PARTITION BY RANGE (`a`)\nSUBPARTITION BY KEY */ /*!50611 ALGORITHM = 1 */ "
           "/*!50100 (a)\nSUBPARTITIONS 2\n(PARTITION p0 VALUES LESS THAN (3) DATA DIRECTORY = "
           "'/x' ENGINE = Aria,\n PARTITION p1 VALUES LESS THAN MAXVALUE MAX_ROWS = 3 COMMENT = 'x "
           "*/ y' ENGINE = InnoDB) */");
  EXPECT_EQ(table.create,
            head +
                "\nPARTITION BY RANGE (`a`)\nSUBPARTITION BY KEY (a)\nSUBPARTITIONS "
                "2\n(PARTITION p0 VALUES LESS THAN (3) ENGINE = InnoDB,\n PARTITION p1 VALUES "
                "LESS THAN MAXVALUE ENGINE = InnoDB)");
  EXPECT_EQ(table.left_out,
            (Texts{"ALGORITHM = 1 of its partitions", "COMMENT = 'x */ y' of a partition",
                   "DATA DIRECTORY = '/x' of a partition", "MAX_ROWS = 3 of a partition"}));
  EXPECT_EQ(Told(head + "\n PARTITION BY LINEAR HASH (`a`)\nPARTITIONS 2").one_alone.size(), 1U);
  EXPECT_EQ(Told(head + "\n PARTITION BY LIST (`a`)\n(PARTITION `p` VALUES IN (1) ENGINE = "
                        "InnoDB,\n PARTITION `d` DEFAULT ENGINE = InnoDB)")
                .one_alone,
            Texts{"MySQL has no DEFAULT partitions"});
}

TEST(PortableTableTest, StringsInUnicodeHaveNoIntroducers) {
  const std::string create =
      "CREATE TABLE `t` (\n  `_utf8mb4` varchar(9) DEFAULT (concat(_utf8mb4'it\\'s',_utf8mb3'x')) "
      "COMMENT '_utf8mb4',\n  `b` int,\n  CONSTRAINT `c` CHECK ((`b` <> _latin1'o\\'x')),\n  "
      "CONSTRAINT `d` CHECK ((`b` <> _latin1'x'))\n) ENGINE=InnoDB";
  const std::string without =
      "CREATE TABLE `t` (\n  `_utf8mb4` varchar(9) DEFAULT (concat('it\\'s','x')) COMMENT "
      "'_utf8mb4',\n  `b` int,\n  CONSTRAINT `c` CHECK ((`b` <> _latin1'o\\'x')),\n  CONSTRAINT "
      "`d` CHECK ((`b` <> _latin1'x'))\n) ENGINE=InnoDB";
  EXPECT_EQ(WithoutUnicodeIntroducers(create), without);
  EXPECT_EQ(Told(create).create, without);
  EXPECT_EQ(Told(create).one_alone,
            Texts{"the string _latin1'o\\'x': MariaDB loses its backslashes"});
}

TEST(PortableTableTest, KeysThatSomeAloneHaveAreNamed) {
  const auto alone = [](const std::string& key) {
    const PortableTable table =
        Told("CREATE TABLE `t` (\n  `a` int,\n  `t` text,\n  " + key + "\n) ENGINE=InnoDB");
    return table.one_alone.empty() ? std::string() : table.one_alone.front();
  };
  EXPECT_EQ(alone("KEY `k` (`a`,((`a` + 1)))"), "key `k`: MariaDB has no keys of expressions");
  EXPECT_EQ(alone("UNIQUE KEY `k` (`a`,`t`) USING HASH"),
            "key `k`: MySQL has no keys of whole texts");
  EXPECT_EQ(alone("KEY `k` (`t`(9) DESC,`a`)"), "");
  EXPECT_EQ(alone("FULLTEXT KEY `k` (`t`)"), "");
  EXPECT_EQ(alone("VECTOR KEY `k` (`a`)"), "key `k`: MySQL has no VECTOR keys");
}

// What has become another table is never written.
TEST(PortableTableTest, AResultThatReadsOtherwiseIsUnheld) {
  EXPECT_NE(Told("CREATE TABLE `t` (\n  `a` text COLLATE gbk_bin x COLLATE gbk_bin\n)").unheld,
            Texts{});
  EXPECT_NE(Told("CREATE TABLE `t` (\n  `a` int /*!80000 ,\n  `b` int */\n)").unheld, Texts{});
  EXPECT_NE(Told("CREATE /*!80000 x */ TABLE `t` (\n  `a` int\n) /*!80000").create, "");
}

// Whatever is cut off, nothing is read behind the end.
TEST(PortableTableTest, CutTextsAreNoTrouble) {
  const std::string create =
      std::string(
          "CREATE TABLE `t` (\n  `e` enum('x') CHARACTER SET gbk SKIP_INDEX(A),\n  UNIQUE KEY "
          "`k` (`e`) STORING (`a`) WITH PARSER x PARSER_PROPERTIES=(a=1) BLOCK_SIZE 1 GLOBAL\n )") +
      kPlaces +
      "\n partition by range(a) size ('1') subpartition by hash(a) subpartition template "
      "(\nsubpartition `p`)\n(partition `p` values in (DEFAULT))";
  for (std::size_t size = 0; size <= create.size(); ++size) {
    PortableTableOf(create.substr(0, size), {"gbk_bin", {{"e", "gbk_bin"}}}, true);
    PortableTableOf(create.substr(0, size), {"gbk_bin", {{"e", "latin1_bin"}}}, false);
  }
}

}  // namespace
}  // namespace dbomsbak
