#include "catalog/column_reader.h"

#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

struct Given {
  std::string data_type, column_type, charset;
  std::string nullable = "NO", extra = "", expression = "";
};

Column Read(const Given& given) {
  const auto field = [](const std::string& text) { return text.empty() ? Field() : Field(text); };
  return ReadColumn(
      Answer(ResultSet{{"COLUMN_NAME", "data_type", "COLUMN_TYPE", "CHARACTER_SET_NAME",
                        "IS_NULLABLE", "EXTRA", "GENERATION_EXPRESSION"},
                       {{"a`b", given.data_type, given.column_type, field(given.charset),
                         given.nullable, given.extra, field(given.expression)}}}),
      0);
}

TEST(ColumnReaderTest, TypesHaveTheirKinds) {
  const std::vector<std::pair<Given, std::string>> cases{
      {{"bigint", "bigint(20) unsigned", ""}, "int"},
      {{"tinyint", "tinyint(1)", ""}, "int"},
      {{"decimal", "decimal(10,2)", ""}, "decimal"},
      {{"float", "float", ""}, "float32"},
      {{"double", "double unsigned", ""}, "float64"},
      {{"bit", "bit(13)", ""}, "bits"},
      {{"year", "year(4)", ""}, "temporal"},
      {{"timestamp", "timestamp(6)", ""}, "temporal"},
      {{"varbinary", "varbinary(10)", ""}, "bytes"},
      {{"longblob", "longblob", ""}, "bytes"},
      {{"point", "point", ""}, "bytes"},
      {{"vector", "vector(4)", ""}, "bytes"},
      {{"varchar", "varchar(10)", "latin1"}, "text:latin1"},
      {{"longtext", "longtext", "utf8"}, "text:utf8mb3"},
      {{"uuid", "uuid", ""}, "text:ascii"},
      {{"inet6", "inet6", ""}, "text:ascii"},
      {{"json", "json", ""}, "json"},
      {{"enum", "enum('a','b')", "gbk"}, "enum:gbk"},
      {{"set", "set('a','b')", "utf8mb4"}, "enum:utf8mb4"},
  };
  for (const auto& [given, kind] : cases) {
    EXPECT_EQ(Read(given).kind.ToString(), kind) << given.column_type;
    EXPECT_EQ(Read(given).select_expression, "`a``b`") << given.column_type;
  }
}

TEST(ColumnReaderTest, EnumsWithAnEmptyMemberAreReadByNumber) {
  for (const char* type : {"enum('','a')", "enum('a','')", "enum('a''b','','c')", "set('','x')"}) {
    const Column column =
        Read({std::string(type).substr(0, type[0] == 'e' ? 4 : 3), type, "latin1"});
    EXPECT_EQ(column.kind.ToString(), "int") << type;
    EXPECT_EQ(column.select_expression, "CAST(`a``b` AS UNSIGNED)") << type;
  }
}

TEST(ColumnReaderTest, TextTellsTheMemberOnlyWhereNoOtherCanBeTakenForIt) {
  constexpr char kCi[] = "utf8mb4_general_ci";
  constexpr char kBin[] = "utf8mb4_bin";
  EXPECT_TRUE(TextTellsMember("enum('a','b')", kCi));
  EXPECT_TRUE(TextTellsMember("set('RUNNING','not-yet')", kCi));
  EXPECT_TRUE(TextTellsMember("enum('a','A')", kBin));
  EXPECT_TRUE(TextTellsMember("enum('''','''a''','b,''''c')", kBin));
  EXPECT_FALSE(TextTellsMember("enum('a','A')", kCi));
  EXPECT_FALSE(TextTellsMember("enum('e','é')", kCi));
  EXPECT_FALSE(TextTellsMember("enum('''','')", kBin));
  EXPECT_FALSE(TextTellsMember("enum('','a')", kBin));
}

TEST(ColumnReaderTest, GeneratedMeansThatTheServerMakesTheValue) {
  const auto generated = [](const std::string& extra, const std::string& expression = "x") {
    return Read({"int", "int(11)", "", "YES", extra, expression}).generated;
  };
  EXPECT_TRUE(generated("VIRTUAL GENERATED"));
  EXPECT_TRUE(generated("STORED GENERATED"));
  EXPECT_TRUE(generated("STORED GENERATED, INVISIBLE"));
  EXPECT_TRUE(generated("PERSISTENT"));
  EXPECT_FALSE(generated("", ""));
  EXPECT_FALSE(generated("auto_increment", ""));
  EXPECT_FALSE(generated("DEFAULT_GENERATED on update CURRENT_TIMESTAMP", ""));
  EXPECT_FALSE(generated("STORED GENERATED, INVISIBLE", "ROW START"));
}

TEST(ColumnReaderTest, KeysAreWalkedOnlyByColumnsWhoseLiteralsCompareExactly) {
  EXPECT_TRUE(IsUsableInKey(Read({"int", "int", ""})));
  EXPECT_TRUE(IsUsableInKey(Read({"varchar", "varchar(9)", "latin1"})));
  EXPECT_TRUE(IsUsableInKey(Read({"binary", "binary(16)", ""})));
  EXPECT_FALSE(IsUsableInKey(Read({"int", "int", "", "YES"})));
  EXPECT_FALSE(IsUsableInKey(Read({"float", "float", ""})));
  EXPECT_FALSE(IsUsableInKey(Read({"double", "double", ""})));
  EXPECT_FALSE(IsUsableInKey(Read({"enum", "enum('a')", "latin1"})));
  EXPECT_FALSE(IsUsableInKey(Read({"enum", "enum('')", "latin1"})));
  EXPECT_FALSE(IsUsableInKey(Read({"set", "set('a')", "latin1"})));
}

TEST(ColumnReaderTest, AnUnknownTypeIsRefusedByName) {
  try {
    Read({"hologram", "hologram(3)", ""});
    FAIL() << "an unknown type was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_NE(error.message().find("hologram(3)"), std::string::npos);
  }
}

}  // namespace
}  // namespace dbomsbak
