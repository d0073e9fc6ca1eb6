#include "dbomsbak/base/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <cstring>
#include <new>

#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

int HexDigit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool DecodeHex(std::string_view text, unsigned char* out, std::size_t size) noexcept {
  if (text.size() != size * 2) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const int high = HexDigit(text[2 * i]);
    const int low = HexDigit(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    out[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return true;
}

}  // namespace

std::string Sha256Digest::hex() const { return ToHex(view()); }

std::optional<Sha256Digest> Sha256Digest::FromHex(std::string_view text) {
  Sha256Digest digest;
  if (!DecodeHex(text, digest.bytes.data(), digest.bytes.size())) return std::nullopt;
  return digest;
}

Sha256Digest Sha256Digest::FromBytes(std::string_view raw) {
  Sha256Digest digest;
  if (raw.size() != digest.bytes.size()) {
    throw Error(ErrorCode::kInternal, "a SHA-256 digest must have 32 bytes");
  }
  std::memcpy(digest.bytes.data(), raw.data(), raw.size());
  return digest;
}

struct Sha256Hasher::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  Impl() {
    if (context == nullptr) throw std::bad_alloc();
  }
  ~Impl() { EVP_MD_CTX_free(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Restart() {
    if (EVP_DigestInit_ex(context, EVP_sha256(), nullptr) != 1) {
      throw Error(ErrorCode::kInternal, "OpenSSL cannot compute SHA-256");
    }
  }
};

Sha256Hasher::Sha256Hasher() : impl_(std::make_unique<Impl>()) { impl_->Restart(); }
Sha256Hasher::~Sha256Hasher() = default;
Sha256Hasher::Sha256Hasher(Sha256Hasher&&) noexcept = default;
Sha256Hasher& Sha256Hasher::operator=(Sha256Hasher&&) noexcept = default;

void Sha256Hasher::Update(std::string_view bytes) {
  if (EVP_DigestUpdate(impl_->context, bytes.data(), bytes.size()) != 1) {
    throw Error(ErrorCode::kInternal, "OpenSSL cannot compute SHA-256");
  }
}

Sha256Digest Sha256Hasher::Finish() {
  Sha256Digest digest;
  unsigned size = 0;
  if (EVP_DigestFinal_ex(impl_->context, digest.bytes.data(), &size) != 1 ||
      size != digest.bytes.size()) {
    throw Error(ErrorCode::kInternal, "OpenSSL cannot compute SHA-256");
  }
  impl_->Restart();
  return digest;
}

Sha256Digest Sha256Hasher::SoFar() const {
  Impl copy;
  Sha256Digest digest;
  unsigned size = 0;
  if (EVP_MD_CTX_copy_ex(copy.context, impl_->context) != 1 ||
      EVP_DigestFinal_ex(copy.context, digest.bytes.data(), &size) != 1 ||
      size != digest.bytes.size()) {
    throw Error(ErrorCode::kInternal, "OpenSSL cannot compute SHA-256");
  }
  return digest;
}

Sha256Digest Sha256(std::string_view bytes) {
  Sha256Hasher hasher;
  hasher.Update(bytes);
  return hasher.Finish();
}

std::string Uint128::hex() const {
  std::string big_endian;
  for (int i = 7; i >= 0; --i) big_endian.push_back(static_cast<char>((high >> (8 * i)) & 0xFF));
  for (int i = 7; i >= 0; --i) big_endian.push_back(static_cast<char>((low >> (8 * i)) & 0xFF));
  return ToHex(big_endian);
}

std::optional<Uint128> Uint128::FromHex(std::string_view text) {
  unsigned char raw[16];
  if (!DecodeHex(text, raw, sizeof raw)) return std::nullopt;
  Uint128 value;
  for (int i = 0; i < 8; ++i) value.high = value.high << 8 | raw[i];
  for (int i = 8; i < 16; ++i) value.low = value.low << 8 | raw[i];
  return value;
}

Uint128 Xxh3(std::string_view bytes) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.high64, hash.low64};
}

}  // namespace dbomsbak
