#include "dbomsbak/archive/records.h"

#include <algorithm>
#include <set>
#include <string>

namespace dbomsbak {
namespace {

bool Contains(const std::vector<std::pair<std::string, std::string>>& tables,
              const std::string& database, const std::string& table) {
  return std::any_of(tables.begin(), tables.end(), [&](const auto& known) {
    return known.first == database && known.second == table;
  });
}

}  // namespace

bool Scope::CoversKind(ObjectKind kind) const {
  return std::find(excluded_kinds.begin(), excluded_kinds.end(), kind) == excluded_kinds.end();
}

bool Scope::CoversTable(const std::string& database, const std::string& table) const {
  if (std::find(databases.begin(), databases.end(), database) == databases.end()) return false;
  if (!only_tables.empty() && !Contains(only_tables, database, table)) return false;
  return !Contains(ignored_tables, database, table);
}

bool Scope::Prunes(const std::string& database, const std::string& table) const {
  return Contains(pruned_tables, database, table);
}

bool Scope::only_pruned() const {
  if (no_data || no_create_info || row_filters.empty()) return false;
  std::set<std::string> names;
  for (const auto& [database, table] : pruned_tables) names.insert(database + "." + table);
  return std::all_of(row_filters.begin(), row_filters.end(),
                     [&](const auto& filter) { return names.contains(filter.first); });
}

}  // namespace dbomsbak
