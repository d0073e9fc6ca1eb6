// The canonical form of one row on its way into XXH3-128.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "dbomsbak/base/digest.h"

struct XXH3_state_s;

namespace dbomsbak {

// Cells go in, in column order; Finish() gives the hash of AppendCanonical*'s concatenation.
// Memory stays bounded however long a row is: a long one is hashed piece by piece, all others are
// one buffer that is hashed once.
class CanonicalRow {
 public:
  static constexpr std::size_t kMaxRoom = 64 * 1024;
  static constexpr bool kTakesText = false;     // values, not the text of numbers
  static constexpr bool kIsOneBuffer = true;    // has here() and CellEnd
  static constexpr std::ptrdiff_t kLength = 4;  // bytes before those of a cell
  static constexpr std::size_t kHereSlack = 32;

  CanonicalRow();
  ~CanonicalRow();
  CanonicalRow(const CanonicalRow&) = delete;
  CanonicalRow& operator=(const CanonicalRow&) = delete;

  // Forgets a row left unfinished by an error.
  void Restart() noexcept {
    size_ = 0;
    streaming_ = false;
  }

  void Null() {
    StoreLength(kNullLength, Room(kLength));
    size_ += kLength;
  }
  void Bytes(std::string_view bytes) {
    BeginCell(bytes.size());
    Append(bytes);
  }

  // A cell of `size` bytes, which follow by Append, or are written to Room and counted by Advance.
  // Error kUnsupported for a size that the format cannot say.
  void BeginCell(std::size_t size) {
    if (size >= kNullLength) ThrowTooLong();
    StoreLength(static_cast<std::uint32_t>(size), Room(kLength));
    size_ += kLength;
  }
  void Append(std::string_view bytes) {
    if (bytes.size() > kCapacity - size_) {
      AppendBeyond(bytes);
      return;
    }
    if (!bytes.empty()) std::memcpy(buffer_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  // At most kMaxRoom, and kScanSlack bytes more.
  char* Room(std::size_t bytes) {
    if (kCapacity - size_ < bytes) Spill();
    return buffer_.get() + size_;
  }
  void Advance(const char* new_end) noexcept {
    size_ = static_cast<std::size_t>(new_end - buffer_.get());
  }

  // Cells whose size is not known before: the first begins here(), and a value, behind kLength
  // bytes of its cell, begins at here_end() at the latest; kHereSlack bytes beyond that may be
  // written to. CellEnd and NullEnd complete a cell and tell where the next begins; Advance makes
  // them all part of the row. There may be no room at all.
  char* here() const noexcept { return buffer_.get() + size_; }
  const char* here_end() const noexcept { return buffer_.get() + kCapacity + kSlack - kHereSlack; }
  static char* CellEnd(char* cell, char* value_end) noexcept {
    StoreLength(static_cast<std::uint32_t>(value_end - cell - kLength), cell);
    return value_end;
  }
  static char* NullEnd(char* cell) noexcept {
    StoreLength(kNullLength, cell);
    return cell + kLength;
  }

  Uint128 Finish() noexcept;

 private:
  static constexpr std::size_t kCapacity = 2 * kMaxRoom;
  static constexpr std::size_t kSlack = 16;  // at least kScanSlack
  static constexpr std::uint32_t kNullLength = 0xFFFFFFFF;

  static void StoreLength(std::uint32_t value, char* out) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
      std::memcpy(out, &value, sizeof value);
    } else {
      for (int i = 0; i < 4; ++i) out[i] = static_cast<char>((value >> (8 * i)) & 0xFF);
    }
  }
  [[noreturn]] static void ThrowTooLong();
  void Spill() noexcept;
  void AppendBeyond(std::string_view bytes);

  std::unique_ptr<char[]> buffer_;
  std::size_t size_ = 0;
  XXH3_state_s* state_;
  bool streaming_ = false;
};

}  // namespace dbomsbak
