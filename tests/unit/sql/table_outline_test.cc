#include "sql/table_outline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

using testing::ElementsAre;

std::vector<std::string> Names(const TableOutline& outline) {
  std::vector<std::string> names;
  for (const TableItem& item : outline.items) names.push_back(Describe(item));
  return names;
}

TEST(TableOutlineTest, EveryPartIsFoundUnderItsName) {
  const TableOutline outline = OutlineOf(
      "CREATE TABLE `t` (\n  `key` int NOT NULL COMMENT 'a, (b',\n  `e` enum('x','y)'),\n"
      "  PRIMARY KEY (`key`),\n  UNIQUE KEY `u` (`e`(3)),\n  KEY (`e`),\n"
      "  FULLTEXT KEY `ft` (`e`) /*!50100 WITH PARSER `ngram` */ ,\n"
      "  CONSTRAINT `f` FOREIGN KEY (`key`) REFERENCES `p` (`id`),\n"
      "  CONSTRAINT `c` CHECK ((`key` > 1)),\n  PERIOD FOR `p` (`a`, `b`)\n"
      ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='ENGINE=x' `page_compressed`=1 WITH SYSTEM "
      "VERSIONING\n/*!50100 PARTITION BY HASH (`key`)\nPARTITIONS 3 */");
  EXPECT_THAT(Names(outline),
              ElementsAre("column `key`", "column `e`", "the primary key", "key `u`", "key",
                          "key `ft`", "foreign key `f`", "check `c`", "the period"));
  EXPECT_EQ(outline.items[0].text, "`key` int NOT NULL COMMENT 'a, (b'");
  EXPECT_EQ(outline.items[1].tokens[outline.items[1].body].text, "enum");
  ASSERT_EQ(outline.options.size(), 5U);
  EXPECT_EQ(outline.Option("engine")->value, "InnoDB");
  EXPECT_EQ(outline.Option("character set")->text, "DEFAULT CHARSET=latin1");
  EXPECT_EQ(outline.Option("page_compressed")->value, "1");
  EXPECT_EQ(outline.Option("with system versioning")->value, "");
  EXPECT_EQ(outline.Option("partitions"), nullptr);
  EXPECT_EQ(outline.partitioning_text, "PARTITION BY HASH (`key`)\nPARTITIONS 3");
}

TEST(TableOutlineTest, WhatIsNoTableHasAnOutlineToo) {
  for (const char* text : {"", "(", ")", "CREATE", "CREATE TABLE t", "CREATE TABLE t (", "t(,)",
                           "t (a int) ENGINE=", "t (a) UNION=(", "t (a) WITH SYSTEM",
                           "t (a) DEFAULT", "t (CONSTRAINT) PARTITION BY", "t () CHARACTER"}) {
    OutlineOf(text);
  }
}

}  // namespace
}  // namespace dbomsbak
