// OpenSSL's cryptography behind calls that throw. Nothing is computed here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dbomsbak/base/secret.h"

namespace dbomsbak {

// Lengths that differ from what a name says are a fault of the program (kInternal).

std::string RandomBytes(std::size_t size);
bool EqualInConstantTime(std::string_view a, std::string_view b) noexcept;

Secret HkdfSha256(std::string_view key, std::string_view salt, std::string_view info,
                  std::size_t size);

// Takes 128 * r * 2^log_n bytes of memory while it runs; Error kIo where they are not to be had.
Secret Scrypt(std::string_view passphrase, std::string_view salt, unsigned log_n, std::uint64_t r,
              std::uint64_t p, std::size_t size);

std::string X25519PublicKey(const Secret& secret);
// Nothing when `theirs` is of low order: what is shared would then be no secret.
std::optional<Secret> X25519Shared(const Secret& ours, std::string_view theirs);

std::string Ed25519PublicKey(const Secret& seed);
std::string Ed25519Sign(const Secret& seed, std::string_view message);
bool Ed25519Verify(std::string_view public_key, std::string_view message,
                   std::string_view signature);

constexpr std::size_t kKeyBytes = 32;        // of all that are used here
constexpr std::size_t kSealBytes = 16;       // of Poly1305
constexpr std::size_t kSignatureBytes = 64;  // of Ed25519

// One thread an object. Nonces have 12 bytes.
class ChaCha20Poly1305 {
 public:
  explicit ChaCha20Poly1305(const Secret& key);
  ~ChaCha20Poly1305();

  // Appends text.size() + kSealBytes bytes to `out`.
  void Seal(std::string_view nonce, std::string_view text, std::string& out);
  // Replaces `text`; false, with `text` wiped, when `sealed` is not what was sealed.
  bool Open(std::string_view nonce, std::string_view sealed, std::string& text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Blake2b512Hasher {
 public:
  Blake2b512Hasher();
  ~Blake2b512Hasher();
  void Update(std::string_view bytes);
  std::string Finish();  // 64 bytes, once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbomsbak
