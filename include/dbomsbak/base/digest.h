// SHA-256 (damage of files) and XXH3-128 (rows of tables).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dbomsbak {

// A SHA-256 value.
struct Sha256Digest {
  std::array<unsigned char, 32> bytes{};

  std::string hex() const;                                            // 64 lower-case digits
  static std::optional<Sha256Digest> FromHex(std::string_view text);  // either case
  static Sha256Digest FromBytes(std::string_view raw);                // exactly 32 bytes
  std::string_view view() const noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  friend bool operator==(const Sha256Digest&, const Sha256Digest&) = default;
};

Sha256Digest Sha256(std::string_view bytes);

// Incremental SHA-256 over OpenSSL. One thread at a time.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

  void Update(std::string_view bytes);
  // The digest of all bytes so far; the hasher starts afresh.
  Sha256Digest Finish();
  // The digest of all bytes so far; the hasher goes on.
  Sha256Digest SoFar() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// An unsigned 128-bit sum, as row digests need it. Addition wraps.
struct Uint128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  Uint128& operator+=(const Uint128& other) noexcept {
    low += other.low;
    high += other.high + (low < other.low ? 1 : 0);
    return *this;
  }
  friend bool operator==(const Uint128&, const Uint128&) = default;

  std::string hex() const;  // 32 lower-case digits, most significant first
  static std::optional<Uint128> FromHex(std::string_view text);
};

// XXH3, 128 bits, seed 0.
Uint128 Xxh3(std::string_view bytes) noexcept;

}  // namespace dbomsbak
