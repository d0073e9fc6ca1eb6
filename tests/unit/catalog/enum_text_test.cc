#include <gtest/gtest.h>

#include "catalog/column_reader.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kGeneral = "utf8mb4_general_ci";

TEST(EnumTextTest, TextTellsPlainMembersApart) {
  EXPECT_TRUE(TextTellsMember("enum('a','b c','x-1')", kGeneral));
  EXPECT_TRUE(TextTellsMember("set('RUNNING','STOPPED')", kGeneral));
}

TEST(EnumTextTest, AnEmptyMemberLooksLikeTheErrorValue) {
  for (const std::string_view type :
       {"enum('')", "enum('a','')", "enum('','a')", "set('a','','b')"}) {
    EXPECT_FALSE(TextTellsMember(type, kGeneral)) << type;
    EXPECT_FALSE(TextTellsMember(type, "utf8mb4_bin")) << type;
  }
}

// On MariaDB 10.11 without strict mode ENUM('a','A','é','e') can be made; 'A' is then read back as
// 'a'.
TEST(EnumTextTest, ACollationMayTakeTwoMembersForOne) {
  for (const std::string_view type : {"enum('a','A')", "enum('é','e')", "enum('😀','😁')",
                                      "set('x','y','X')", "enum('it''s','its')"}) {
    EXPECT_FALSE(TextTellsMember(type, kGeneral)) << type;
    EXPECT_TRUE(TextTellsMember(type, "utf8mb4_bin")) << type;
  }
}

}  // namespace
}  // namespace dbomsbak
