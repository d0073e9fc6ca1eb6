#include "engine/disk_space.h"

#include <sys/statvfs.h>
#include <unistd.h>

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

}  // namespace

std::optional<std::uint64_t> FreeBytes(Session& session) {
  const ResultSet answer = session.Query("SELECT @@hostname, @@datadir");
  if (answer.empty()) return std::nullopt;
  const std::string folder = answer.Text(0, 1);
  if (const auto bytes = ByPlugin(session, folder)) return bytes;
  std::array<char, 256> own_name{};
  if (gethostname(own_name.data(), own_name.size() - 1) != 0) return std::nullopt;
  if (answer.Text(0, 0) != own_name.data()) return std::nullopt;
  struct statvfs space {};
  if (folder.empty() || statvfs(folder.c_str(), &space) != 0) return std::nullopt;
  return std::uint64_t{space.f_bavail} * space.f_frsize;
}

}  // namespace dbomsbak
