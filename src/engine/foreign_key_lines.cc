#include "engine/foreign_key_lines.h"

#include <algorithm>

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
  key.parent_table = TakeQuotedName(line, at);
  if (line.substr(at).starts_with(".`")) {
    key.parent_database = std::move(key.parent_table);
    key.parent_table = TakeQuotedName(line, ++at);
  }
  at = kConstraint.size() - 1;
  key.name = TakeQuotedName(line, at);
  key.definition = line;
  return key;
}

}  // namespace

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
