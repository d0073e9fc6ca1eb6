#include "dbomsbak/sql/plain_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

// The canonical row of these cells, by the format's own definition.
Uint128 HashOf(const std::vector<std::string>& cells) {
  std::string row;
  for (const std::string& cell : cells) {
    if (cell == "NULL") {
      AppendCanonicalNull(row);
    } else {
      AppendCanonicalBytes(cell, row);
    }
  }
  return Xxh3(row);
}

Uint128 HashOfLiteral(const std::string& literal, const PlainColumn& column,
                      const DumpSettings& settings = {}) {
  PlainRowReader reader({column}, 1);
  Uint128 hash;
  reader.ForEachRow("(" + literal + ")", settings, {},
                    [&](const ParsedRow& row) { hash = row.hash; });
  return hash;
}

PlainColumn Of(ValueClass value_class, std::string charset = "", unsigned bits = 0) {
  return {0, {value_class, std::move(charset)}, bits};
}

TEST(PlainRowsTest, WhateverTheFormItIsTheValueThatCounts) {
  const PlainColumn bytes = Of(ValueClass::kBytes);
  const std::string value("a\0'\n\\", 5);
  for (const char* literal :
       {"'a\\0\\'\\n\\\\'", "_binary 'a\\0''\\n\\\\'", "0x6100270A5C", "x'6100270a5C'"}) {
    EXPECT_EQ(HashOfLiteral(literal, bytes), HashOf({value})) << literal;
  }
  EXPECT_EQ(HashOfLiteral("NULL", bytes), HashOf({"NULL"}));
  EXPECT_EQ(HashOfLiteral("'NULL'", Of(ValueClass::kText, "utf8mb4")),
            HashOfLiteral("_utf8mb4 0x4E554C4C", Of(ValueClass::kText, "utf8mb4")));
  EXPECT_EQ(HashOfLiteral("007", Of(ValueClass::kInteger)), HashOf({"7"}));
  EXPECT_EQ(HashOfLiteral("'-1.50'", Of(ValueClass::kDecimal)), HashOf({"-1.50"}));
  DumpSettings no_escapes;
  no_escapes.backslash_escapes = false;
  EXPECT_EQ(HashOfLiteral("'\\n'", bytes, no_escapes), HashOf({"\\n"}));
}

TEST(PlainRowsTest, BitsHaveTheWidthOfTheirColumn) {
  const PlainColumn bits = Of(ValueClass::kBits, "", 13);
  const std::string value("\x10\x05", 2);
  for (const char* literal : {"b'1000000000101'", "0x1005", "4101"}) {
    EXPECT_EQ(HashOfLiteral(literal, bits), HashOf({value})) << literal;
  }
  EXPECT_EQ(HashOfLiteral("b'101'", bits), HashOf({std::string("\0\x05", 2)}));
}

TEST(PlainRowsTest, TextIsInTheCharsetOfItsColumn) {
  const PlainColumn latin1 = Of(ValueClass::kText, "latin1");
  EXPECT_EQ(HashOfLiteral("'é€'", latin1), HashOf({"\xE9\x80"}));
  EXPECT_THROW(HashOfLiteral("'数'", latin1), Error);
  EXPECT_EQ(HashOfLiteral("'abc'", Of(ValueClass::kText, "gbk")), HashOf({"abc"}));
  EXPECT_THROW(HashOfLiteral("'数'", Of(ValueClass::kText, "gbk")), Error);
  EXPECT_THROW(HashOfLiteral("'abc'", Of(ValueClass::kText, "ucs2")), Error);
}

TEST(PlainRowsTest, KeysAndColumnsAreChosenByPlace) {
  PlainRowReader reader(
      {{2, {ValueClass::kInteger, ""}, 0}, {0, {ValueClass::kText, "utf8mb4"}, 0}}, 3);
  std::vector<Uint128> rows, keys;
  reader.ForEachRow(" ('x', 'not (looked), at', 1),\n('y;', NULL, 2)", {}, {1},
                    [&](const ParsedRow& row) {
                      rows.push_back(row.hash);
                      keys.push_back(row.key_hash);
                    });
  EXPECT_EQ(rows, (std::vector<Uint128>{HashOf({"1", "x"}), HashOf({"2", "y;"})}));
  EXPECT_EQ(keys, (std::vector<Uint128>{HashOf({"x"}), HashOf({"y;"})}));
  EXPECT_THROW(reader.ForEachRow("(1,2)", {}, {}, [](const ParsedRow&) {}), Error);
}

TEST(PlainRowsTest, InsertsAreTakenApart) {
  const PlainInsert all = PartsOfInsert("INSERT INTO `values` VALUES (1)", false);
  EXPECT_TRUE(all.columns.empty());
  EXPECT_EQ(all.values, " (1)");
  const PlainInsert some =
      PartsOfInsert("REPLACE INTO \"t\" (\"values\", \"b\"\"c\") VALUES (1,2)", true);
  EXPECT_EQ(some.columns, (std::vector<std::string>{"values", "b\"c"}));
  EXPECT_EQ(some.values, " (1,2)");
}

}  // namespace
}  // namespace dbomsbak
