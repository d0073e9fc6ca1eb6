#include "dbomsbak/sql/quote.h"

#include <gtest/gtest.h>

#include "dbomsbak/base/bytes.h"
#include "unit/sql/sql_testing.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using test::CodeOf;
using test::Random;

TEST(QuoteTest, IdentifiersDoubleTheirBackTicks) {
  EXPECT_EQ(QuoteIdentifier("a"), "`a`");
  EXPECT_EQ(QuoteIdentifier("a`b"), "`a``b`");
  EXPECT_EQ(QuoteIdentifier("`"), "````");
  EXPECT_EQ(QuoteIdentifier(""), "``");
  EXPECT_EQ(QuoteIdentifier("a\\b.'c'"), "`a\\b.'c'`");
  EXPECT_EQ(QuoteQualified("d`", "表"), "`d```.`表`");
}

TEST(QuoteTest, StringsEscapeExactlyWhatMustBe) {
  EXPECT_EQ(QuoteString(""), "''");
  EXPECT_EQ(QuoteString("it's \"\\\"\t%_"), R"('it\'s "\\"	%_')");
  EXPECT_EQ(QuoteString(std::string_view("\0\n\r\x1A\x1B\x7F", 6)), "'\\0\\n\\r\\Z\x1B\x7F'");
  EXPECT_EQ(QuoteString("\xE8\xA1\xA8\xFF"), "'\xE8\xA1\xA8\xFF'");
}

TEST(QuoteTest, UnquotingAQuotedStringReturnsIt) {
  Random random;
  SCOPED_TRACE(random.seed());
  for (int i = 0; i < 3000; ++i) {
    const std::string text = random.Bytes(random.Size());
    const std::string quoted = QuoteString(text);
    ASSERT_EQ(quoted.find('\n'), std::string::npos);
    ASSERT_EQ(UnquoteString(quoted), text) << ToHex(text);
  }
}

TEST(QuoteTest, UnquoteKnowsTheServersOwnEscapes) {
  EXPECT_EQ(UnquoteString(R"('a\0b')"), std::string_view("a\0b", 3));
  EXPECT_EQ(UnquoteString(R"('\n\r\t\b\Z')"), "\n\r\t\b\x1A");
  EXPECT_EQ(UnquoteString(R"('\\ \' \" \x')"), "\\ ' \" x");
  EXPECT_EQ(UnquoteString(R"('\%\_')"), R"(\%\_)");
  EXPECT_EQ(UnquoteString("'it''s'"), "it's");
  EXPECT_EQ(UnquoteString("'\\n''\\'", false), "\\n'\\");
  EXPECT_EQ(UnquoteString(R"("say ""it's""")"), R"(say "it's")");
}

TEST(QuoteTest, WhatIsNoLiteralIsDamage) {
  for (const std::string_view text :
       {"", "'", "a", "'a", "a'", "'a'b'", "'a\\'", "'a\"", "\"a'", "'\\'"}) {
    ExpectTold(Thrown([&] { UnquoteString(text); }), ErrorCode::kDamaged,
               "this is no SQL string literal", "", "take the dump again");
  }
}

TEST(QuoteTest, HexHasAFormForNothing) {
  std::string out;
  AppendHexLiteral("", out);
  EXPECT_EQ(out, "''");
  out.clear();
  AppendHexLiteral(std::string_view("\0\xAB\xff", 3), out);
  EXPECT_EQ(out, "0x00ABFF");
  Random random;
  SCOPED_TRACE(random.seed());
  const std::string bytes = random.Bytes(100'000);
  out.clear();
  AppendHexLiteral(bytes, out);
  for (char& c : out) c = static_cast<char>(std::tolower(c));
  EXPECT_EQ(out, "0x" + ToHex(bytes));
}

TEST(QuoteTest, LikePatternsMatchThemselves) {
  EXPECT_EQ(EscapeLike("drc_rm%db\\x"), "drc\\_rm\\%db\\\\x");
  EXPECT_EQ(EscapeLike("plain"), "plain");
}

TEST(QuoteTest, CommentsCannotBeLeft) {
  Random random;
  SCOPED_TRACE(random.seed());
  EXPECT_EQ(CommentSafe("my host, 5 > 3"), "my host, 5 > 3");
  EXPECT_EQ(CommentSafe("a\nDROP"), "a DROP");
  for (int i = 0; i < 5000; ++i) {
    std::string text = random.Ascii(random.Below(12));
    for (char& c : text) {
      if (random.Chance(50)) c = "*/!-\n\r"[random.Below(6)];
    }
    for (const std::string& comment :
         {"/*" + CommentSafe(text) + "*/", "/* " + CommentSafe(text) + " */"}) {
      ASSERT_EQ(comment.find("*/", 2), comment.size() - 2) << text;
      ASSERT_EQ(comment.find("/*", 2), std::string::npos) << text;
      ASSERT_EQ(comment.find_first_of("\n\r"), std::string::npos) << text;
      ASSERT_NE(comment.substr(0, 3), "/*!") << text;
    }
  }
}

}  // namespace
}  // namespace dbomsbak
