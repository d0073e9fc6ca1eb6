#include "dbomsbak/sql/statement_splitter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "sql/text_scan.h"

namespace dbomsbak {
namespace {

// What must be seen at once to tell comments and DELIMITER from other text; a statement's first
// bytes are judged by no more than this.
constexpr std::string_view kSandboxComment = "/*M!999999\\-";
constexpr std::string_view kDelimiterWord = "delimiter";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kLookahead = kSandboxComment.size();
constexpr std::size_t kMaxDelimiterLine = 1024;
constexpr std::size_t kMaxComment = 1024;
constexpr char kDelimiterHint[] =
    "It is DELIMITER and what ends statements from there on (DELIMITER ;;): correct that line, or "
    "take the dump again.";

bool IsDelimiterWord(std::string_view text) noexcept {
  if (text.size() <= kDelimiterWord.size()) return false;
  for (std::size_t i = 0; i < kDelimiterWord.size(); ++i) {
    if ((text[i] | 0x20) != kDelimiterWord[i]) return false;
  }
  return text[kDelimiterWord.size()] == ' ' || text[kDelimiterWord.size()] == '\t';
}

bool IsVersionComment(std::string_view text) noexcept {
  return text.starts_with("/*!") || text.starts_with("/*M!");
}

bool IsLineComment(std::string_view text) noexcept {
  return text.front() == '#' || (text.starts_with("--") &&
                                 (text.size() == 2 || static_cast<unsigned char>(text[2]) <= ' '));
}

const char* FindEither(const char* p, const char* end, char a, char b) noexcept {
#if DBOMSBAK_SSE2
  const __m128i as = _mm_set1_epi8(a);
  const __m128i bs = _mm_set1_epi8(b);
  while (end - p >= 16) {
    const __m128i block = scan_detail::Load(p);
    const int mask =
        _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(block, as), _mm_cmpeq_epi8(block, bs)));
    if (mask != 0) return p + std::countr_zero(static_cast<unsigned>(mask));
    p += 16;
  }
#endif
  while (p != end && *p != a && *p != b) ++p;
  return p;
}

[[noreturn]] void ThrowTooLong(std::uint64_t offset, std::size_t most) {
  throw Error(ErrorCode::kDamaged,
              fmt::format("the statement at byte {} is longer than {} bytes", offset, most),
              "No server takes one that long: look there for a quote or comment that does not end, "
              "or take the dump again.");
}

}  // namespace

StatementSplitter::StatementSplitter(std::size_t max_statement_bytes, Sink sink)
    : max_statement_bytes_(max_statement_bytes), sink_(std::move(sink)) {
  SetDelimiter(";");
}

void StatementSplitter::SetDelimiter(std::string_view delimiter) {
  delimiter_ = delimiter;
  std::fill(std::begin(is_interesting_), std::end(is_interesting_), false);
  for (const char c : {'\'', '"', '`', '#', '-', '/', delimiter.front()}) {
    is_interesting_[static_cast<unsigned char>(c)] = true;
  }
}

void StatementSplitter::Feed(std::string_view piece) {
  buffer_ += piece;
  Scan(false);
  // What is behind us goes; within a statement nothing moves, so a long one costs no more than its
  // length.
  const std::size_t keep = in_statement_ ? start_ : next_;
  if (keep != 0) {
    LineOf(keep);
    counted_ -= keep;
    buffer_.erase(0, keep);
    buffer_offset_ += keep;
    next_ -= keep;
    start_ = 0;
  }
  if (in_statement_ && buffer_.size() > max_statement_bytes_) {
    ThrowTooLong(buffer_offset_, max_statement_bytes_);
  }
}

void StatementSplitter::Finish() {
  Scan(true);
  if (state_ == State::kLineComment && !in_statement_) HandOutComment();
  if (state_ == State::kPlain && !in_statement_) return;
  if (state_ == State::kLineComment && !in_statement_) return;
  std::string_view inside = "a statement";
  if (state_ == State::kQuote) inside = "a quoted text";
  if (state_ == State::kBlockComment) inside = "a comment";
  std::string where;
  if (in_statement_)
    where = fmt::format(" (the statement began at byte {})", buffer_offset_ + start_);
  throw Error(ErrorCode::kIncomplete, fmt::format("the text ends within {}{}", inside, where),
              "It has been cut off; get the whole file.");
}

// Each step returns false when it needs more text.
void StatementSplitter::Scan(bool at_end) {
  bool going = true;
  while (going) {
    switch (state_) {
      case State::kPlain:
        going = in_statement_ ? ScanStatement(at_end) : ScanBetween(at_end);
        break;
      case State::kQuote:
        going = ScanQuote(at_end);
        break;
      case State::kLineComment:
        going = ScanLineComment();
        break;
      case State::kBlockComment:
        going = ScanBlockComment(at_end);
        break;
    }
  }
}

bool StatementSplitter::ScanBetween(bool at_end) {
  while (next_ < buffer_.size() && IsSpace(buffer_[next_])) ++next_;
  const std::string_view rest = std::string_view(buffer_).substr(next_);
  if (rest.empty()) return false;
  if (rest.size() < std::max(kLookahead, delimiter_.size()) && !at_end) return false;
  if (buffer_offset_ + next_ == 0 && rest.starts_with(kByteOrderMark)) {
    next_ += kByteOrderMark.size();
  } else if (IsDelimiterWord(rest)) {
    return ReadDelimiterLine(at_end);
  } else if (rest.starts_with(delimiter_)) {
    next_ += delimiter_.size();  // an empty statement
  } else if (rest.front() == '#' || rest.starts_with("--")) {
    // As the client has it: here, "--" needs no blank behind it.
    state_ = State::kLineComment;
  } else if (rest.starts_with("/*") &&
             (!IsVersionComment(rest) || rest.starts_with(kSandboxComment))) {
    state_ = State::kBlockComment;
    next_ += 2;
  } else {
    in_statement_ = true;
    start_ = next_;
  }
  return true;
}

bool StatementSplitter::ScanStatement(bool at_end) {
  const std::string_view text = buffer_;
  // Too little at the very end to tell a comment from a minus waits for more.
  const std::size_t lookahead = std::max(kLookahead, delimiter_.size());
  const std::size_t stop = at_end                    ? text.size()
                           : text.size() < lookahead ? 0
                                                     : text.size() - lookahead + 1;
  std::size_t i = next_;
  for (; i < stop; ++i) {
    if (!is_interesting_[static_cast<unsigned char>(text[i])]) continue;
    const std::string_view rest = text.substr(i);
    if (rest.starts_with(delimiter_)) {
      next_ = i;
      HandOut();
      return true;
    }
    const char c = rest.front();
    if (c == '\'' || c == '"' || c == '`') {
      state_ = State::kQuote;
      quote_ = c;
      next_ = i + 1;
      return true;
    }
    if (IsLineComment(rest)) {
      state_ = State::kLineComment;
      next_ = i;
      return true;
    }
    if (rest.starts_with("/*") && !IsVersionComment(rest)) {
      state_ = State::kBlockComment;
      next_ = i + 2;
      return true;
    }
  }
  next_ = std::max(i, next_);
  return false;
}

bool StatementSplitter::ScanQuote(bool at_end) {
  const bool with_escapes = backslash_escapes_ && quote_ != '`';
  const char* const data = buffer_.data();
  const char* const end = data + buffer_.size();
  const char* const p = FindEither(data + next_, end, quote_, with_escapes ? '\\' : quote_);
  next_ = static_cast<std::size_t>(p - data);
  if (p == end) return false;
  if (*p == quote_) {
    ++next_;
    state_ = State::kPlain;  // a doubled quote opens the next one at once
    return true;
  }
  if (end - p < 2) {
    if (at_end) next_ = buffer_.size();
    return false;
  }
  next_ += 2;
  return true;
}

bool StatementSplitter::ScanLineComment() {
  const std::size_t end = buffer_.find('\n', next_);
  KeepComment(next_, std::min(end, buffer_.size()));
  if (end == std::string::npos) {
    next_ = buffer_.size();
    return false;
  }
  next_ = end + 1;
  state_ = State::kPlain;
  if (!in_statement_) HandOutComment();
  return true;
}

void StatementSplitter::KeepComment(std::size_t begin, std::size_t end) {
  if (in_statement_ || !comment_sink_ || comment_.size() >= kMaxComment) return;
  comment_.append(buffer_, begin, std::min(end - begin, kMaxComment - comment_.size()));
}

void StatementSplitter::HandOutComment() {
  if (!comment_sink_) return;
  const std::string line = std::exchange(comment_, std::string());
  comment_sink_(line);
}

// Asked for places in ascending order only: each byte is looked at once.
std::uint64_t StatementSplitter::LineOf(std::size_t place) {
  const auto begin = buffer_.begin();
  line_ += static_cast<std::uint64_t>(
      std::count(begin + static_cast<std::ptrdiff_t>(counted_),
                 begin + static_cast<std::ptrdiff_t>(std::max(counted_, place)), '\n'));
  counted_ = std::max(counted_, place);
  return line_;
}

bool StatementSplitter::ScanBlockComment(bool at_end) {
  const std::size_t end = buffer_.find("*/", next_);
  if (end == std::string::npos) {
    // A star may be the first half of the end.
    const bool half = !at_end && buffer_.size() > next_ && buffer_.back() == '*';
    next_ = buffer_.size() - (half ? 1 : 0);
    return false;
  }
  next_ = end + 2;
  state_ = State::kPlain;
  return true;
}

bool StatementSplitter::ReadDelimiterLine(bool at_end) {
  std::size_t end = buffer_.find('\n', next_);
  const std::uint64_t offset = buffer_offset_ + next_;
  if ((end == std::string::npos ? buffer_.size() : end) - next_ > kMaxDelimiterLine) {
    throw Error(ErrorCode::kDamaged,
                fmt::format("the DELIMITER line at byte {} is too long", offset), kDelimiterHint);
  }
  if (end == std::string::npos) {
    if (!at_end) return false;
    end = buffer_.size();
  }
  std::string_view rest = std::string_view(buffer_).substr(next_, end - next_);
  rest.remove_prefix(kDelimiterWord.size());
  const auto* const begin = std::find_if_not(rest.begin(), rest.end(), IsSpace);
  const auto* const word_end = std::find_if(begin, rest.end(), IsSpace);
  if (begin == word_end) {
    throw Error(ErrorCode::kDamaged,
                fmt::format("the DELIMITER line at byte {} names none", offset), kDelimiterHint);
  }
  const std::string delimiter(begin, word_end);
  SetDelimiter(delimiter);
  next_ = std::min(end + 1, buffer_.size());
  return true;
}

void StatementSplitter::HandOut() {
  const std::string_view text = std::string_view(buffer_).substr(start_, next_ - start_);
  const std::uint64_t offset = buffer_offset_ + start_;
  if (text.size() > max_statement_bytes_) {
    ThrowTooLong(offset, max_statement_bytes_);
  }
  in_statement_ = false;
  next_ += delimiter_.size();
  sink_({text, offset, LineOf(start_)});
}

}  // namespace dbomsbak
