#include "dbomsbak/base/read_into.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dbomsbak {

std::optional<std::size_t> ReadInto(int descriptor, std::span<char> to, std::optional<char> until) {
  std::size_t size = 0;
  while (size < to.size() && !(until && std::memchr(to.data(), *until, size) != nullptr)) {
    const ssize_t count = read(descriptor, to.data() + size, to.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  return size;
}

}  // namespace dbomsbak
