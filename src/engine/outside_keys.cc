// Foreign keys of tables that leave, into tables that do not.
#include <map>
#include <set>

#include "engine/foreign_key_lines.h"
#include "engine/set_swap.h"

namespace dbomsbak {
std::vector<KeyDefinition> OutsideKeysOf(const PreparedSet& set) {
  std::map<std::string, std::set<std::string>> leaving;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    leaving[set.members[i].live].insert(set.outgoing[i].begin(), set.outgoing[i].end());
  }
  std::vector<KeyDefinition> keys;
  for (const Database& database : set.before) {
    for (const Table& table : database.tables) {
      if (!leaving[database.name].contains(table.id.name)) continue;
      for (const ForeignKeyLine& key : ForeignKeyLines(table.create)) {
        const std::string& parent =
            key.parent_database.empty() ? database.name : key.parent_database;
        if (leaving[parent].contains(key.parent_table)) continue;
        keys.push_back({database.name, table.id.name, key.name, key.definition});
      }
    }
  }
  return keys;
}

}  // namespace dbomsbak
