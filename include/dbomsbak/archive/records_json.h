// Header and objects as JSON text, and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dbomsbak/archive/records.h"

namespace dbomsbak {

// One line without its newline. Error kUnsupported when a name or text is no valid UTF-8.
std::string ToJson(const HeaderRecord& header);
std::string ToJson(const ObjectRecord& object);

// Empty when the text is no such record: no JSON, a field of the wrong type, a required one
// missing. Unknown fields are ignored. The caller has bounded the text's size.
std::optional<HeaderRecord> HeaderFromJson(std::string_view text);
std::optional<ObjectRecord> ObjectFromJson(std::string_view text);

}  // namespace dbomsbak
