// The client library's handles with owners, and the few things its makers do differently.
#pragma once

#include <mysql.h>

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>

namespace dbomsbak {

struct MysqlCloser {
  void operator()(MYSQL* mysql) const noexcept { mysql_close(mysql); }
};
using MysqlHandle = std::unique_ptr<MYSQL, MysqlCloser>;

struct ResultFreer {
  void operator()(MYSQL_RES* result) const noexcept { mysql_free_result(result); }
};
using ResultHandle = std::unique_ptr<MYSQL_RES, ResultFreer>;

struct StatementCloser {
  void operator()(MYSQL_STMT* statement) const noexcept { mysql_stmt_close(statement); }
};
using StatementHandle = std::unique_ptr<MYSQL_STMT, StatementCloser>;

// my_bool in MariaDB's library and in MySQL 5.x, bool since MySQL 8.
using MysqlBool = std::remove_pointer_t<decltype(MYSQL_BIND::is_null)>;

// Every function of ours that calls the library says this first: the library wants to know each
// thread that uses it, and to hear when the thread ends.
void EnterMysqlLibrary();

// The socket of a session, for cutting it.
int SocketOf(MYSQL* mysql) noexcept;

// While it lives, a server that its thread connects to must offer TLS, or nothing is sent to it: no
// name, no scramble, no password. Oracle's library sees to that by itself; Connector/C goes on in
// clear text, and would hand out the password itself to whoever asks for it then. One at a time in
// a thread; made before mysql_real_connect and gone behind it.
class TlsDemand {
 public:
  TlsDemand();
  ~TlsDemand();
  TlsDemand(const TlsDemand&) = delete;
  TlsDemand& operator=(const TlsDemand&) = delete;

  // Whether the server's greeting offered none.
  bool was_refused() const noexcept { return refused_; }

  // What came from the server; for the library's callback alone.
  void See(MYSQL* mysql, const unsigned char* bytes, std::size_t size);

 private:
  std::string greeting_;
  bool decided_ = false;
  bool refused_ = false;
};

}  // namespace dbomsbak
