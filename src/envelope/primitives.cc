#include "envelope/primitives.h"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <new>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kNonceBytes = 12;

[[noreturn]] void Fail(std::string_view what) {
  throw Error(ErrorCode::kInternal, fmt::format("OpenSSL cannot compute {}", what));
}

void Require(bool well, std::string_view what) {
  if (!well) Fail(what);
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* Bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// OpenSSL's parameters are not const, and only read.
OSSL_PARAM Octets(const char* name, std::string_view bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
}

Secret Taken(std::string& bytes) {
  Secret secret(bytes);
  Wipe(bytes.data(), bytes.size());
  return secret;
}

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const noexcept {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freer<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Freer<EVP_CIPHER_CTX_free>>;
using Kdf = std::unique_ptr<EVP_KDF, Freer<EVP_KDF_free>>;
using KdfContext = std::unique_ptr<EVP_KDF_CTX, Freer<EVP_KDF_CTX_free>>;

Key PrivateKey(int type, const Secret& raw, std::string_view what) {
  Require(raw.Reveal().size() == kKeyBytes, what);
  Key key(EVP_PKEY_new_raw_private_key(type, nullptr, Bytes(std::string_view(raw.Reveal())),
                                       kKeyBytes));
  Require(key != nullptr, what);
  return key;
}

Key PublicKey(int type, std::string_view raw, std::string_view what) {
  Require(raw.size() == kKeyBytes, what);
  Key key(EVP_PKEY_new_raw_public_key(type, nullptr, Bytes(raw), kKeyBytes));
  Require(key != nullptr, what);
  return key;
}

std::string PublicHalf(int type, const Secret& raw, std::string_view what) {
  const Key key = PrivateKey(type, raw, what);
  std::string half(kKeyBytes, '\0');
  std::size_t size = half.size();
  Require(EVP_PKEY_get_raw_public_key(key.get(), Bytes(half), &size) == 1 && size == kKeyBytes,
          what);
  return half;
}

}  // namespace

std::string RandomBytes(std::size_t size) {
  std::string bytes(size, '\0');
  Require(RAND_bytes(Bytes(bytes), static_cast<int>(size)) == 1, "random bytes");
  return bytes;
}

bool EqualInConstantTime(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Secret HkdfSha256(std::string_view key, std::string_view salt, std::string_view info,
                  std::size_t size) {
  constexpr std::string_view kWhat = "HKDF-SHA-256";
  const Kdf kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  Require(kdf != nullptr, kWhat);
  const KdfContext context(EVP_KDF_CTX_new(kdf.get()));
  Require(context != nullptr, kWhat);
  char digest[] = "SHA256";
  OSSL_PARAM parameters[5];
  std::size_t count = 0;
  parameters[count++] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
  parameters[count++] = Octets(OSSL_KDF_PARAM_KEY, key);
  parameters[count++] = Octets(OSSL_KDF_PARAM_INFO, info);
  if (!salt.empty()) parameters[count++] = Octets(OSSL_KDF_PARAM_SALT, salt);
  parameters[count] = OSSL_PARAM_construct_end();
  std::string bytes(size, '\0');
  Require(EVP_KDF_derive(context.get(), Bytes(bytes), size, parameters) == 1, kWhat);
  return Taken(bytes);
}

Secret Scrypt(std::string_view passphrase, std::string_view salt, unsigned log_n, std::uint64_t r,
              std::uint64_t p, std::size_t size) {
  const std::uint64_t n = std::uint64_t{1} << log_n;
  const std::uint64_t room = 128 * r * (n + p) + (std::uint64_t{1} << 20);
  std::string bytes(size, '\0');
  if (EVP_PBE_scrypt(passphrase.data(), passphrase.size(), Bytes(salt), salt.size(), n, r, p, room,
                     Bytes(bytes), size) != 1) {
    throw Error(
        ErrorCode::kIo,
        fmt::format("the {} MiB of memory that the passphrase takes are not to be had", room >> 20),
        "Free some memory, or use a key in place of a passphrase.");
  }
  return Taken(bytes);
}

std::string X25519PublicKey(const Secret& secret) {
  return PublicHalf(EVP_PKEY_X25519, secret, "X25519");
}

std::optional<Secret> X25519Shared(const Secret& ours, std::string_view theirs) {
  constexpr std::string_view kWhat = "X25519";
  const Key key = PrivateKey(EVP_PKEY_X25519, ours, kWhat);
  const Key peer = PublicKey(EVP_PKEY_X25519, theirs, kWhat);
  const KeyContext context(EVP_PKEY_CTX_new(key.get(), nullptr));
  Require(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1 &&
              EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1,
          kWhat);
  std::string bytes(kKeyBytes, '\0');
  std::size_t size = bytes.size();
  // OpenSSL refuses what is all zero by itself.
  if (EVP_PKEY_derive(context.get(), Bytes(bytes), &size) != 1) return std::nullopt;
  Require(size == kKeyBytes, kWhat);
  if (EqualInConstantTime(bytes, std::string(kKeyBytes, '\0'))) return std::nullopt;
  return Taken(bytes);
}

std::string Ed25519PublicKey(const Secret& seed) {
  return PublicHalf(EVP_PKEY_ED25519, seed, "Ed25519");
}

std::string Ed25519Sign(const Secret& seed, std::string_view message) {
  constexpr std::string_view kWhat = "Ed25519";
  const Key key = PrivateKey(EVP_PKEY_ED25519, seed, kWhat);
  const DigestContext context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  std::size_t size = signature.size();
  Require(context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
              EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(message),
                             message.size()) == 1 &&
              size == kSignatureBytes,
          kWhat);
  return signature;
}

bool Ed25519Verify(std::string_view public_key, std::string_view message,
                   std::string_view signature) {
  constexpr std::string_view kWhat = "Ed25519";
  const Key key = PublicKey(EVP_PKEY_ED25519, public_key, kWhat);
  const DigestContext context(EVP_MD_CTX_new());
  Require(context != nullptr &&
              EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1,
          kWhat);
  return EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

struct ChaCha20Poly1305::Impl {
  CipherContext context{EVP_CIPHER_CTX_new()};
  Secret key;

  void Begin(std::string_view nonce, bool seal) {
    Require(nonce.size() == kNonceBytes && context != nullptr &&
                EVP_CipherInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr,
                                  Bytes(std::string_view(key.Reveal())), Bytes(nonce),
                                  seal ? 1 : 0) == 1,
            "ChaCha20-Poly1305");
  }
};

ChaCha20Poly1305::ChaCha20Poly1305(const Secret& key) : impl_(std::make_unique<Impl>()) {
  Require(key.Reveal().size() == kKeyBytes, "ChaCha20-Poly1305");
  impl_->key = key;
}
ChaCha20Poly1305::~ChaCha20Poly1305() = default;

void ChaCha20Poly1305::Seal(std::string_view nonce, std::string_view text, std::string& out) {
  impl_->Begin(nonce, true);
  const std::size_t at = out.size();
  out.resize(at + text.size() + kSealBytes);
  int size = 0, last = 0;
  EVP_CIPHER_CTX* const context = impl_->context.get();
  Require(EVP_CipherUpdate(context, Bytes(out) + at, &size, Bytes(text),
                           static_cast<int>(text.size())) == 1 &&
              EVP_CipherFinal_ex(context, Bytes(out) + at + size, &last) == 1 &&
              static_cast<std::size_t>(size) + static_cast<std::size_t>(last) == text.size() &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kSealBytes,
                                  Bytes(out) + at + text.size()) == 1,
          "ChaCha20-Poly1305");
}

bool ChaCha20Poly1305::Open(std::string_view nonce, std::string_view sealed, std::string& text) {
  if (sealed.size() < kSealBytes) return false;
  impl_->Begin(nonce, false);
  const std::string_view body = sealed.substr(0, sealed.size() - kSealBytes);
  std::string seal(sealed.substr(body.size()));
  text.resize(body.size());
  int size = 0, last = 0;
  EVP_CIPHER_CTX* const context = impl_->context.get();
  Require(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kSealBytes, seal.data()) == 1 &&
              EVP_CipherUpdate(context, Bytes(text), &size, Bytes(body),
                               static_cast<int>(body.size())) == 1,
          "ChaCha20-Poly1305");
  unsigned char nothing[kSealBytes];
  if (EVP_CipherFinal_ex(context, nothing, &last) == 1 &&
      static_cast<std::size_t>(size) + static_cast<std::size_t>(last) == body.size()) {
    return true;
  }
  Wipe(text.data(), text.size());
  text.clear();
  return false;
}

struct Blake2b512Hasher::Impl {
  DigestContext context{EVP_MD_CTX_new()};
};

Blake2b512Hasher::Blake2b512Hasher() : impl_(std::make_unique<Impl>()) {
  Require(impl_->context != nullptr &&
              EVP_DigestInit_ex(impl_->context.get(), EVP_blake2b512(), nullptr) == 1,
          "BLAKE2b-512");
}
Blake2b512Hasher::~Blake2b512Hasher() = default;

void Blake2b512Hasher::Update(std::string_view bytes) {
  Require(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()) == 1, "BLAKE2b-512");
}

std::string Blake2b512Hasher::Finish() {
  std::string digest(64, '\0');
  unsigned size = 0;
  Require(EVP_DigestFinal_ex(impl_->context.get(), Bytes(digest), &size) == 1 && size == 64,
          "BLAKE2b-512");
  return digest;
}

}  // namespace dbomsbak
