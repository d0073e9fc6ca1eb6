#include "dbomsbak/sql/column_kind.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(ColumnKindTest, WordsAreReadBack) {
  for (const std::string_view word : {"int", "decimal", "float32", "float64", "bits", "temporal",
                                      "bytes", "text:utf8mb4", "enum:latin1", "text:koi8r"}) {
    const auto kind = ColumnKind::Parse(word);
    ASSERT_TRUE(kind.has_value()) << word;
    EXPECT_EQ(kind->ToString(), word);
  }
  EXPECT_EQ(ColumnKind::Parse("enum:gbk"), (ColumnKind{ValueClass::kEnum, "gbk"}));
}

TEST(ColumnKindTest, AnythingElseIsNoKind) {
  for (const std::string_view word :
       {"", "text", "enum", "text:", "int:utf8", "Int", "text:UTF8", "text:a b", "text:a'", "float",
        "bytes:", ":utf8mb4", "text:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_FALSE(ColumnKind::Parse(word).has_value()) << word;
  }
}

}  // namespace
}  // namespace dbomsbak
