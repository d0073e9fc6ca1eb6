// Rows of one answer, one at a time, by either protocol.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "dbomsbak/transport/session.h"
#include "transport/mysql_handle.h"

namespace dbomsbak {

class MysqlSession;

// How much an abandoned stream reads on before it rather cuts the connection: a few socket buffers.
inline constexpr std::size_t kDrainBytes = std::size_t{1} << 20;
inline constexpr std::size_t kDrainRows = 10'000;

// mysql_use_result over an answer that has begun. Cells point into the library's packet buffer.
class TextRowStream final : public RowStream {
 public:
  // The statement was sent. Throws when it gave no rows to read.
  explicit TextRowStream(MysqlSession& session);
  ~TextRowStream() override;

  bool Next() override;
  std::span<const Cell> cells() const override { return cells_; }

 private:
  MysqlSession& session_;
  ResultHandle result_;
  std::vector<Cell> cells_;
  bool ended_ = false;
};

// A prepared statement without a cursor: rows stream as they do in text, but FLOAT and DOUBLE are
// exact. Integers and times are formatted here, as the server formats them in text (but for the
// leading zeros of ZEROFILL columns).
class BinaryRowStream final : public RowStream {
 public:
  // Prepares and executes `sql`.
  BinaryRowStream(MysqlSession& session, std::string_view sql);
  ~BinaryRowStream() override;

  bool Next() override;
  std::span<const Cell> cells() const override { return cells_; }

 private:
  enum class Format { kRaw, kSigned, kUnsigned, kYear, kDate, kTime, kDateTime };

  // Where the library puts a value, and what is made of it.
  struct Slot {
    Format format = Format::kRaw;
    unsigned decimals = 0;  // of seconds; above 6: as many as are there
    unsigned width = 0;     // of a YEAR
    unsigned long length = 0;
    MysqlBool is_null = 0;
    MysqlBool error = 0;
    std::vector<char> buffer;
    union {
      long long integer;
      double real;
      float single;
    } number = {};
    MYSQL_TIME time = {};
    char text[48] = {};
  };

  [[noreturn]] void ThrowStatementError();
  void Describe();
  void Bind();
  void GrowTruncated();
  void MakeCell(std::size_t column);

  MysqlSession& session_;
  StatementHandle statement_;
  std::vector<Slot> slots_;
  std::vector<MYSQL_BIND> binds_;
  std::vector<Cell> cells_;
  bool rebind_ = false;
  bool ended_ = false;
};

}  // namespace dbomsbak
