#include "engine/disk_space.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace dbomsbak {
namespace {

// Available KiB of the file system with the longest path in front of `folder`.
std::optional<std::uint64_t> ByPlugin(Session& session, const std::string& folder) {
  ResultSet disks;
  try {
    disks = session.Query("SELECT Path, Available FROM information_schema.DISKS");
  } catch (const ServerError& error) {  // no such plugin, or no FILE privilege
    if (error.code() == ErrorCode::kConnectionLost) throw;
    return std::nullopt;
  }
  std::optional<std::uint64_t> bytes;
  std::size_t longest = 0;
  for (std::size_t row = 0; row < disks.rows.size(); ++row) {
    const std::string path = disks.Text(row, 0);
    const std::string text = disks.Text(row, 1);
    std::uint64_t kib = 0;
    std::from_chars(text.data(), text.data() + text.size(), kib);
    const bool holds = folder.starts_with(path == "/" ? path : path + "/");
    if (!holds || path.size() < longest) continue;
    longest = path.size();
    bytes = kib * 1024;
  }
  return bytes;
}

// Digits at the beginning of a file; empty where there are none. Its name is a stranger's word:
// what is no ordinary file (a pipe would wait) is not read.
std::string NumberIn(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return "";
  struct stat found {};
  std::array<char, 16> text{};
  ssize_t size = 0;
  if (::fstat(file, &found) == 0 && S_ISREG(found.st_mode)) {
    size = ::read(file, text.data(), text.size());
  }
  ::close(file);
  std::string digits(text.data(), static_cast<std::size_t>(size > 0 ? size : 0));
  digits.resize(std::min(digits.find_first_not_of("0123456789"), digits.size()));
  return digits;
}

// Whether the process that the server calls its own sees the folder that this program sees.
bool IsSeenByServer(Session& session, const std::string& folder) {
  std::string file;
  try {
    file = session.QueryValue("SELECT @@pid_file").value_or("");
  } catch (const ServerError& error) {  // not every server has one
    if (error.code() == ErrorCode::kConnectionLost) throw;
    return false;
  }
  if (!file.starts_with('/')) file = folder + "/" + file;
  const std::string process = NumberIn(file);
  if (process.empty()) return false;
  struct stat here {
  }, there{};
  const std::string path = "/proc/" + process + "/root" + folder;
  return ::stat(folder.c_str(), &here) == 0 && ::stat(path.c_str(), &there) == 0 &&
         here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

}  // namespace

std::optional<ServerSpace> SpaceOf(Session& session) {
  const ResultSet answer = session.Query("SELECT @@hostname, @@datadir");
  if (answer.empty()) return std::nullopt;
  const std::string folder = answer.Text(0, 1);
  if (const auto bytes = ByPlugin(session, folder)) return ServerSpace{*bytes, true};
  std::array<char, 256> own_name{};
  if (gethostname(own_name.data(), own_name.size() - 1) != 0) return std::nullopt;
  if (answer.Text(0, 0) != own_name.data()) return std::nullopt;
  struct statvfs space {};
  if (folder.empty() || statvfs(folder.c_str(), &space) != 0) return std::nullopt;
  return ServerSpace{std::uint64_t{space.f_bavail} * space.f_frsize,
                     IsSeenByServer(session, folder)};
}

std::optional<std::uint64_t> FreeBytes(Session& session) {
  const auto space = SpaceOf(session);
  return space ? std::optional(space->free_bytes) : std::nullopt;
}

}  // namespace dbomsbak
