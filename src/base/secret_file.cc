#include "dbomsbak/base/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kLongestPassword = 4096;

}  // namespace

Secret ReadSecretFile(const std::string& path, std::string_view what,
                      std::vector<std::string>& notices) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot read {} file {}: {}", what, path, std::strerror(errno)),
                fmt::format("Check --{}-file, and that this user may read it.", what));
  }
  struct stat info = {};
  std::string bad;
  if (fstat(file, &info) != 0 || S_ISDIR(info.st_mode)) {
    bad = fmt::format("{} file {} is a folder", what, path);
  } else if (S_ISREG(info.st_mode) && (info.st_mode & S_IWOTH) != 0) {
    bad = fmt::format("{} file {} is not trusted: everybody may write it", what, path);
  } else if (S_ISREG(info.st_mode) && (info.st_mode & (S_IRGRP | S_IROTH)) != 0) {
    notices.push_back(fmt::format("others may read {} file {} (chmod 600 {})", what, path, path));
  }
  if (!bad.empty()) {
    close(file);
    throw Error(ErrorCode::kUsage, bad, fmt::format("Give it to you alone: chmod 600 {}.", path));
  }
  std::array<char, kLongestPassword + 1> buffer{};
  std::size_t size = 0;
  int failure = 0;
  // Up to the first line's end; the file may be a pipe and its writer slow.
  while (size < buffer.size() && std::memchr(buffer.data(), '\n', size) == nullptr) {
    const ssize_t count = read(file, buffer.data() + size, buffer.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) failure = errno;
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  close(file);
  std::string_view line(buffer.data(), size);
  line = line.substr(0, line.find('\n'));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  Secret password(line);
  Wipe(buffer.data(), buffer.size());
  if (failure != 0) {
    throw Error(ErrorCode::kIo,
                fmt::format("cannot read {} file {}: {}", what, path, std::strerror(failure)), {});
  }
  if (password.empty()) {
    throw Error(ErrorCode::kUsage, fmt::format("the first line of {} file {} is empty", what, path),
                fmt::format("The {} is the file's first line.", what));
  }
  if (password.Reveal().size() > kLongestPassword) {
    throw Error(ErrorCode::kUsage, fmt::format("{} file {} holds no {}", what, path, what), {});
  }
  return password;
}

}  // namespace dbomsbak
