// Base64 (RFC 4648, section 4), taken at its word: one text for one byte string.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbomsbak {

std::string EncodeBase64(std::string_view bytes, bool padded);
// Nothing for what EncodeBase64 does not write: other characters, padding where none belongs or
// none where it does, bits that are left over.
std::optional<std::string> DecodeBase64(std::string_view text, bool padded);

}  // namespace dbomsbak
