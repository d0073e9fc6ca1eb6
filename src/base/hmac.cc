#include "dbomsbak/base/hmac.h"

#include <openssl/evp.h>

#include <cstddef>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

Secret HmacSha256(std::string_view key, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(),
                reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, sizeof out,
                &size) == nullptr) {
    throw Error(ErrorCode::kInternal, "OpenSSL gives no HMAC-SHA256");
  }
  Secret result(std::string_view(reinterpret_cast<const char*>(out), size));
  Wipe(out, sizeof out);
  return result;
}

}  // namespace dbomsbak
