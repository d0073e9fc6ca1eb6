// The client library's handles with owners, and the few things its makers do differently.
#pragma once

#include <mysql.h>

#include <memory>
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

}  // namespace dbomsbak
