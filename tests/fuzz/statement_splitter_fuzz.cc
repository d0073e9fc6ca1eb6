// Text of dumps cut into statements: in pieces of any size the same, and nothing of it lost.
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/statement_splitter.h"
#include "fuzz/fuzz.h"

namespace dbomsbak {
namespace {

using fuzz::Require;

struct Piece {
  std::string text;
  std::uint64_t offset = 0, line = 0;
  friend bool operator==(const Piece&, const Piece&) = default;
};

struct Outcome {
  std::vector<Piece> statements;
  std::vector<std::string> comments;
  std::string error;  // empty: none
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome Split(std::string_view text, std::size_t piece_bytes, bool backslash_escapes) {
  Outcome outcome;
  StatementSplitter splitter(std::size_t{1} << 30, [&](const auto& statement) {
    outcome.statements.push_back({std::string(statement.text), statement.offset, statement.line});
  });
  splitter.set_comment_sink([&](std::string_view line) { outcome.comments.emplace_back(line); });
  splitter.set_backslash_escapes(backslash_escapes);
  try {
    for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
      splitter.Feed(text.substr(at, piece_bytes));
    }
    splitter.Finish();
  } catch (const Error& e) {
    outcome.error = e.message();
  }
  return outcome;
}

// What may stand between statements, read the simple way: blanks, comments, empty statements and
// DELIMITER lines.
class Gap {
 public:
  // `text` begins behind a statement, at its delimiter.
  bool Holds(std::string_view text, bool behind_statement, bool at_begin) {
    if (behind_statement && !Take(text, delimiter_)) return false;
    if (at_begin) Take(text, "\xEF\xBB\xBF");
    while (!text.empty()) {
      if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) {
        text.remove_prefix(1);
      } else if (IsDelimiterLine(text)) {
        const std::string_view line = text.substr(0, text.find('\n'));
        const std::size_t begin = line.find_first_not_of(" \t\v\f\r", 9);
        const std::size_t end = line.find_first_of(" \t\v\f\r", begin);
        delimiter_ = line.substr(begin, end == line.npos ? end : end - begin);
        text.remove_prefix(line.size());
      } else if (Take(text, delimiter_)) {
      } else if (text[0] == '#' || text.starts_with("--")) {
        text.remove_prefix(std::min(text.find('\n'), text.size()));
      } else if (text.starts_with("/*M!999999\\-") ||
                 (text.starts_with("/*") && !text.starts_with("/*!") &&
                  !text.starts_with("/*M!"))) {
        const std::size_t end = text.find("*/", 2);
        if (end == text.npos) return false;
        text.remove_prefix(end + 2);
      } else {
        return false;
      }
    }
    return true;
  }

 private:
  static bool Take(std::string_view& text, std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
  }
  static bool IsDelimiterLine(std::string_view text) {
    if (text.size() < 10 || (text[9] != ' ' && text[9] != '\t')) return false;
    std::string word(text.substr(0, 9));
    for (char& c : word) c = static_cast<char>(c | 0x20);
    return word == "delimiter";
  }

  std::string delimiter_ = ";";
};

void NothingIsLost(std::string_view text, const Outcome& outcome) {
  Gap gap;
  std::size_t at = 0;
  std::size_t lines = 1;
  for (const Piece& statement : outcome.statements) {
    Require(statement.offset >= at, "statements come in order");
    const std::string_view between = text.substr(at, statement.offset - at);
    Require(text.substr(statement.offset, statement.text.size()) == statement.text,
            "a statement stands where it is said to");
    Require(gap.Holds(between, at != 0, at == 0), "no statement is passed over");
    const auto newlines = [](std::string_view part) {
      return static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    };
    lines += newlines(between);
    Require(statement.line == lines, "a statement's line is counted");
    lines += newlines(statement.text);
    at = statement.offset + statement.text.size();
  }
  if (outcome.error.empty()) {
    Require(gap.Holds(text.substr(at), at != 0, at == 0), "no statement is passed over at the end");
  }
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(bytes) {
  fuzz::Input input(bytes);
  const bool backslash_escapes = input.Below(2) == 0;
  const std::size_t piece_bytes = 1 + input.Below(64);
  const std::string_view text = input.rest();
  const Outcome whole = Split(text, std::max<std::size_t>(text.size(), 1), backslash_escapes);
  Require(whole == Split(text, piece_bytes, backslash_escapes),
          "the pieces that a text comes in change nothing");
  NothingIsLost(text, whole);
}

}  // namespace dbomsbak
