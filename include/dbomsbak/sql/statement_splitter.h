// A stream of SQL text cut into statements as the mysql client cuts it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace dbomsbak {

// Knows quotes of three kinds, backslash escapes, "-- ", "#" and /* */ comments (what stands in a
// version comment is part of the statement, its delimiters cut), and DELIMITER lines, which are
// looked for between statements only. Feed it pieces of any size; a statement is handed out without
// its delimiter and without leading white space and comments, empty ones not at all. MariaDB's
// sandbox line and a byte order mark are skipped. Backslash commands of the client (\g, \!) are not
// obeyed: they stay in the text, and the server refuses them.
// One thread at a time. Holds the statement it is in and the last piece, no more.
class StatementSplitter {
 public:
  struct Statement {
    std::string_view text;     // valid during the call only
    std::uint64_t offset = 0;  // of its first byte in the whole stream
    std::uint64_t line = 0;    // likewise, from 1
  };
  using Sink = std::function<void(const Statement&)>;
  // A comment line between statements, its newline left out, no more than its first KiB.
  using CommentSink = std::function<void(std::string_view line)>;

  // `max_statement_bytes` bounds memory: a longer statement is Error kDamaged.
  StatementSplitter(std::size_t max_statement_bytes, Sink sink);

  void Feed(std::string_view piece);
  // The end of the text. Error kIncomplete when it ends within a quote, comment or statement.
  void Finish();

  void set_comment_sink(CommentSink sink) { comment_sink_ = std::move(sink); }

  // Turns backslash escapes off or on (sql_mode NO_BACKSLASH_ESCAPES). The sink may call it: it
  // counts from the next statement on.
  void set_backslash_escapes(bool on) { backslash_escapes_ = on; }

 private:
  enum class State { kPlain, kQuote, kLineComment, kBlockComment };

  void Scan(bool at_end);
  bool ScanBetween(bool at_end);
  bool ScanStatement(bool at_end);
  bool ScanQuote(bool at_end);
  bool ScanLineComment();
  bool ScanBlockComment(bool at_end);
  bool ReadDelimiterLine(bool at_end);
  void HandOut();
  void KeepComment(std::size_t begin, std::size_t end);
  void HandOutComment();
  std::uint64_t LineOf(std::size_t place);
  void SetDelimiter(std::string_view delimiter);

  std::size_t max_statement_bytes_;
  Sink sink_;
  CommentSink comment_sink_;
  std::string comment_;
  std::string buffer_;               // from the start of the current statement or comment
  std::uint64_t buffer_offset_ = 0;  // of buffer_ in the stream
  std::size_t start_ = 0;            // of the statement in buffer_
  std::size_t next_ = 0;             // first byte of buffer_ not yet looked at
  std::size_t counted_ = 0;          // lines of buffer_ up to here are in line_
  std::uint64_t line_ = 1;
  bool in_statement_ = false;
  State state_ = State::kPlain;
  char quote_ = 0;
  std::string delimiter_;
  bool is_interesting_[256] = {};  // within a statement, outside quotes and comments
  bool backslash_escapes_ = true;
};

}  // namespace dbomsbak
