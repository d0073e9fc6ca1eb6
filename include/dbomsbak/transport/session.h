// One session with a server. The only way from the program to the client library.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/cell.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/transport/connection_options.h"

namespace dbomsbak {

// A statement the server refused, or a session that was lost. The code follows from the number:
// access denied → kPrivilege, lost connection → kConnectionLost, lock wait timeout → kBusy,
// else kQueryRefused. The server's own text is part of the message.
class ServerError : public Error {
 public:
  ServerError(ErrorCode code, unsigned number, std::string sqlstate, std::string message,
              std::string hint = {});
  unsigned number() const noexcept { return number_; }
  const std::string& sqlstate() const noexcept { return sqlstate_; }

 private:
  unsigned number_;
  std::string sqlstate_;
};

using Field = std::optional<std::string>;  // NULL is nullopt
using Row = std::vector<Field>;

// A small answer, wholly in memory. For catalogue and status queries only.
struct ResultSet {
  std::vector<std::string> columns;
  std::vector<Row> rows;

  bool empty() const noexcept { return rows.empty(); }
  // Text of row and column; NULL is "".
  std::string Text(std::size_t row, std::size_t column) const;
};

// How rows travel. kBinary gives FLOAT and DOUBLE as raw IEEE bytes (see Cell); all other values
// look the same in both.
enum class Protocol { kText, kBinary };

// Rows one at a time, never a table in memory. Closing early ends the session's usefulness for
// other statements only until the rest is drained; the destructor drains.
class RowStream {
 public:
  virtual ~RowStream() = default;
  // False at the end. Cells stay valid until the next call. Errors: ServerError.
  virtual bool Next() = 0;
  virtual std::span<const Cell> cells() const = 0;
};

// One session, one thread. No silent reconnects: once lost, every call is kConnectionLost.
class Session {
 public:
  virtual ~Session() = default;
  // An answer with rows is read and dropped. Outside a transaction what a deadlock has undone is
  // tried again, here and by Query.
  virtual void Execute(std::string_view sql) = 0;
  virtual ResultSet Query(std::string_view sql) = 0;
  virtual std::unique_ptr<RowStream> Stream(std::string_view sql, Protocol protocol) = 0;
  // A LOAD DATA LOCAL INFILE, whatever file it names: what the server gets in its place are the
  // pieces that `next` gives, until one is empty. What `next` throws ends the statement, and comes
  // out here; of its transaction some rows may be there then. No other statement, and no server,
  // gets at a file.
  virtual void LoadLocal(std::string_view sql, const std::function<std::string_view()>& next) = 0;
  virtual std::uint64_t affected_rows() const = 0;
  virtual unsigned warning_count() const = 0;
  virtual std::uint64_t connection_id() const = 0;
  virtual std::string server_version() const = 0;      // from the handshake
  virtual const std::string& description() const = 0;  // "root@127.0.0.1:3306", for messages

  // Any thread, any time: the session is lost from now on, and a call that waits for the server
  // (a lock, rows, the draining of a stream) returns at once with kConnectionLost.
  virtual void Abort() noexcept {}

  // The first column of the first row; nullopt when there is none or it is NULL.
  std::optional<std::string> QueryValue(std::string_view sql);
};

// Opens sessions of one account on one server. Any thread.
class SessionFactory {
 public:
  virtual ~SessionFactory() = default;
  virtual std::unique_ptr<Session> Connect() = 0;  // Error kConnect
};

// `options` is copied. Sessions start with utf8mb4 as client charset and compression off.
std::unique_ptr<SessionFactory> MakeSessionFactory(const ConnectionOptions& options);

}  // namespace dbomsbak
