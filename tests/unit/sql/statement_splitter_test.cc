#include "dbomsbak/sql/statement_splitter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "dbomsbak/sql/quote.h"
#include "unit/sql/sql_testing.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using test::CodeOf;
using test::Random;

struct Split {
  std::vector<std::pair<std::string, std::uint64_t>> statements;
  std::optional<ErrorCode> error;
  friend bool operator==(const Split&, const Split&) = default;
};

constexpr std::size_t kNoLimit = std::size_t{1} << 30;

template <typename NextSize>
Split SplitInPieces(std::string_view text, NextSize&& next_size, std::size_t limit = kNoLimit) {
  Split split;
  StatementSplitter splitter(limit, [&](const StatementSplitter::Statement& statement) {
    split.statements.emplace_back(statement.text, statement.offset);
  });
  split.error = CodeOf([&] {
    while (!text.empty()) {
      const std::string piece(text.substr(0, next_size()));
      splitter.Feed(piece);
      text.remove_prefix(piece.size());
    }
    splitter.Finish();
  });
  return split;
}

Split SplitWhole(std::string_view text) {
  return SplitInPieces(text, [] { return std::string_view::npos; });
}

std::vector<std::string> TextsOf(std::string_view text) {
  const Split split = SplitWhole(text);
  EXPECT_FALSE(split.error.has_value()) << text;
  std::vector<std::string> texts;
  for (const auto& [statement, offset] : split.statements) {
    EXPECT_EQ(text.substr(offset, statement.size()), statement);
    texts.push_back(statement);
  }
  EXPECT_EQ(SplitInPieces(text, [] { return 1U; }), split) << text;
  return texts;
}

using Strings = std::vector<std::string>;

TEST(StatementSplitterTest, CutsAtSemicolonsOutsideQuotesAndComments) {
  EXPECT_EQ(TextsOf("a;b;"), (Strings{"a", "b"}));
  EXPECT_EQ(TextsOf(" \n a b\n ;\r\n\tc;  "), (Strings{"a b\n ", "c"}));
  EXPECT_EQ(TextsOf("a ';' \";\" `;` b;c;"), (Strings{"a ';' \";\" `;` b", "c"}));
  EXPECT_EQ(TextsOf("a 'it''s;' ;b;"), (Strings{"a 'it''s;' ", "b"}));
  EXPECT_EQ(TextsOf(R"(a '\';' "\";" ;b;)"), (Strings{R"(a '\';' "\";" )", "b"}));
  EXPECT_EQ(TextsOf(R"(a '\\';b;)"), (Strings{R"(a '\\')", "b"}));
  EXPECT_EQ(TextsOf(R"(a `\`;b;)"), (Strings{R"(a `\`)", "b"}));
  EXPECT_EQ(TextsOf("a -- ;'\n b;c;"), (Strings{"a -- ;'\n b", "c"}));
  EXPECT_EQ(TextsOf("a # ;'\n b;c;"), (Strings{"a # ;'\n b", "c"}));
  EXPECT_EQ(TextsOf("a /* ;' */ b;c;"), (Strings{"a /* ;' */ b", "c"}));
  EXPECT_EQ(TextsOf("a /*/ ; */ b;"), (Strings{"a /*/ ; */ b"}));
  EXPECT_EQ(TextsOf("a--1;b;"), (Strings{"a--1", "b"}));
  EXPECT_EQ(TextsOf("a/b*c-d;"), (Strings{"a/b*c-d"}));
  EXPECT_EQ(TextsOf(";;;a;;"), (Strings{"a"}));
  EXPECT_EQ(TextsOf(""), (Strings{}));
}

TEST(StatementSplitterTest, LeadingCommentsGoVersionCommentsStay) {
  EXPECT_EQ(TextsOf("-- x;\n--y\n--\n#z\n/* ; */ a;"), (Strings{"a"}));
  EXPECT_EQ(TextsOf("/*!40101 SET a = 1 */;\n/*!50003 SET b */ ;"),
            (Strings{"/*!40101 SET a = 1 */", "/*!50003 SET b */ "}));
  EXPECT_EQ(TextsOf("/*M!100101 a */;"), (Strings{"/*M!100101 a */"}));
  EXPECT_EQ(TextsOf("/*!999999\\- enable the sandbox mode */;"),
            (Strings{"/*!999999\\- enable the sandbox mode */"}));
  EXPECT_EQ(
      TextsOf("/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n--\n\nUSE `d`;"),
      (Strings{"USE `d`"}));
  EXPECT_EQ(TextsOf("\xEF\xBB\xBFUSE d;"), (Strings{"USE d"}));
  EXPECT_EQ(TextsOf("-- the end"), (Strings{}));
}

TEST(StatementSplitterTest, DelimiterLines) {
  EXPECT_EQ(TextsOf("DELIMITER ;;\nCREATE a; b ;;\nDELIMITER ;\nc;"),
            (Strings{"CREATE a; b ", "c"}));
  EXPECT_EQ(TextsOf("delimiter //\r\na; b//\r\nDelimiter ;\r\nc;\r\n"), (Strings{"a; b", "c"}));
  EXPECT_EQ(TextsOf("DELIMITER\t$$ \na $ b$$ c$$"), (Strings{"a $ b", "c"}));
  EXPECT_EQ(TextsOf("DELIMITER very_long_delimiter_indeed\na;very_long_delimiter_indeed b "
                    "very_long_delimiter_indeed"),
            (Strings{"a;", "b "}));
  EXPECT_EQ(TextsOf("DELIMITER ;;\n/*!50003 CREATE TRIGGER t BEGIN a; END */;;\nDELIMITER ;"),
            (Strings{"/*!50003 CREATE TRIGGER t BEGIN a; END */"}));
  // within a statement, and in words that begin like it, it is no command
  EXPECT_EQ(TextsOf("select 1\nDELIMITER ;;\nfrom x;a;"),
            (Strings{"select 1\nDELIMITER ", "from x", "a"}));
  EXPECT_EQ(TextsOf("delimiters;delimiter;"), (Strings{"delimiters", "delimiter"}));
  EXPECT_EQ(TextsOf("'\nDELIMITER ;;\n';"), (Strings{"'\nDELIMITER ;;\n'"}));
  EXPECT_EQ(SplitWhole("DELIMITER \na;").error, ErrorCode::kDamaged);
  EXPECT_EQ(SplitWhole("DELIMITER " + std::string(5000, ';')).error, ErrorCode::kDamaged);
}

TEST(StatementSplitterTest, TextThatEndsTooEarlyIsIncomplete) {
  for (const std::string_view text : {"a", "a;b", "'", "a;'b", "a 'b;", "\"", "`a;", "/* a",
                                      "a; /*", "a /* ; *", "/*!40101 a */", "'\\", "a '\\';"}) {
    EXPECT_EQ(SplitWhole(text).error, ErrorCode::kIncomplete) << text;
    EXPECT_EQ(SplitInPieces(text, [] { return 1U; }).error, ErrorCode::kIncomplete) << text;
  }
}

TEST(StatementSplitterTest, BackslashesMeanNothingWhenTurnedOff) {
  Strings texts;
  StatementSplitter* that = nullptr;
  StatementSplitter splitter(kNoLimit, [&](const StatementSplitter::Statement& statement) {
    texts.emplace_back(statement.text);
    if (statement.text == "off") that->set_backslash_escapes(false);
    if (statement.text == "on") that->set_backslash_escapes(true);
  });
  that = &splitter;
  splitter.Feed(R"(a '\';';off;b '\';on;c '\';';)");
  splitter.Finish();
  EXPECT_EQ(texts, (Strings{R"(a '\';')", "off", R"(b '\')", "on", R"(c '\';')"}));
}

TEST(StatementSplitterTest, LongStatementsAreDamage) {
  const std::string text = "a;" + std::string(100, 'b') + ";c;";
  EXPECT_EQ(SplitInPieces(
                text, [] { return 7U; }, 99)
                .error,
            ErrorCode::kDamaged);
  EXPECT_EQ(SplitInPieces(
                text, [] { return std::string::npos; }, 99)
                .error,
            ErrorCode::kDamaged);
  EXPECT_EQ(SplitInPieces(
                text, [] { return 1U; }, 150)
                .error,
            std::nullopt);
  // An endless statement is noticed before the memory is gone.
  StatementSplitter splitter(1000, [](const auto&) {});
  EXPECT_EQ(CodeOf([&] {
              for (int i = 0; i < 100; ++i) splitter.Feed(std::string(100, '\''));
            }),
            ErrorCode::kDamaged);
}

TEST(StatementSplitterTest, WhatIsTooLongOrMissingIsToldWithItsPlace) {
  const auto split = [](const std::string& text) {
    return Thrown([&] { StatementSplitter(99, [](const auto&) {}).Feed(text); });
  };
  ExpectTold(split("a;" + std::string(100, 'b') + ";c;"), ErrorCode::kDamaged,
             "the statement at byte 2 is longer than 99 bytes", "", "a quote or comment");
  ExpectTold(split("a;'" + std::string(100, 'b')), ErrorCode::kDamaged,
             "the statement at byte 2 is longer than 99 bytes", "", "a quote or comment");
  ExpectTold(split("a;\nDELIMITER \nSELECT 1 FROM DUAL;\n"), ErrorCode::kDamaged,
             "the DELIMITER line at byte 3 names none", "", "(DELIMITER ;;)");
  ExpectTold(split("a;\nDELIMITER " + std::string(2000, '$')), ErrorCode::kDamaged,
             "the DELIMITER line at byte 3 is too long", "", "(DELIMITER ;;)");
}

// The plainest splitter there is: the whole text in memory, one byte after the other.
Split PlainSplit(std::string_view text) {
  Split split;
  std::string delimiter = ";";
  std::size_t i = 0;
  const auto at = [&](std::string_view word) { return text.substr(i).starts_with(word); };
  const auto line = [&] {
    while (i < text.size() && text[i++] != '\n') {
    }
  };
  const auto incomplete = [&] {
    split.error = ErrorCode::kIncomplete;
    return split;
  };
  while (i < text.size()) {
    if (std::string_view(" \t\n\v\f\r").find(text[i]) != std::string_view::npos) {
      ++i;
    } else if (at("delimiter ")) {
      i += 10;
      std::string word;
      while (i < text.size() && text[i] == ' ') ++i;
      while (i < text.size() &&
             std::string_view(" \t\n\v\f\r").find(text[i]) == std::string_view::npos)
        word += text[i++];
      if (word.empty()) {
        split.error = ErrorCode::kDamaged;
        return split;
      }
      delimiter = word;
      line();
    } else if (at(delimiter)) {
      i += delimiter.size();
    } else if (at("#") || at("--")) {
      line();
    } else if (at("/*") && !at("/*!")) {
      i = text.find("*/", i + 2);
      if (i == std::string_view::npos) return incomplete();
      i += 2;
    } else {
      const std::size_t start = i;
      for (;;) {
        if (i >= text.size()) return incomplete();
        if (at(delimiter)) break;
        const char c = text[i];
        if (c == '\'' || c == '"' || c == '`') {
          for (++i; i < text.size() && text[i] != c; ++i) {
            if (text[i] == '\\' && c != '`') ++i;
          }
          if (i >= text.size()) return incomplete();
          ++i;
        } else if (at("#") || (at("--") && (i + 2 == text.size() ||
                                            static_cast<unsigned char>(text[i + 2]) <= ' '))) {
          line();
        } else if (at("/*") && !at("/*!")) {
          i = text.find("*/", i + 2);
          if (i == std::string_view::npos) return incomplete();
          i += 2;
        } else {
          ++i;
        }
      }
      split.statements.emplace_back(text.substr(start, i - start), start);
      i += delimiter.size();
    }
  }
  return split;
}

TEST(StatementSplitterTest, AgreesWithThePlainSplitterHoweverTheTextIsCut) {
  Random random;
  SCOPED_TRACE(random.seed());
  static constexpr std::string_view kPieces[] = {";",
                                                 ";;",
                                                 "'",
                                                 "\"",
                                                 "`",
                                                 "\\",
                                                 "--",
                                                 "-- ",
                                                 "-",
                                                 "#",
                                                 "/*",
                                                 "*/",
                                                 "/*!",
                                                 "*",
                                                 "/",
                                                 "\n",
                                                 " ",
                                                 "a",
                                                 "bc",
                                                 "\ndelimiter //\n",
                                                 "\ndelimiter ;\n",
                                                 "\ndelimiter ;;\n",
                                                 "//",
                                                 "delimiter ",
                                                 "!",
                                                 "\r\n",
                                                 "\0"};
  for (int i = 0; i < 60'000; ++i) {
    std::string text;
    const std::size_t count = random.Below(30);
    for (std::size_t k = 0; k < count; ++k) text += kPieces[random.Below(std::size(kPieces))];
    const Split expected = PlainSplit(text);
    ASSERT_EQ(SplitWhole(text), expected) << text;
    ASSERT_EQ(SplitInPieces(text, [] { return 1U; }), expected) << text;
    ASSERT_EQ(SplitInPieces(text, [&] { return 1 + random.Below(9); }), expected) << text;
  }
}

TEST(StatementSplitterTest, SplittingADumpAndJoiningItReturnsIt) {
  Random random;
  SCOPED_TRACE(random.seed());
  Strings statements;
  std::string text;
  for (int i = 0; i < 200; ++i) {
    std::string statement = "INSERT INTO `t` VALUES (";
    statement += QuoteString(random.Bytes(random.Size()));
    statement += ")";
    statements.push_back(statement);
    text += statement + ";\n";
  }
  EXPECT_EQ(TextsOf(text), statements);
}

TEST(StatementSplitterTest, TimeGrowsWithTheTextOnly) {
  const auto seconds = [](const std::string& text, std::size_t piece) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_FALSE(SplitInPieces(text, [piece] { return piece; }).error.has_value());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  // Quadratic behaviour would take minutes; a slow machine with sanitizers takes a second.
  const std::string one_long = "x '" + std::string(8'000'000, 'a') + "';";
  std::string many;
  for (int i = 0; i < 1'000'000; ++i) many += "a'b';\n";
  EXPECT_LT(seconds(one_long, 4), 20);
  EXPECT_LT(seconds("x " + std::string(8'000'000, '-') + ";", 3), 20);
  EXPECT_LT(seconds(many, std::string::npos), 20);
  EXPECT_LT(seconds("/*" + std::string(8'000'000, '*') + "*/;", 1), 20);
}

}  // namespace
}  // namespace dbomsbak
