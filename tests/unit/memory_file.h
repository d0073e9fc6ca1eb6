// Files in memory, for tests.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "dbomsbak/base/file.h"

namespace dbomsbak {

// Keeps what was appended.
class MemoryWritableFile final : public WritableFile {
 public:
  explicit MemoryWritableFile(std::string name = "memory") : name_(std::move(name)) {}
  void Append(std::string_view bytes) override { bytes_ += bytes; }
  void Sync() override {}
  void Close() override {}
  const std::string& name() const override { return name_; }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string name_;
  std::string bytes_;
};

// Serves its bytes.
class MemoryReadableFile final : public RandomAccessFile {
 public:
  explicit MemoryReadableFile(std::string bytes, std::string name = "memory")
      : bytes_(std::move(bytes)), name_(std::move(name)) {}

  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override {
    if (offset >= bytes_.size()) return 0;
    const std::size_t count = std::min<std::size_t>(size, bytes_.size() - offset);
    std::memcpy(out, bytes_.data() + offset, count);
    return count;
  }
  std::uint64_t Size() const override { return bytes_.size(); }
  const std::string& name() const override { return name_; }

  std::string& bytes() { return bytes_; }

 private:
  std::string bytes_;
  std::string name_;
};

inline std::shared_ptr<const RandomAccessFile> InMemory(std::string bytes) {
  return std::make_shared<MemoryReadableFile>(std::move(bytes));
}

}  // namespace dbomsbak
