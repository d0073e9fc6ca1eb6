#include "dbomsbak/sql/field_rows.h"

#include <gtest/gtest.h>

#include <string>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

ColumnKind Kind(std::string_view word) { return ColumnKind::Parse(word).value(); }

std::optional<std::string> Fields(std::string_view kind, const std::string& rows) {
  FieldRows fields("t", {"a"}, {Kind(kind)});
  const std::string text = "INSERT INTO `t` (`a`) VALUES\n" + rows + ";\n";
  std::string out;
  const auto taken = fields.Convert(text + "what follows", out);
  if (!taken) return std::nullopt;
  EXPECT_EQ(*taken, text.size());
  return out;
}

TEST(FieldRowsTest, ValuesAreWhatLoadDataReads) {
  EXPECT_EQ(Fields("int", "(1),\n(-20),\n(NULL)"), "1\n-20\n\\N\n");
  EXPECT_EQ(Fields("float64", "(-1.5e300)"), "-1.5e300\n");
  EXPECT_EQ(Fields("temporal", "('2000-02-31')"), "2000-02-31\n");
  EXPECT_EQ(Fields("bytes", "(0x00090A5C27FF),\n('')"), "\\0\\t\\n\\\\'\xFF\n\n");
  EXPECT_EQ(Fields("bytes", R"((_binary 'a\0\'	b'))"), "a\\0'\\tb\n");
  EXPECT_EQ(Fields("text:utf8mb4", "('数\\n\\r\\\\N'),\n('NULL')"), "数\\n\r\\\\N\nNULL\n");
}

TEST(FieldRowsTest, TextStandsInItsColumnsOwnBytes) {
  EXPECT_EQ(Fields("text:latin1", "('é\\n€')"), "\xE9\\n\x80\n");
}

TEST(FieldRowsTest, FieldsAreSeparatedByTabs) {
  FieldRows fields("t", {"a", "b"}, {Kind("int"), Kind("text:utf8mb4")});
  std::string out;
  EXPECT_TRUE(fields.Convert("INSERT INTO `t` (`a`,`b`) VALUES\n(1,'x'),\n(2,NULL);\n", out));
  EXPECT_EQ(out, "1\tx\n2\t\\N\n");
}

TEST(FieldRowsTest, WhatServersReadOtherwiseHasNoFields) {
  EXPECT_EQ(Fields("text:utf8mb4", "(_utf8mb4 0xFF)"), std::nullopt);
  EXPECT_EQ(Fields("enum:utf8mb4", "('a'),\n(0)"), std::nullopt);
  EXPECT_EQ(Fields("json", R"((JSON_REPLACE('[1.10]','$[0]',1.10)))"), std::nullopt);
}

TEST(FieldRowsTest, DamageIsDamage) {
  std::string out;
  FieldRows fields("t", {"a"}, {Kind("int")});
  for (const char* text :
       {"INSERT INTO `t` (`a`) VALUES\n(1)", "INSERT INTO `t` (`a`) VALUES\n(x);\n",
        "INSERT INTO `u` (`a`) VALUES\n(1);\n", ""}) {
    try {
      fields.Convert(text, out);
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kDamaged);
    }
  }
}

TEST(FieldRowsTest, OnlyTypesThatReadFieldsAsTheyReadLiteralsFit) {
  EXPECT_TRUE(FieldRows::Fits(Kind("int"), "bigint"));
  EXPECT_FALSE(FieldRows::Fits(Kind("int"), "year"));  // '0' is 2000, 0 is 0000
  EXPECT_FALSE(FieldRows::Fits(Kind("int"), "enum"));  // '2' may be a member
  EXPECT_TRUE(FieldRows::Fits(Kind("enum:latin1"), "set"));
  EXPECT_TRUE(FieldRows::Fits(Kind("text:utf8mb3"), "varchar"));
  EXPECT_FALSE(FieldRows::Fits(Kind("text:gbk"), "varchar"));
  EXPECT_FALSE(FieldRows::Fits(Kind("text:utf8mb4"), "uuid"));  // takes 16 bytes for its value
  EXPECT_FALSE(FieldRows::Fits(Kind("bytes"), "geometry"));
}

}  // namespace
}  // namespace dbomsbak
