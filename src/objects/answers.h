// What stands in the answers of object stores: the few words of XML and JSON that are asked for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// The text between <`tag`> and </`tag`>, decoded, of the first such element; nothing without one.
std::optional<std::string> XmlText(std::string_view xml, std::string_view tag);
// What is within each <`tag`>, as it stands there.
std::vector<std::string_view> XmlParts(std::string_view xml, std::string_view tag);
// For text of an element.
std::string XmlEscaped(std::string_view text);
// %XX
std::string UriDecoded(std::string_view text);
// The member `name` of a flat JSON object where it is a string; else empty.
std::string JsonText(std::string_view json, std::string_view name);
// "2026-11-28T00:05:32.000Z" and "Sat, 28 Nov 2026 00:05:32 GMT"; 0 for what is neither.
long long TimeOf(std::string_view text);

}  // namespace dbomsbak
