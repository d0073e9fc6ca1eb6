#include "dbomsbak/base/secret_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/read_into.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kLongestPassword = 4096;
constexpr std::size_t kLargestKeyFile = std::size_t{1} << 20;

// Bytes that are wiped when they go.
struct Wiped {
  explicit Wiped(std::size_t most) : bytes(most, '\0') {}
  ~Wiped() { Wipe(bytes.data(), bytes.size()); }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;

  std::string bytes;
};

// Fills `to` up to its end or that of the file, or behind the first line where that is enough, and
// returns how many bytes there are. `called` is "password file", say. Without `notices` all may
// read it.
std::size_t ReadTrusted(const std::string& path, std::string_view called, std::string_view option,
                        bool first_line, Wiped& to, std::vector<std::string>* notices) {
  const auto unreadable = [&](int error) {
    return Error(ErrorCode::kIo,
                 fmt::format("cannot read {} {}: {}", called, path, std::strerror(error)),
                 fmt::format("Check {}, and that this user may read it.", option));
  };
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) throw unreadable(errno);
  struct stat info = {};
  std::string bad, hint;
  if (fstat(file, &info) != 0 || S_ISDIR(info.st_mode)) {
    bad = fmt::format("{} {} is a folder", called, path);
    hint = fmt::format("Name the file itself: {}.", option);
  } else if (S_ISREG(info.st_mode) && (info.st_mode & S_IWOTH) != 0) {
    bad = fmt::format("{} {} is not trusted: everybody may write it", called, path);
    hint = notices != nullptr ? fmt::format("Give it to you alone: chmod 600 {}.", path)
                              : fmt::format(
                                    "Look at what is in it, then let others not write it: "
                                    "chmod o-w {}.",
                                    path);
  } else if (notices != nullptr && S_ISREG(info.st_mode) &&
             (info.st_mode & (S_IRGRP | S_IROTH)) != 0) {
    notices->push_back(fmt::format("others may read {} {} (chmod 600 {})", called, path, path));
  }
  if (!bad.empty()) {
    close(file);
    throw Error(ErrorCode::kUsage, bad, std::move(hint));
  }
  const auto size = ReadInto(file, to.bytes, first_line ? std::optional<char>('\n') : std::nullopt);
  const int failure = errno;
  close(file);
  if (!size) throw unreadable(failure);
  return *size;
}

std::string_view ReadKeys(const std::string& path, std::string_view option, Wiped& to,
                          std::vector<std::string>* notices) {
  const std::size_t size = ReadTrusted(path, "key file", option, false, to, notices);
  if (size > kLargestKeyFile) {
    throw Error(ErrorCode::kUsage, fmt::format("key file {} is too large to hold a key", path),
                fmt::format("Check {}.", option));
  }
  return std::string_view(to.bytes).substr(0, size);
}

}  // namespace

Secret ReadSecretFile(const std::string& path, std::string_view what,
                      std::vector<std::string>& notices) {
  Wiped buffer(kLongestPassword + 1);
  const std::size_t size = ReadTrusted(path, fmt::format("{} file", what),
                                       fmt::format("--{}-file", what), true, buffer, &notices);
  std::string_view line = std::string_view(buffer.bytes).substr(0, size);
  line = line.substr(0, line.find('\n'));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  Secret password(line);
  if (password.empty()) {
    throw Error(ErrorCode::kUsage, fmt::format("the first line of {} file {} is empty", what, path),
                fmt::format("The {} is the file's first line.", what));
  }
  if (password.Reveal().size() > kLongestPassword) {
    throw Error(ErrorCode::kUsage, fmt::format("{} file {} holds no {}", what, path, what),
                fmt::format("Its first line is longer than {} bytes.", kLongestPassword));
  }
  return password;
}

Secret ReadSecretKeyFile(const std::string& path, std::string_view option,
                         std::vector<std::string>& notices) {
  Wiped buffer(kLargestKeyFile + 1);
  return Secret(ReadKeys(path, option, buffer, &notices));
}

std::string ReadPublicKeyFile(const std::string& path, std::string_view option) {
  Wiped buffer(kLargestKeyFile + 1);
  return std::string(ReadKeys(path, option, buffer, nullptr));
}

}  // namespace dbomsbak
