#include "dbomsbak/base/process_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/uninterrupted.h"
#include "dbomsbak/base/errno_hint.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

[[noreturn]] void ThrowErrno(std::string_view doing, const std::string& path, int reason,
                             const std::string& hint) {
  throw Error(ErrorCode::kIo, fmt::format("cannot {} '{}': {}", doing, path, std::strerror(reason)),
              hint)
      .About(path);
}

std::string HostName() {
  char name[256] = {};
  if (::gethostname(name, sizeof name - 1) != 0) return "?";
  return name;
}

}  // namespace

std::string LockHolder() {
  return fmt::format("process {} on {} since {}", ::getpid(), HostName(), FormatUtc(UtcNow()));
}

ProcessLock::ProcessLock(const std::string& path, const std::string& folder,
                         const std::string& busy, const std::string& hint) {
  descriptor_ = Uninterrupted(
      [&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600); });
  if (descriptor_ < 0) {
    const int reason = errno;
    ThrowErrno("open", path, reason, HintOfErrno(reason, hint));
  }
  if (Uninterrupted([&] { return ::flock(descriptor_, LOCK_EX | LOCK_NB); }) != 0) {
    const int reason = errno;
    char text[256] = {};
    const ssize_t count = ::pread(descriptor_, text, sizeof text - 1, 0);
    ::close(std::exchange(descriptor_, -1));
    if (reason != EWOULDBLOCK) {
      ThrowErrno("lock", path, reason, "The file system must know locks.");
    }
    const std::string_view holder = text;
    throw Error(
        ErrorCode::kLocked,
        fmt::format("{}{}{}", busy, count > 0 ? ": " : "", holder.substr(0, holder.find('\n'))),
        "Wait for it to end; a lock never outlives its process.")
        .About(folder);
  }
  // For those who find it locked. Whether it can be written does not matter.
  const std::string holder = LockHolder() + "\n";
  if (::ftruncate(descriptor_, 0) == 0 &&
      ::pwrite(descriptor_, holder.data(), holder.size(), 0) < 0) {
    errno = 0;
  }
}

ProcessLock::~ProcessLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace dbomsbak
