#include "dbomsbak/app/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using testing::Pair;

TEST(NamesTest, TableNamesWithAndWithoutBackTicks) {
  EXPECT_THAT(ParseTableName("d.t", "--only"), Pair("d", "t"));
  EXPECT_THAT(ParseTableName("`d`.`t`", "--only"), Pair("d", "t"));
  EXPECT_THAT(ParseTableName("`a.b`.t", "--only"), Pair("a.b", "t"));
  EXPECT_THAT(ParseTableName("d.`a``b.c`", "--only"), Pair("d", "a`b.c"));
}

TEST(NamesTest, WhatIsNoTableNameIsAUsageError) {
  for (const char* text :
       {"", ".", "d", "d.", ".t", "a.b.c", "`d.t", "`d`", "`d`t", "``.t", "d.``"}) {
    try {
      ParseTableName(text, "--only");
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
    }
  }
}

TEST(NamesTest, ListsOfTablesAndDatabases) {
  using Names = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(ParseDatabasesAndTables("a.b,c,`x.y`.`p,q`", "--only"),
            (Names{{"a", "b"}, {"c", ""}, {"x.y", "p,q"}}));
  for (const char* text : {"", ",", "a,", ",a", "a.", ".b", "a.b.c", "`a", "a,,b"}) {
    EXPECT_THROW(ParseDatabasesAndTables(text, "--only"), Error) << text;
  }
}

TEST(NamesTest, Renamings) {
  EXPECT_EQ(ParseRenaming("a=b", "--as"), std::pair(std::string("a"), std::string("b")));
  EXPECT_EQ(ParseRenaming("`a=b`=c d", "--as"), std::pair(std::string("a=b"), std::string("c d")));
  for (const char* text : {"", "a", "a=", "=b", "a=b=c", "`a=b"}) {
    EXPECT_THROW(ParseRenaming(text, "--as"), Error) << text;
  }
}

}  // namespace
}  // namespace dbomsbak
