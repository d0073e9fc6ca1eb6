#include "transport/mysql_handle.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>
#include <mutex>
#include <string_view>

#include "dbomsbak/base/error.h"

#ifdef MARIADB_PACKAGE_VERSION
// Exported by Connector/C since 3.0, for its own plugins; no header of it that is installed has it.
extern "C" int ma_pvio_register_callback(dbomsbak::MysqlBool add,
                                         void (*callback)(int mode, MYSQL* mysql,
                                                          const unsigned char* bytes,
                                                          std::size_t size));
#endif

namespace dbomsbak {
namespace {

struct ThreadGuard {
  ThreadGuard() { mysql_thread_init(); }
  ~ThreadGuard() { mysql_thread_end(); }
  ThreadGuard(const ThreadGuard&) = delete;
  ThreadGuard& operator=(const ThreadGuard&) = delete;
};

thread_local TlsDemand* demand_of_thread = nullptr;

#ifdef MARIADB_PACKAGE_VERSION
// Called behind every read and write of every session; `size` is what read() returned.
void Watch(int mode, MYSQL* mysql, const unsigned char* bytes, std::size_t size) {
  const bool is_read = mode == 0 && static_cast<ssize_t>(size) > 0;
  if (is_read && demand_of_thread != nullptr) demand_of_thread->See(mysql, bytes, size);
}
#endif

// What a greeting (protocol 10) says, as far as it has come.
enum class Greeting { kUnfinished, kOffersTls, kOffersNone, kNoGreeting };

Greeting Judge(std::string_view bytes) {
  constexpr std::size_t kHead = 4;            // the packet's length, and its number
  constexpr std::size_t kLongest = 1U << 16;  // servers send a hundred bytes
  if (bytes.size() <= kHead) return Greeting::kUnfinished;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  const std::size_t length = byte(0) | byte(1) << 8U | byte(2) << 16U;
  if (byte(kHead) != 10) return Greeting::kNoGreeting;  // an error, say
  // Version and its NUL, thread (4 bytes), scramble (8), a NUL; then capabilities (2).
  const std::size_t end = bytes.find('\0', kHead + 1);
  const std::size_t at = end == std::string_view::npos ? bytes.size() : end + 1 + 4 + 8 + 1;
  // What lies behind this packet is not part of it, whatever it looks like.
  if (at + 2 > std::min(kHead + length, kLongest)) return Greeting::kOffersNone;
  if (at + 2 > bytes.size()) return Greeting::kUnfinished;
  return ((byte(at) | byte(at + 1) << 8U) & CLIENT_SSL) != 0 ? Greeting::kOffersTls
                                                             : Greeting::kOffersNone;
}

}  // namespace

TlsDemand::TlsDemand() { demand_of_thread = this; }

TlsDemand::~TlsDemand() { demand_of_thread = nullptr; }

void TlsDemand::See(MYSQL* mysql, const unsigned char* bytes, std::size_t size) {
  if (decided_) return;
  greeting_.append(reinterpret_cast<const char*>(bytes), size);
  const Greeting greeting = Judge(greeting_);
  decided_ = greeting != Greeting::kUnfinished;
  refused_ = greeting == Greeting::kOffersNone;
  // An error can still be read; but nothing can be sent.
  if (decided_ && greeting != Greeting::kOffersTls) shutdown(SocketOf(mysql), SHUT_WR);
}

void EnterMysqlLibrary() {
  // Never ended: sessions may live until the process does.
  static std::once_flag once;
  std::call_once(once, [] {
    if (mysql_library_init(0, nullptr, nullptr) != 0) {
      throw Error(ErrorCode::kInternal, "the MySQL client library did not start");
    }
#ifdef MARIADB_PACKAGE_VERSION
    if (ma_pvio_register_callback(1, Watch) != 0) {
      throw Error(ErrorCode::kInternal, "the MySQL client library takes no callback");
    }
#endif
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
