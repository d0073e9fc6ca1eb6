#include "engine/foreign_key_lines.h"

#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/unquoted.h"

namespace dbomsbak {
namespace {

// An empty name when the line is none.
ForeignKeyLine ReadKeyLine(std::string_view line) {
  constexpr std::string_view kConstraint = "CONSTRAINT `", kReferences = " REFERENCES ";
  ForeignKeyLine key;
  if (!line.starts_with(kConstraint) ||
      FindUnquoted(line, " FOREIGN KEY (") == std::string_view::npos) {
    return key;
  }
  std::size_t at = FindUnquoted(line, kReferences);
  if (at == std::string_view::npos) return key;
  at += kReferences.size();
  const std::size_t parent_offset = at;
  key.parent_table = TakeQuotedName(line, at);
  if (line.substr(at).starts_with(".`")) {
    key.parent_database = std::move(key.parent_table);
    key.parent_table = TakeQuotedName(line, ++at);
  }
  key.rest_offset = at;
  at = kConstraint.size() - 1;
  key.name = TakeQuotedName(line, at);
  key.between_offset = at;
  key.between_length = parent_offset - at;
  key.definition = line;
  return key;
}

}  // namespace

std::string ForeignKeyLine::Pointing(std::string_view other_name,
                                     const std::string& database) const {
  return fmt::format("CONSTRAINT {}{}{}{}", QuoteIdentifier(other_name),
                     definition.substr(between_offset, between_length),
                     QuoteQualified(database, parent_table), definition.substr(rest_offset));
}

std::vector<ForeignKeyLine> ForeignKeyLines(std::string_view create_table) {
  std::vector<ForeignKeyLine> keys;
  // Strings in the text have no line ends of their own: the server prints them as \n.
  for (std::size_t begin = 0; begin < create_table.size();) {
    const std::size_t end = std::min(create_table.find('\n', begin), create_table.size());
    std::string_view line = create_table.substr(begin, end - begin);
    begin = end + 1;
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    if (line.ends_with(',')) line.remove_suffix(1);
    ForeignKeyLine key = ReadKeyLine(line);
    if (!key.name.empty()) keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace dbomsbak
