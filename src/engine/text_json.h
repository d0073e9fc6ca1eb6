// Names and definitions in JSON that is pure ASCII, so that no charset on its way can change it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace dbomsbak {

// Definitions come as UTF-8; should a server hand out other bytes, they are kept as they are. What
// these return is dumped with ensure_ascii.
nlohmann::ordered_json TextToJson(const std::string& text);
nlohmann::ordered_json TextsToJson(const std::vector<std::string>& texts);

// Errors: nlohmann's own, for what the above never make.
std::string TextFromJson(const nlohmann::ordered_json& json);
std::vector<std::string> TextsFromJson(const nlohmann::ordered_json& json);

}  // namespace dbomsbak
