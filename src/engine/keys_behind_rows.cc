#include "engine/keys_behind_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/foreign_key_lines.h"
#include "engine/staging_proof.h"

namespace dbomsbak {
namespace {

// The server may still be at a key that a killed run asked for: it has the name before it is there.
constexpr std::chrono::minutes kLongestBuild{30};
constexpr std::chrono::milliseconds kLook{500};

// Tables that foreign keys lead to: they may stand on any key of theirs.
std::set<std::pair<std::string, std::string>> Parents(const RestoreContent& content) {
  std::set<std::pair<std::string, std::string>> parents;
  for (const ContentObject& child : content.tables) {
    for (const ForeignKeyLine& key : ForeignKeyLines(child.create)) {
      parents.emplace(key.parent_database.empty() ? child.record.id.database : key.parent_database,
                      key.parent_table);
    }
  }
  return parents;
}

std::vector<PlainKey> Missing(Session& session, const std::string& table,
                              const std::vector<PlainKey>& wanted) {
  const ResultSet answer = session.Query("SHOW CREATE TABLE " + table);
  std::set<std::string> there;
  for (const DeclaredKey& key : DeclaredKeys(answer.Text(0, 1))) there.insert(key.name);
  std::vector<PlainKey> missing;
  for (const PlainKey& key : wanted) {
    if (!there.contains(key.name)) missing.push_back(key);
  }
  return missing;
}

void Build(Session& session, const std::string& table, const std::vector<PlainKey>& wanted) {
  const auto deadline = std::chrono::steady_clock::now() + kLongestBuild;
  for (;;) {
    const std::vector<PlainKey> missing = Missing(session, table, wanted);
    if (missing.empty()) return;
    std::string list;
    for (const PlainKey& key : missing) {
      list += fmt::format("{} ADD {}", list.empty() ? "" : ",", key.definition);
    }
    try {
      session.Execute(fmt::format("ALTER TABLE {}{}", table, list));
      return;
    } catch (const ServerError& e) {
      if (e.number() != kDuplicateKeyName) throw;
      if (std::chrono::steady_clock::now() > deadline) throw;
    }
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace

std::vector<std::vector<PlainKey>> KeysBehindRows(const RestoreContent& content,
                                                  const ServerTraits& traits) {
  std::vector<std::vector<PlainKey>> keys(content.tables.size());
  if (!traits.prefers_late_keys) return keys;
  const auto parents = Parents(content);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const ContentObject& table = content.tables[i];
    if (table.record.rows < kManyRowsForLateKeys) continue;
    // Only words that such a server printed itself are sure to make the same key again. (Made
    // portable, they are fewer.)
    const ContentSource& source = content.SourceOf(table.record.id.database);
    if (source.plain || !SameSeries(source.header, traits)) continue;
    if (parents.contains({table.record.id.database, table.record.id.name})) continue;
    keys[i] = WithoutPlainKeys(table.create).keys;
  }
  return keys;
}

void BuildKeysBehindRows(Session& session, const RestoreContent& content,
                         const std::vector<RestoreMember>& members,
                         const std::vector<std::vector<PlainKey>>& keys, unsigned jobs) {
  try {
    session.Execute(fmt::format("SET SESSION _force_parallel_ddl_dop = {}", std::max(1U, jobs)));
  } catch (const ServerError& e) {  // not a variable of this server
    if (IsPassing(e)) throw;
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].empty()) continue;
    const ObjectId& id = content.tables[i].record.id;
    try {
      const RestoreMember& member = members[PlaceOf(members, id.database)];
      Build(session, QuoteQualified(member.staging, member.StagedTable(id.name)), keys[i]);
    } catch (Error& e) {
      e.While(fmt::format("making the keys of {}", id.Describe()));
      e.About(id.Describe());
      throw;
    }
  }
}

}  // namespace dbomsbak
