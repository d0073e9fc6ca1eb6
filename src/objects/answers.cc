#include "objects/answers.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

std::string Decoded(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> kNamed{
      {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string decoded;
  while (!text.empty()) {
    bool known = false;
    for (const auto& [name, c] : kNamed) {
      if (!text.starts_with(name)) continue;
      decoded += c;
      text.remove_prefix(name.size());
      known = true;
      break;
    }
    if (known) continue;
    if (text.starts_with("&#34;")) {  // as some spell the quotes of an ETag
      decoded += '"';
      text.remove_prefix(5);
      continue;
    }
    decoded += text.front();
    text.remove_prefix(1);
  }
  return decoded;
}

}  // namespace

std::vector<std::string_view> XmlParts(std::string_view xml, std::string_view tag) {
  const std::string begin = fmt::format("<{}", tag), end = fmt::format("</{}>", tag);
  std::vector<std::string_view> parts;
  for (std::size_t at = 0; (at = xml.find(begin, at)) != std::string_view::npos;) {
    at += begin.size();
    if (at >= xml.size()) break;
    if (xml[at] != '>' && xml[at] != ' ') continue;  // a longer name
    const std::size_t text = xml.find('>', at);
    if (text == std::string_view::npos) break;
    const std::size_t until = xml.find(end, text);
    if (until == std::string_view::npos) break;
    parts.push_back(xml.substr(text + 1, until - text - 1));
    at = until + end.size();
  }
  return parts;
}

std::optional<std::string> XmlText(std::string_view xml, std::string_view tag) {
  const std::vector<std::string_view> parts = XmlParts(xml, tag);
  if (parts.empty()) return std::nullopt;
  return Decoded(parts.front());
}

std::string XmlEscaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string UriDecoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::string JsonText(std::string_view json, std::string_view name) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object()) return "";
  const auto found = parsed.find(name);
  return found != parsed.end() && found->is_string() ? found->get<std::string>() : "";
}

long long TimeOf(std::string_view text) {
  if (text.size() >= 20 && text[10] == 'T') {
    return ParseUtc(std::string(text.substr(0, 19)) + "Z").value_or(0);
  }
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() < 29) return 0;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return 0;
  return ParseUtc(fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1,
                              text.substr(5, 2), text.substr(17, 8)))
      .value_or(0);
}

}  // namespace dbomsbak
