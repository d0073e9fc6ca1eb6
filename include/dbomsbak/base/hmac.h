// HMAC-SHA-256 over OpenSSL.
#pragma once

#include <string_view>

#include "dbomsbak/base/secret.h"

namespace dbomsbak {

// 32 bytes. Any thread.
Secret HmacSha256(std::string_view key, std::string_view text);

}  // namespace dbomsbak
