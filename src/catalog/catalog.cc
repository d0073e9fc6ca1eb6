#include "dbomsbak/catalog/catalog.h"

#include <algorithm>

namespace dbomsbak {

std::vector<const Column*> Table::StoredColumns() const {
  std::vector<const Column*> stored;
  for (const Column& column : columns) {
    if (!column.generated) stored.push_back(&column);
  }
  return stored;
}

const Database* Catalog::Find(const std::string& database) const {
  for (const Database& candidate : databases) {
    if (candidate.name == database) return &candidate;
  }
  return nullptr;
}

bool Catalog::HasRoutines() const {
  return std::any_of(databases.begin(), databases.end(),
                     [](const Database& database) { return !database.routines.empty(); });
}

std::vector<std::string> ListDatabases(Session& session) {
  const ResultSet answer = session.Query("SHOW DATABASES");
  std::vector<std::string> names;
  for (std::size_t row = 0; row < answer.rows.size(); ++row) names.push_back(answer.Text(row, 0));
  return names;
}

}  // namespace dbomsbak
