#include "dbomsbak/archive/records.h"

#include <algorithm>

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

}  // namespace dbomsbak
