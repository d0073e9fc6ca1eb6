#include "engine/outside_references.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "dbomsbak/base/object_id.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// One question a database: a condition on one name is the only one the server answers without
// looking everywhere.
std::vector<OutsideKey> KeysInto(Session& session, const std::string& parent) {
  const ResultSet answer = session.Query(
      fmt::format("SELECT DISTINCT CONSTRAINT_NAME, TABLE_SCHEMA, TABLE_NAME, "
                  "REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM "
                  "information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA = {} "
                  "ORDER BY 2, 3, 1",
                  QuoteString(parent)));
  std::vector<OutsideKey> keys;
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    if (answer.Text(i, 3) != parent) continue;  // a twin in another case
    keys.push_back({answer.Text(i, 0), answer.Text(i, 1), answer.Text(i, 2), answer.Text(i, 3),
                    answer.Text(i, 4)});
  }
  return keys;
}

}  // namespace

std::string OutsideKey::Describe() const {
  return fmt::format("foreign key {} of table {} into {}", QuoteIdentifier(name),
                     QuoteQualified(database, table),
                     QuoteQualified(parent_database, parent_table));
}

std::vector<OutsideKey> KeysFromOutside(Session& session,
                                        const std::vector<std::string>& databases) {
  std::vector<OutsideKey> outside;
  for (const std::string& database : databases) {
    for (OutsideKey& key : KeysInto(session, database)) {
      if (!Contains(databases, key.database)) outside.push_back(std::move(key));
    }
  }
  return outside;
}

std::vector<OutsideKey> KeysAcross(Session& session, const std::vector<std::string>& databases) {
  std::vector<OutsideKey> across;
  for (const std::string& database : databases) {
    for (OutsideKey& key : KeysInto(session, database)) {
      if (key.database != database && Contains(databases, key.database)) {
        across.push_back(std::move(key));
      }
    }
  }
  return across;
}

std::vector<std::string> ViewsFromOutside(Session& session,
                                          const std::vector<std::string>& databases) {
  std::set<std::string> views;
  for (const std::string& database : databases) {
    const ResultSet answer = session.Query(
        fmt::format("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEWS WHERE "
                    "LOCATE({}, VIEW_DEFINITION) > 0",
                    QuoteString(QuoteIdentifier(database) + ".")));
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
      if (Contains(databases, answer.Text(i, 0))) continue;
      views.insert(ObjectId{answer.Text(i, 0), ObjectKind::kView, answer.Text(i, 1)}.Describe());
    }
  }
  return {views.begin(), views.end()};
}

}  // namespace dbomsbak
