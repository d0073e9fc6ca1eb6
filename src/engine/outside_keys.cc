// Foreign keys of tables that leave, into tables that do not.
#include <algorithm>
#include <map>
#include <set>

#include "dbomsbak/sql/unquoted.h"
#include "engine/set_swap.h"

namespace dbomsbak {
namespace {

struct KeyLine {
  std::string name, parent_database, parent_table;
};

// A line of SHOW CREATE TABLE as a foreign key; an empty name when it is none.
KeyLine ReadKeyLine(std::string_view line) {
  constexpr std::string_view kConstraint = "CONSTRAINT `", kReferences = " REFERENCES ";
  KeyLine key;
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
  return key;
}

}  // namespace

std::vector<KeyDefinition> OutsideKeysOf(const PreparedSet& set) {
  std::map<std::string, std::set<std::string>> leaving;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    leaving[set.members[i].live].insert(set.outgoing[i].begin(), set.outgoing[i].end());
  }
  std::vector<KeyDefinition> keys;
  for (const Database& database : set.before) {
    for (const Table& table : database.tables) {
      if (!leaving[database.name].contains(table.id.name)) continue;
      // Strings in the text have no line ends of their own: the server prints them as \n.
      for (std::size_t begin = 0; begin < table.create.size();) {
        const std::size_t end = std::min(table.create.find('\n', begin), table.create.size());
        std::string_view line(table.create.data() + begin, end - begin);
        begin = end + 1;
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        if (line.ends_with(',')) line.remove_suffix(1);
        const KeyLine key = ReadKeyLine(line);
        if (key.name.empty()) continue;
        const std::string& parent =
            key.parent_database.empty() ? database.name : key.parent_database;
        if (leaving[parent].contains(key.parent_table)) continue;
        keys.push_back({database.name, table.id.name, key.name, std::string(line)});
      }
    }
  }
  return keys;
}

}  // namespace dbomsbak
