#include "dbomsbak/transport/connection_options.h"

#include <fmt/format.h>

namespace dbomsbak {

std::string ConnectionOptions::Describe() const {
  const std::string who = user.empty() ? "(login name)" : user;
  const bool by_socket = protocol == "socket" ||
                         (protocol.empty() && (host.empty() || host == "localhost"));
  if (by_socket) {
    return fmt::format("{} at {}", who, socket.empty() ? "the default socket" : socket);
  }
  const std::string where = host.empty() ? "127.0.0.1" : host;
  const bool ipv6 = where.find(':') != std::string::npos;
  return fmt::format("{}@{}{}{}:{}", who, ipv6 ? "[" : "", where, ipv6 ? "]" : "",
                     port == 0 ? 3306 : port);
}

}  // namespace dbomsbak
