// A stream of SQL text cut into statements as the mysql client cuts it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace dbomsbak {

// Knows quotes of three kinds, backslash escapes, "-- ", "#" and /* */ comments (version comments
// are part of the statement), and DELIMITER lines. Feed it pieces of any size; a statement is
// handed out without its delimiter and without leading white space and comments.
class StatementSplitter {
 public:
  struct Statement {
    std::string_view text;     // valid during the call only
    std::uint64_t offset = 0;  // of its first byte in the whole stream
  };
  using Sink = std::function<void(const Statement&)>;

  // `max_statement_bytes` bounds memory: a longer statement is Error kDamaged.
  StatementSplitter(std::size_t max_statement_bytes, Sink sink);

  void Feed(std::string_view piece);
  // The end of the text. Error kIncomplete when it ends within a quote, comment or statement.
  void Finish();

  // Turns backslash escapes off or on (sql_mode NO_BACKSLASH_ESCAPES).
  void set_backslash_escapes(bool on) { backslash_escapes_ = on; }

 private:
  void Scan(bool at_end);

  std::size_t max_statement_bytes_;
  Sink sink_;
  std::string buffer_;
  std::string delimiter_ = ";";
  std::uint64_t buffer_offset_ = 0;
  bool backslash_escapes_ = true;
};

}  // namespace dbomsbak
