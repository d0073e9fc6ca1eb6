// Lists of literals, and nothing else.
#include <cstring>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/dump_reader.h"
#include "sql/literal.h"

namespace dbomsbak {
namespace {

bool IsLetter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

class LiteralScanner {
 public:
  // `sink` may be null.
  LiteralScanner(std::string_view text, bool backslash_escapes, bool ansi_quotes, LiteralSink* sink)
      : sink_(sink),
        begin_(text.data()),
        p_(begin_),
        end_(begin_ + text.size()),
        backslash_escapes_(backslash_escapes),
        ansi_quotes_(ansi_quotes) {}

  std::optional<std::uint64_t> Count() {
    std::uint64_t rows = 0;
    for (;;) {
      if (!Row()) return std::nullopt;
      if (sink_ != nullptr) sink_->EndRow();
      ++rows;
      if (!SkipBlanks()) return std::nullopt;
      if (p_ == end_) return rows;
      if (*p_ != ',') return std::nullopt;
      ++p_;
    }
  }
  std::size_t offset() const { return static_cast<std::size_t>(p_ - begin_); }

 private:
  bool Row() {
    if (!SkipBlanks() || p_ == end_ || *p_ != '(') return false;
    ++p_;
    if (!SkipBlanks()) return false;
    if (p_ != end_ && *p_ == ')') {
      ++p_;
      return true;
    }
    for (;;) {
      const char* const begin = p_;
      if (!Value()) return false;
      if (sink_ != nullptr) sink_->Value({begin, static_cast<std::size_t>(p_ - begin)});
      if (!SkipBlanks() || p_ == end_) return false;
      const char c = *p_;
      if (c != ',' && c != ')') return false;
      ++p_;
      if (c == ')') return true;
      if (!SkipBlanks()) return false;
    }
  }

  bool Value() {
    if (p_ == end_) return false;
    const char c = *p_;
    if (c == '\'' || (c == '"' && !ansi_quotes_)) return Quoted();
    if (IsDigit(c) || c == '-' || c == '+' || c == '.') return Number();
    if (c == '_') return Introduced();
    if ((c == 'x' || c == 'X' || c == 'b' || c == 'B' || c == 'n' || c == 'N') && end_ - p_ > 1 &&
        p_[1] == '\'') {
      ++p_;
      return Quoted();
    }
    if (std::string_view(p_, static_cast<std::size_t>(end_ - p_)).starts_with(kJsonReplace)) {
      return JsonReplace();
    }
    return Word("NULL") || Word("TRUE") || Word("FALSE") || Word("DEFAULT");
  }

  // JSON_REPLACE('TEXT','PATH',NUMBER,…): the one function, of literals alone, that our own dumps
  // have among their values.
  bool JsonReplace() {
    p_ += kJsonReplace.size();
    while (SkipBlanks() && p_ != end_) {
      const char c = *p_;
      const bool taken = c == '_'    ? Introduced()
                         : c == '\'' ? Quoted()
                                     : (IsDigit(c) || c == '-') && Number();
      if (!taken) return false;
      if (!SkipBlanks() || p_ == end_ || (*p_ != ',' && *p_ != ')')) return false;
      if (*p_++ == ')') return true;
    }
    return false;
  }

  bool Quoted() {
    const char quote = *p_++;
    const char* stop = nullptr;  // the next quote, escaped or not
    for (;;) {
      if (stop == nullptr || stop < p_) {
        const auto left = static_cast<std::size_t>(end_ - p_);
        stop = static_cast<const char*>(std::memchr(p_, quote, left));
      }
      if (stop == nullptr) {
        p_ = end_;
        return false;
      }
      if (backslash_escapes_) {
        const void* escape = std::memchr(p_, '\\', static_cast<std::size_t>(stop - p_));
        if (escape != nullptr) {
          p_ = static_cast<const char*>(escape) + 2;  // whatever it stands for
          if (p_ > end_) return false;
          continue;
        }
      }
      p_ = stop + 1;
      if (p_ == end_ || *p_ != quote) return true;
      ++p_;  // a doubled quote
    }
  }

  // 0x…, 0b…, -1.5e+10
  bool Number() {
    if (*p_ == '-' || *p_ == '+') ++p_;
    bool digits = false;
    while (p_ != end_) {
      const char c = *p_;
      if ((c == '-' || c == '+') && (p_[-1] == 'e' || p_[-1] == 'E') && digits) {
        ++p_;
      } else if (IsDigit(c) || IsLetter(c) || c == '.') {
        digits |= IsDigit(c);
        ++p_;
      } else {
        break;
      }
    }
    return digits;
  }

  // _utf8mb4 '…', _binary 0x…, _gb18030_2022 0x…
  bool Introduced() {
    ++p_;
    while (p_ != end_ && (IsLetter(*p_) || IsDigit(*p_) || *p_ == '_')) ++p_;
    if (!SkipBlanks() || p_ == end_) return false;
    if (*p_ == '\'') return Quoted();
    if ((*p_ == 'x' || *p_ == 'X') && end_ - p_ > 1 && p_[1] == '\'') {
      ++p_;
      return Quoted();
    }
    return *p_ == '0' && Number();
  }

  bool Word(std::string_view word) {
    if (static_cast<std::size_t>(end_ - p_) < word.size()) return false;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if ((p_[i] & ~0x20) != word[i]) return false;
    }
    const char* const behind = p_ + word.size();
    if (behind != end_ && (IsLetter(*behind) || IsDigit(*behind) || *behind == '_' ||
                           *behind == '(' || static_cast<signed char>(*behind) < 0)) {
      return false;
    }
    p_ = behind;
    return true;
  }

  // Blanks and comments; false at a version comment, which could hide anything.
  bool SkipBlanks() {
    while (p_ != end_) {
      if (IsSpace(*p_)) {
        ++p_;
        continue;
      }
      const std::string_view rest(p_, static_cast<std::size_t>(end_ - p_));
      if (rest.starts_with("/*")) {
        if (rest.starts_with("/*!") || rest.starts_with("/*M!") || rest.starts_with("/*+")) {
          return false;
        }
        const std::size_t close = rest.find("*/", 2);
        if (close == std::string_view::npos) return false;
        p_ += close + 2;
      } else if (rest.front() == '#' ||
                 (rest.starts_with("--") && rest.size() > 2 && IsSpace(rest[2]))) {
        const std::size_t newline = rest.find('\n');
        p_ = newline == std::string_view::npos ? end_ : p_ + newline + 1;
      } else {
        break;
      }
    }
    return true;
  }

  LiteralSink* const sink_;
  const char* const begin_;
  const char* p_;
  const char* const end_;
  const bool backslash_escapes_, ansi_quotes_;
};

}  // namespace

std::optional<std::uint64_t> CountLiteralRows(std::string_view values, bool backslash_escapes,
                                              bool ansi_quotes, std::size_t& offset) {
  LiteralScanner scanner(values, backslash_escapes, ansi_quotes, nullptr);
  const std::optional<std::uint64_t> rows = scanner.Count();
  if (!rows) offset = scanner.offset();
  return rows;
}

bool ReadLiteralRows(std::string_view values, bool backslash_escapes, bool ansi_quotes,
                     LiteralSink& sink) {
  return LiteralScanner(values, backslash_escapes, ansi_quotes, &sink).Count().has_value();
}

}  // namespace dbomsbak
