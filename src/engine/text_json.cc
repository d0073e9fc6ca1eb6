#include "engine/text_json.h"

#include <nlohmann/json.hpp>

namespace dbomsbak {

using OrderedJson = nlohmann::ordered_json;

OrderedJson TextToJson(const std::string& text) {
  try {
    OrderedJson json = text;
    json.dump();
    return json;
  } catch (const OrderedJson::type_error&) {
    OrderedJson bytes = OrderedJson::array();
    for (const char c : text) bytes.push_back(static_cast<unsigned char>(c));
    return OrderedJson{{"bytes", bytes}};
  }
}

OrderedJson TextsToJson(const std::vector<std::string>& texts) {
  OrderedJson json = OrderedJson::array();
  for (const std::string& text : texts) json.push_back(TextToJson(text));
  return json;
}

std::string TextFromJson(const OrderedJson& json) {
  if (json.is_string()) return json.get<std::string>();
  std::string text;
  for (const OrderedJson& byte : json.at("bytes"))
    text += static_cast<char>(byte.get<unsigned char>());
  return text;
}

std::vector<std::string> TextsFromJson(const OrderedJson& json) {
  std::vector<std::string> texts;
  for (const OrderedJson& text : json) texts.push_back(TextFromJson(text));
  return texts;
}

}  // namespace dbomsbak
