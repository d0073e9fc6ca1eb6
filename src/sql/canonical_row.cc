#include "sql/canonical_row.h"

#include <xxhash.h>

#include <cstring>
#include <new>

#include "dbomsbak/base/error.h"
#include "sql/text_scan.h"

namespace dbomsbak {

CanonicalRow::CanonicalRow() : buffer_(new char[kCapacity + kSlack]), state_(XXH3_createState()) {
  static_assert(kSlack >= kScanSlack);
  if (state_ == nullptr) throw std::bad_alloc();
}

CanonicalRow::~CanonicalRow() { XXH3_freeState(state_); }

void CanonicalRow::Spill() noexcept {
  if (!streaming_) {
    XXH3_128bits_reset(state_);
    streaming_ = true;
  }
  XXH3_128bits_update(state_, buffer_.get(), size_);
  size_ = 0;
}

void CanonicalRow::ThrowTooLong() {
  throw Error(ErrorCode::kUnsupported, "a value of 4 GiB or more cannot be stored",
              "Leave its table out of the dump (--ignore-table).");
}

void CanonicalRow::AppendBeyond(std::string_view bytes) {
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
