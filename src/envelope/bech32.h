// Bech32 (BIP 173) as age's keys are written, without its limit of 90 characters.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dbomsbak/base/secret.h"

namespace dbomsbak {

// The bytes of a text with just this prefix, in its case. Nothing when a character, its case, the
// checksum or what pads the last byte is wrong.
std::optional<Secret> DecodeBech32(std::string_view text, std::string_view prefix);
// In lower case, as is `prefix`.
std::string EncodeBech32(std::string_view prefix, std::string_view bytes);

}  // namespace dbomsbak
