#include "catalog/answer.h"

#include <strings.h>

#include <charconv>

namespace dbomsbak {

std::optional<std::size_t> Answer::Find(std::string_view column) const {
  for (std::size_t i = 0; i < result_.columns.size(); ++i) {
    const std::string& name = result_.columns[i];
    if (name.size() == column.size() && strncasecmp(name.data(), column.data(), name.size()) == 0) {
      return i;
    }
  }
  return std::nullopt;
}

const Field& Answer::At(std::size_t row, std::string_view column) const {
  static const Field null;
  const auto index = Find(column);
  return index.has_value() ? result_.rows.at(row).at(*index) : null;
}

std::string Answer::Text(std::size_t row, std::string_view column) const {
  return At(row, column).value_or("");
}

std::uint64_t Answer::Number(std::size_t row, std::string_view column) const {
  const Field& field = At(row, column);
  std::uint64_t value = 0;
  if (field.has_value()) std::from_chars(field->data(), field->data() + field->size(), value);
  return value;
}

}  // namespace dbomsbak
