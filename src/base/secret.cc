#include "dbomsbak/base/secret.h"

#include <openssl/crypto.h>

namespace dbomsbak {

void Wipe(void* data, std::size_t size) noexcept { OPENSSL_cleanse(data, size); }

// A moved-from string may keep its bytes (short strings are copied), so both sides are wiped.
Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  Wipe(other.text_.data(), other.text_.capacity());
  other.text_.clear();
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    Wipe(text_.data(), text_.capacity());
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    Wipe(text_.data(), text_.capacity());
    text_ = std::move(other.text_);
    Wipe(other.text_.data(), other.text_.capacity());
    other.text_.clear();
  }
  return *this;
}

Secret::~Secret() { Wipe(text_.data(), text_.capacity()); }

}  // namespace dbomsbak
