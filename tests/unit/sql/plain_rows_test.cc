#include "dbomsbak/sql/plain_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/thrown.h"

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

// Why it cannot be told what the literal is; empty where it can.
std::string WhyUnclear(const std::string& literal, const PlainColumn& column) {
  PlainRowReader reader({column}, 1);
  reader.ForEachRow("(" + literal + ")", {}, {}, [](const ParsedRow&) {});
  return reader.unclear().front();
}

PlainColumn Of(ValueClass value_class, std::string charset = "", unsigned width = 0) {
  return {0, {value_class, std::move(charset)}, width};
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
  EXPECT_EQ(HashOfLiteral("'\\%\\_'", bytes), HashOf({"\\%\\_"}));  // as servers have it
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
  EXPECT_NE(WhyUnclear("'数'", latin1), "");
  EXPECT_EQ(HashOfLiteral("'abc'", Of(ValueClass::kText, "gbk")), HashOf({"abc"}));
  EXPECT_NE(WhyUnclear("'数'", Of(ValueClass::kText, "gbk")), "");
  EXPECT_NE(WhyUnclear("'abc'", Of(ValueClass::kText, "ucs2")), "");
  const PlainColumn chinese = Of(ValueClass::kText, "gb18030_2022");
  EXPECT_EQ(HashOfLiteral("_gb18030_2022 0x81AB", chinese), HashOf({"\x81\xAB"}));
  EXPECT_EQ(WhyUnclear("_gb18030_2022 0x81AB", chinese), "");
}

TEST(PlainRowsTest, YearsStandAsNumbers) {
  const PlainColumn year = Of(ValueClass::kTemporal, "", 4);
  const std::pair<const char*, const char*> shown[] = {
      {"1999", "1999"},   {"0000", "0000"}, {"0", "0000"},   {"5", "2005"},
      {"'2155'", "2155"}, {"70", "1970"},   {"2069", "2069"}};
  for (const auto& [literal, text] : shown) {
    EXPECT_EQ(HashOfLiteral(literal, year), HashOf({text})) << literal;
  }
  const PlainColumn two_digits = Of(ValueClass::kTemporal, "", 2);
  EXPECT_EQ(HashOfLiteral("05", two_digits), HashOf({"05"}));
  EXPECT_EQ(HashOfLiteral("2069", two_digits), HashOf({"69"}));
  for (const char* literal : {"19990", "-1", "1e3", "0x1999"}) {
    EXPECT_NE(WhyUnclear(literal, year), "") << literal;
  }
  EXPECT_NE(WhyUnclear("1999", Of(ValueClass::kTemporal)), "");  // a DATE
}

TEST(PlainRowsTest, OfNumbersBesideAJsonTheTextIsTheValue) {
  const PlainColumn json{0, {ValueClass::kText, "utf8mb4", true}, 0};
  const std::string literal =
      R"sql(JSON_REPLACE('{"a": [1.10, "it\'s )"]}','$."a"[0]',1.10,'$."b"',5e-324))sql";
  EXPECT_EQ(HashOfLiteral(literal, json), HashOf({"{\"a\": [1.10, \"it's )\"]}"}));
  EXPECT_EQ(HashOfLiteral("JSON_REPLACE( _utf8mb4 0x5B315D , '$[0]' , 1 )", json), HashOf({"[1]"}));
  EXPECT_EQ(WhyUnclear(literal, json), "");
}

TEST(PlainRowsTest, OneUnclearColumnLeavesTheOthersClear) {
  PlainRowReader reader({{0, {ValueClass::kInteger, ""}, 0},
                         {1, {ValueClass::kText, "gbk"}, 0},
                         {2, {ValueClass::kTemporal, ""}, 0},
                         {3, {ValueClass::kBits, ""}, 4}},
                        4);
  reader.ForEachRow("(1,'a','2020-01-01',1),(2,'数',20200101,256),(3,'文','',1)", {}, {},
                    [](const ParsedRow&) {});
  const std::vector<std::string>& unclear = reader.unclear();
  EXPECT_EQ(unclear[0], "");
  EXPECT_NE(unclear[1].find("'数' cannot be told to be a text"), std::string::npos);
  EXPECT_NE(unclear[2], "");
  EXPECT_NE(unclear[3], "");
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
  ExpectTold(Thrown([&] { reader.ForEachRow("(1,2)", {}, {}, [](const ParsedRow&) {}); }),
             ErrorCode::kUnsupported, "a row has 2 values for 3 columns", "",
             "take the dump again");
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
