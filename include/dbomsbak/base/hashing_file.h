// A file that knows what went through it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

// Passes on what is written and keeps its SHA-256 and size. `out` must outlive it.
class HashingFile final : public WritableFile {
 public:
  explicit HashingFile(WritableFile& out) : out_(out) {}
  void Append(std::string_view bytes) override {
    out_.Append(bytes);
    hasher_.Update(bytes);
    bytes_ += bytes.size();
  }
  void Sync() override { out_.Sync(); }
  void Close() override { out_.Close(); }
  const std::string& name() const override { return out_.name(); }

  std::uint64_t bytes() const { return bytes_; }
  Sha256Digest sha256() const { return hasher_.SoFar(); }

 private:
  WritableFile& out_;
  Sha256Hasher hasher_;
  std::uint64_t bytes_ = 0;
};

}  // namespace dbomsbak
