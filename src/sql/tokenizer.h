// Words, names, strings and signs of a statement as a server prints it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

struct SqlToken {
  enum class Kind {
    kEnd,
    kWord,        // keyword, bare name, number: letters, digits, _, $, and all bytes >= 0x80
    kQuotedName,  // `…`
    kString,      // '…' or "…"
    kSign,        // one character
  };
  Kind kind = Kind::kEnd;
  std::string_view text;   // as it stands there
  std::size_t offset = 0;  // in the statement

  std::size_t end() const noexcept { return offset + text.size(); }
  bool IsSign(char c) const noexcept { return kind == Kind::kSign && text.front() == c; }
  // `word` in lower case.
  bool IsWord(std::string_view word) const noexcept;
};

// Skips white space and comments. What stands in a version comment /*!… */ or /*M!… */ is part of
// the statement. Strings may hold backslash escapes. An unfinished quote reaches to the end.
class SqlTokenizer {
 public:
  explicit SqlTokenizer(std::string_view sql) : sql_(sql) {}
  SqlToken Next();

 private:
  void SkipSpaceAndComments();
  std::size_t QuoteEnd(std::size_t start) const;

  std::string_view sql_;
  std::size_t next_ = 0;
};

// All of a statement's, without the end.
std::vector<SqlToken> TokensOf(std::string_view sql);

// What stands at a place, which may be behind the end. `word` in lower case.
bool IsSignAt(const std::vector<SqlToken>& tokens, std::size_t at, char sign) noexcept;
bool IsWordAt(const std::vector<SqlToken>& tokens, std::size_t at, std::string_view word) noexcept;

// Behind the parenthesis that closes the one at `open`.
std::size_t BehindParentheses(const std::vector<SqlToken>& tokens, std::size_t open) noexcept;

// The name within its quotes, of whatever kind, or the bare word.
std::string NameOf(const SqlToken& token);

}  // namespace dbomsbak
