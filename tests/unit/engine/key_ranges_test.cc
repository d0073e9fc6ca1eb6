#include "engine/key_ranges.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

Column MakeColumn(std::string name, ValueClass value_class, std::string type,
                  std::string charset = {}) {
  Column column;
  column.name = std::move(name);
  column.kind = {value_class, charset};
  column.data_type = std::move(type);
  column.charset = charset;
  return column;
}

Table MakeTable(std::vector<Column> columns, std::vector<std::string> key) {
  Table table;
  table.id = {"d", ObjectKind::kTable, "t"};
  table.columns = std::move(columns);
  table.unique_keys = {{"PRIMARY", std::move(key)}};
  return table;
}

TEST(KeyRanges, OneColumn) {
  const Table table = MakeTable({MakeColumn("id", ValueClass::kInteger, "bigint")}, {"id"});
  const auto ranges = KeyRanges::For(table);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(ranges->Condition({}, {}), "");
  EXPECT_EQ(ranges->Condition({}, {"18446744073709551615"}), "((`id` <= 18446744073709551615))");
  EXPECT_EQ(ranges->Condition({"-5"}, {"7"}), "((`id` > -5)) AND ((`id` <= 7))");
}

TEST(KeyRanges, SeveralColumnsAreExpandedNeverARowConstructor) {
  const Table table = MakeTable({MakeColumn("a", ValueClass::kInteger, "int"),
                                 MakeColumn("b", ValueClass::kText, "varchar", "latin1"),
                                 MakeColumn("c", ValueClass::kBytes, "binary")},
                                {"a", "b", "c"});
  const auto ranges = KeyRanges::For(table);
  ASSERT_TRUE(ranges);
  const auto low = ranges->Literals({"1", "\xE9", std::string("\0\xFF", 2)});
  EXPECT_EQ(low, (std::vector<std::string>{"1", "_latin1 0xE9", "0x00FF"}));
  EXPECT_EQ(ranges->Condition(low, {}),
            "((`a` > 1) OR (`a` = 1 AND `b` > _latin1 0xE9) OR "
            "(`a` = 1 AND `b` = _latin1 0xE9 AND `c` > 0x00FF))");
  EXPECT_EQ(ranges->Condition({}, {"1", "'x'", "''"}),
            "((`a` < 1) OR (`a` = 1 AND `b` < 'x') OR (`a` = 1 AND `b` = 'x' AND `c` <= ''))");
}

TEST(KeyRanges, NeverOnColumnsWhoseLiteralsCompareOtherwise) {
  for (const auto& [value_class, type] :
       {std::pair(ValueClass::kFloat64, "double"), std::pair(ValueClass::kFloat32, "float"),
        std::pair(ValueClass::kEnum, "enum"), std::pair(ValueClass::kInteger, "set")}) {
    const Table table = MakeTable({MakeColumn("k", value_class, type)}, {"k"});
    EXPECT_FALSE(KeyRanges::For(table)) << type;
  }
  // But by the columns before such a one.
  const Table table = MakeTable({MakeColumn("a", ValueClass::kInteger, "int"),
                                 MakeColumn("e", ValueClass::kEnum, "enum", "utf8mb4")},
                                {"a", "e"});
  const auto ranges = KeyRanges::For(table);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(ranges->BoundaryOrder(), "`a`");
  EXPECT_EQ(RowOrderOf(table), "`a`, `e`");
}

TEST(KeyRanges, BitsAreReadAndComparedAsNumbers) {
  const Table table = MakeTable({MakeColumn("k`k", ValueClass::kBits, "bit")}, {"k`k"});
  const auto ranges = KeyRanges::For(table);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(ranges->BoundaryColumns(), "`k``k`+0");
  EXPECT_EQ(ranges->Literals({"255"}), std::vector<std::string>{"255"});
}

TEST(KeyRanges, UuidAndDatesAreQuoted) {
  const Table table = MakeTable({MakeColumn("u", ValueClass::kText, "uuid"),
                                 MakeColumn("d", ValueClass::kTemporal, "datetime")},
                                {"u", "d"});
  const auto ranges = KeyRanges::For(table);
  ASSERT_TRUE(ranges);
  EXPECT_EQ(ranges->Literals({"123e4567-e89b-12d3-a456-426655440000", "0000-00-00 00:00:00"}),
            (std::vector<std::string>{"'123e4567-e89b-12d3-a456-426655440000'",
                                      "'0000-00-00 00:00:00'"}));
}

}  // namespace
}  // namespace dbomsbak
