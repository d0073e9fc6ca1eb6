#include "transport/mysql_handle.h"

#include <mutex>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

struct ThreadGuard {
  ThreadGuard() { mysql_thread_init(); }
  ~ThreadGuard() { mysql_thread_end(); }
  ThreadGuard(const ThreadGuard&) = delete;
  ThreadGuard& operator=(const ThreadGuard&) = delete;
};

}  // namespace

void EnterMysqlLibrary() {
  // Never ended: sessions may live until the process does.
  static std::once_flag once;
  std::call_once(once, [] {
    if (mysql_library_init(0, nullptr, nullptr) != 0) {
      throw Error(ErrorCode::kInternal, "the MySQL client library did not start");
    }
  });
  static thread_local ThreadGuard guard;
  (void)guard;
}

int SocketOf(MYSQL* mysql) noexcept {
#ifdef MARIADB_PACKAGE_VERSION
  return static_cast<int>(mysql_get_socket(mysql));
#else
  return static_cast<int>(mysql->net.fd);
#endif
}

}  // namespace dbomsbak
