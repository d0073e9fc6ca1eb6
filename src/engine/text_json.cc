#include "engine/text_json.h"

#include <nlohmann/json.hpp>

namespace dbomsbak {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

Json TextToJson(const std::string& text) {
  try {
    Json json = text;
    json.dump();
    return json;
  } catch (const Json::type_error&) {
    Json bytes = Json::array();
    for (const char c : text) bytes.push_back(static_cast<unsigned char>(c));
    return Json{{"bytes", bytes}};
  }
}

Json TextsToJson(const std::vector<std::string>& texts) {
  Json json = Json::array();
  for (const std::string& text : texts) json.push_back(TextToJson(text));
  return json;
}

std::string TextFromJson(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  std::string text;
  for (const Json& byte : json.at("bytes")) text += static_cast<char>(byte.get<unsigned char>());
  return text;
}

std::vector<std::string> TextsFromJson(const Json& json) {
  std::vector<std::string> texts;
  for (const Json& text : json) texts.push_back(TextFromJson(text));
  return texts;
}

}  // namespace dbomsbak
