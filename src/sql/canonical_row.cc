#include "sql/canonical_row.h"

#include <xxhash.h>

#include <cstring>
#include <new>

#include "dbomsbak/base/error.h"
#include "sql/text_scan.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kCapacity = 2 * CanonicalRow::kMaxRoom;
constexpr std::uint32_t kNullLength = 0xFFFFFFFF;

void StoreU32(std::uint32_t value, char* out) noexcept {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>((value >> (8 * i)) & 0xFF);
}

}  // namespace

CanonicalRow::CanonicalRow()
    : buffer_(new char[kCapacity + kScanSlack]), state_(XXH3_createState()) {
  if (state_ == nullptr) throw std::bad_alloc();
}

CanonicalRow::~CanonicalRow() { XXH3_freeState(state_); }

void CanonicalRow::Restart() noexcept {
  size_ = 0;
  streaming_ = false;
}

void CanonicalRow::Spill() noexcept {
  if (!streaming_) {
    XXH3_128bits_reset(state_);
    streaming_ = true;
  }
  XXH3_128bits_update(state_, buffer_.get(), size_);
  size_ = 0;
}

char* CanonicalRow::Room(std::size_t bytes) {
  if (kCapacity - size_ < bytes) Spill();
  return buffer_.get() + size_;
}

void CanonicalRow::Null() {
  char* const out = Room(4);
  StoreU32(kNullLength, out);
  Advance(out + 4);
}

void CanonicalRow::BeginCell(std::size_t size) {
  if (size >= kNullLength) {
    throw Error(ErrorCode::kUnsupported, "a value of 4 GiB or more cannot be stored");
  }
  char* const out = Room(4);
  StoreU32(static_cast<std::uint32_t>(size), out);
  Advance(out + 4);
}

void CanonicalRow::Append(std::string_view bytes) {
  if (bytes.size() <= kCapacity - size_) {
    if (!bytes.empty()) std::memcpy(buffer_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return;
  }
  Spill();
  if (bytes.size() > kMaxRoom) {
    XXH3_128bits_update(state_, bytes.data(), bytes.size());
  } else {
    std::memcpy(buffer_.get(), bytes.data(), bytes.size());
    size_ = bytes.size();
  }
}

Uint128 CanonicalRow::Finish() noexcept {
  if (!streaming_) {
    const Uint128 hash = Xxh3({buffer_.get(), size_});
    size_ = 0;
    return hash;
  }
  Spill();
  const XXH128_hash_t hash = XXH3_128bits_digest(state_);
  streaming_ = false;
  return {hash.high64, hash.low64};
}

}  // namespace dbomsbak
