#include "engine/outside_references.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/contains.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/object_id.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"

namespace dbomsbak {
namespace {

// One question a database: a condition on one name is the only one the server answers without
// looking everywhere.
void AddKeysSeen(Session& session, const std::string& parent, std::vector<InboundKey>& keys) {
  const ResultSet answer = session.Query(
      fmt::format("SELECT DISTINCT CONSTRAINT_NAME, TABLE_SCHEMA, TABLE_NAME, "
                  "REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME FROM "
                  "information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_SCHEMA = {}",
                  QuoteString(parent)));
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    if (answer.Text(i, 3) != parent) continue;  // a twin in another case
    keys.push_back({answer.Text(i, 0), answer.Text(i, 1), answer.Text(i, 2), answer.Text(i, 3),
                    answer.Text(i, 4)});
  }
}

// "db/table". Either part may hold a slash where names are not encoded: databases that are asked
// for are looked for first.
std::pair<std::string, std::string> SplitName(const std::string& name,
                                              const std::vector<std::string>& known) {
  std::size_t slash = name.find('/');
  for (const std::string& database : known) {
    if (name.starts_with(database + "/")) slash = database.size();
  }
  if (slash == std::string::npos) return {name, ""};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

// InnoDB's list shows all keys to whoever may look at it. Its name, and whether names in it are
// those of files, is a matter of version; the first that answers is the one there is.
bool AddAllKeys(Session& session, const std::vector<std::string>& databases,
                std::vector<InboundKey>& keys) {
  const auto decoded = [](std::string_view column) {
    const auto part = [&](int which) {
      return fmt::format(
          "CONVERT(CONVERT(CAST(SUBSTRING_INDEX({}, '/', {}) AS BINARY) USING filename) USING "
          "utf8mb4)",
          column, which);
    };
    return fmt::format("CONCAT({}, '/', {})", part(1), part(-1));
  };
  const std::array<std::string, 2> questions = {
      fmt::format("SELECT ID, {}, {} FROM information_schema.INNODB_SYS_FOREIGN",
                  decoded("FOR_NAME"), decoded("REF_NAME")),
      "SELECT ID, FOR_NAME, REF_NAME FROM information_schema.INNODB_FOREIGN"};
  for (const std::string& question : questions) {
    ResultSet answer;
    try {
      answer = session.Query(question);
    } catch (const ServerError& error) {
      if (IsPassing(error)) throw;
      continue;
    }
    for (std::size_t i = 0; i < answer.rows.size(); ++i) {
      const auto [parent_database, parent_table] = SplitName(answer.Text(i, 2), databases);
      if (!Contains(databases, parent_database)) continue;
      const auto [database, table] = SplitName(answer.Text(i, 1), databases);
      keys.push_back({SplitName(answer.Text(i, 0), {database}).second, database, table,
                      parent_database, parent_table});
    }
    return true;
  }
  return false;
}

}  // namespace

std::string InboundKey::Describe() const {
  return fmt::format("foreign key {} of table {} into {}", QuoteIdentifier(name),
                     QuoteQualified(database, table),
                     QuoteQualified(parent_database, parent_table));
}

bool SeesAllKeys(Session& session) {
  std::vector<InboundKey> none;
  return AddAllKeys(session, {}, none);
}

InboundKeys KeysInto(Session& session, const std::vector<std::string>& databases) {
  InboundKeys found;
  for (const std::string& database : databases) AddKeysSeen(session, database, found.keys);
  found.complete = AddAllKeys(session, databases, found.keys);
  const auto child = [](const InboundKey& key) {
    return std::tie(key.database, key.table, key.name);
  };
  std::stable_sort(found.keys.begin(), found.keys.end(),
                   [&](const InboundKey& a, const InboundKey& b) { return child(a) < child(b); });
  found.keys.erase(
      std::unique(found.keys.begin(), found.keys.end(),
                  [&](const InboundKey& a, const InboundKey& b) { return child(a) == child(b); }),
      found.keys.end());
  return found;
}

std::vector<InboundKey> KeysFromOutside(Session& session,
                                        const std::vector<std::string>& databases) {
  std::vector<InboundKey> keys = KeysInto(session, databases).keys;
  std::erase_if(keys, [&](const InboundKey& key) { return Contains(databases, key.database); });
  return keys;
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
