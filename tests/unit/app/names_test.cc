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

}  // namespace
}  // namespace dbomsbak
