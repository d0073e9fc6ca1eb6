#include "dbomsbak/base/ascii.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(AsciiTest, OnlyTheLettersAToZHaveACase) {
  EXPECT_EQ(LowerAscii("AZaz@[`{09_-"), "azaz@[`{09_-");
  EXPECT_EQ(LowerAscii("\xC3\x84 \xC0"), "\xC3\x84 \xC0");  // Ä in UTF-8, À in latin1
  EXPECT_TRUE(EqualIgnoringCase("InnoDB", "INNODB"));
  EXPECT_FALSE(EqualIgnoringCase("@", "`"));
  EXPECT_FALSE(EqualIgnoringCase("\xC3\x84", "\xC3\xA4"));
}

TEST(AsciiTest, ABeginningIsNotTheWhole) {
  EXPECT_FALSE(EqualIgnoringCase("inno", "innodb"));
  EXPECT_FALSE(EqualIgnoringCase("innodb", "inno"));
  EXPECT_TRUE(EqualIgnoringCase("", ""));
}

TEST(AsciiTest, AByteAboveSevenBitsIsNotAscii) {
  EXPECT_TRUE(IsAscii(std::string_view("\0\x7F", 2)));
  EXPECT_FALSE(IsAscii("a\x80"));
}

}  // namespace
}  // namespace dbomsbak
