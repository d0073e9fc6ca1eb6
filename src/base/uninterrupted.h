// A system call that a signal may cut short before it has done anything.
#pragma once

#include <cerrno>

namespace dbomsbak {

// What `call` returns, called again while a signal keeps it from its work. Not for close(), which
// has closed then.
template <typename Call>
auto Uninterrupted(const Call& call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace dbomsbak
