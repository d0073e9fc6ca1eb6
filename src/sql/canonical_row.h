// The canonical form of one row on its way into XXH3-128.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dbomsbak/base/digest.h"

struct XXH3_state_s;

namespace dbomsbak {

// Cells go in, in column order; Finish() gives the hash of AppendCanonical*'s concatenation.
// Memory stays bounded however long a row is: a long one is hashed piece by piece.
class CanonicalRow {
 public:
  static constexpr std::size_t kMaxRoom = 64 * 1024;
  static constexpr bool kTakesText = false;  // values, not the text of numbers

  CanonicalRow();
  ~CanonicalRow();
  CanonicalRow(const CanonicalRow&) = delete;
  CanonicalRow& operator=(const CanonicalRow&) = delete;

  // Forgets a row left unfinished by an error.
  void Restart() noexcept;

  void Null();
  void Bytes(std::string_view bytes) {
    BeginCell(bytes.size());
    Append(bytes);
  }

  // A cell of `size` bytes, which follow by Append, or are written to Room and counted by Advance.
  // Error kUnsupported for a size that the format cannot say.
  void BeginCell(std::size_t size);
  void Append(std::string_view bytes);
  char* Room(std::size_t bytes);  // at most kMaxRoom, and kScanSlack bytes more
  void Advance(const char* new_end) noexcept {
    size_ = static_cast<std::size_t>(new_end - buffer_.get());
  }

  Uint128 Finish() noexcept;

 private:
  void Spill() noexcept;

  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0;
  XXH3_state_s* state_;
  bool streaming_ = false;
};

}  // namespace dbomsbak
