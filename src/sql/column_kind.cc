#include "dbomsbak/sql/column_kind.h"

#include <algorithm>
#include <array>
#include <utility>

namespace dbomsbak {
namespace {

constexpr std::array<std::pair<ValueClass, std::string_view>, 9> kWords{{
    {ValueClass::kInteger, "int"},
    {ValueClass::kDecimal, "decimal"},
    {ValueClass::kFloat32, "float32"},
    {ValueClass::kFloat64, "float64"},
    {ValueClass::kBits, "bits"},
    {ValueClass::kTemporal, "temporal"},
    {ValueClass::kText, "text"},
    {ValueClass::kBytes, "bytes"},
    {ValueClass::kEnum, "enum"},
}};

constexpr std::string_view kJson = "json";

bool HasCharset(ValueClass value_class) {
  return value_class == ValueClass::kText || value_class == ValueClass::kEnum;
}

// It becomes part of SQL text as an introducer, and it may come from a stranger's index.
bool IsCharsetName(std::string_view name) {
  return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

std::string ColumnKind::ToString() const {
  if (json) return std::string(kJson);
  std::string word;
  for (const auto& [known, text] : kWords) {
    if (known == value_class) word = text;
  }
  if (HasCharset(value_class)) {
    word.push_back(':');
    word += charset;
  }
  return word;
}

std::optional<ColumnKind> ColumnKind::Parse(std::string_view word) {
  if (word == kJson) return ColumnKind{ValueClass::kText, "utf8mb4", true};
  const std::size_t colon = word.find(':');
  const std::string_view name = word.substr(0, colon);
  for (const auto& [value_class, text] : kWords) {
    if (text != name) continue;
    if (!HasCharset(value_class)) {
      return colon == std::string_view::npos ? std::optional(ColumnKind{value_class, {}, false})
                                             : std::nullopt;
    }
    if (colon == std::string_view::npos || !IsCharsetName(word.substr(colon + 1))) {
      return std::nullopt;
    }
    return ColumnKind{value_class, std::string(word.substr(colon + 1)), false};
  }
  return std::nullopt;
}

}  // namespace dbomsbak
