// Bytes as a file with a path, for what opens its files itself.
#pragma once

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "fuzz/fuzz.h"

namespace dbomsbak::fuzz {

class FileOf {
 public:
  explicit FileOf(std::string_view bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    Require(descriptor_ >= 0 && fchmod(descriptor_, 0600) == 0, "a file can be made");
    while (!bytes.empty()) {
      const ssize_t count = write(descriptor_, bytes.data(), bytes.size());
      Require(count > 0, "a file can be written");
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  ~FileOf() { close(descriptor_); }
  FileOf(const FileOf&) = delete;
  FileOf& operator=(const FileOf&) = delete;

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  const int descriptor_;
};

}  // namespace dbomsbak::fuzz
