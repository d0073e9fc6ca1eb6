#include "sql/tokenizer.h"

#include <algorithm>

#include "dbomsbak/base/ascii.h"

namespace dbomsbak {
namespace {

bool IsWordByte(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

bool SqlToken::IsWord(std::string_view word) const noexcept {
  return kind == Kind::kWord && text.size() == word.size() &&
         std::equal(text.begin(), text.end(), word.begin(),
                    [](char a, char b) { return LowerAscii(a) == b; });
}

void SqlTokenizer::SkipSpaceAndComments() {
  while (next_ < sql_.size()) {
    const std::string_view rest = sql_.substr(next_);
    if (IsSpace(rest.front())) {
      ++next_;
    } else if (rest.starts_with("/*!") || rest.starts_with("/*M!")) {
      next_ += rest[2] == '!' ? 3 : 4;
      while (next_ < sql_.size() && IsDigit(sql_[next_])) ++next_;
    } else if (rest.starts_with("*/")) {
      next_ += 2;  // the end of a version comment
    } else if (rest.starts_with("/*")) {
      const std::size_t end = sql_.find("*/", next_ + 2);
      next_ = end == std::string_view::npos ? sql_.size() : end + 2;
    } else if (rest.front() == '#' ||
               (rest.starts_with("--") &&
                (rest.size() == 2 || static_cast<unsigned char>(rest[2]) <= ' '))) {
      const std::size_t end = sql_.find('\n', next_);
      next_ = end == std::string_view::npos ? sql_.size() : end + 1;
    } else {
      return;
    }
  }
}

std::size_t SqlTokenizer::QuoteEnd(std::size_t start) const {
  const char quote = sql_[start];
  for (std::size_t i = start + 1; i < sql_.size(); ++i) {
    if (sql_[i] == '\\' && quote != '`') {
      ++i;
    } else if (sql_[i] == quote) {
      if (i + 1 < sql_.size() && sql_[i + 1] == quote) {
        ++i;
      } else {
        return i + 1;
      }
    }
  }
  return sql_.size();
}

SqlToken SqlTokenizer::Next() {
  SkipSpaceAndComments();
  const std::size_t start = next_;
  if (start == sql_.size()) return {SqlToken::Kind::kEnd, {}, start};
  SqlToken::Kind kind = SqlToken::Kind::kSign;
  const char c = sql_[start];
  if (c == '`' || c == '\'' || c == '"') {
    kind = c == '`' ? SqlToken::Kind::kQuotedName : SqlToken::Kind::kString;
    next_ = QuoteEnd(start);
  } else if (IsWordByte(c)) {
    kind = SqlToken::Kind::kWord;
    while (next_ < sql_.size() && IsWordByte(sql_[next_])) ++next_;
  } else {
    ++next_;
  }
  return {kind, sql_.substr(start, next_ - start), start};
}

std::vector<SqlToken> TokensOf(std::string_view sql) {
  std::vector<SqlToken> tokens;
  SqlTokenizer tokenizer(sql);
  for (SqlToken token = tokenizer.Next(); token.kind != SqlToken::Kind::kEnd;
       token = tokenizer.Next()) {
    tokens.push_back(token);
  }
  return tokens;
}

bool IsSignAt(const std::vector<SqlToken>& tokens, std::size_t at, char sign) noexcept {
  return at < tokens.size() && tokens[at].IsSign(sign);
}

bool IsWordAt(const std::vector<SqlToken>& tokens, std::size_t at, std::string_view word) noexcept {
  return at < tokens.size() && tokens[at].IsWord(word);
}

std::size_t BehindParentheses(const std::vector<SqlToken>& tokens, std::size_t open) noexcept {
  int depth = 0;
  for (std::size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].IsSign('(')) ++depth;
    if (tokens[i].IsSign(')') && --depth == 0) return i + 1;
  }
  return tokens.size();
}

std::string NameOf(const SqlToken& token) {
  if (token.kind == SqlToken::Kind::kWord || token.text.size() < 2) return std::string(token.text);
  const char quote = token.text.front();
  const std::string_view body = token.text.substr(1, token.text.size() - 2);
  std::string name;
  name.reserve(body.size());
  for (std::size_t i = 0; i < body.size(); ++i) {
    name.push_back(body[i]);
    if (body[i] == quote && i + 1 < body.size() && body[i + 1] == quote) ++i;
  }
  return name;
}

}  // namespace dbomsbak
