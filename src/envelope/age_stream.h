// The payload of a file of age: chunks of 64 KiB, each sealed with its number and whether it is the
// last one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "envelope/primitives.h"

namespace dbomsbak {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
constexpr std::size_t kSealedChunkBytes = kChunkBytes + kSealBytes;
constexpr std::size_t kPayloadNonceBytes = 16;

inline Secret PayloadKey(const Secret& file_key, std::string_view nonce) {
  return HkdfSha256(file_key.Reveal(), nonce, "payload", kKeyBytes);
}

// 11 bytes of the number, big endian, and the flag.
inline std::string ChunkNonce(std::uint64_t number, bool last) {
  std::string nonce(12, '\0');
  nonce[11] = last ? '\1' : '\0';
  for (int i = 0; i < 8; ++i) nonce[10 - i] = static_cast<char>(number >> (8 * i) & 255);
  return nonce;
}

}  // namespace dbomsbak
