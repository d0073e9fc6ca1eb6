#include "engine/kept_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/utf8.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/definition_fingerprint.h"
#include "engine/foreign_key_checks.h"
#include "engine/object_creator.h"
#include "engine/outside_references.h"
#include "engine/set_names.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kMark = "__dbomsbak_old_";
constexpr char kLikeMark[] = "TABLE_NAME LIKE '\\_\\_dbomsbak\\_old\\_%'";
constexpr std::size_t kRunLength = 8;
constexpr std::string_view kWasMark = "dbomsbak: was ";
constexpr std::size_t kLongestComment = 2048;  // characters

bool IsRunCharacter(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); }
// The name behind kWasMark; empty when there is none.
std::string NameIn(std::string_view comment) {
  if (!comment.starts_with(kWasMark)) return {};
  std::string name;
  for (std::size_t at = kWasMark.size() + 1; at < comment.size(); ++at) {
    if (comment[at] == '`' && (at + 1 == comment.size() || comment[at + 1] != '`')) return name;
    if (comment[at] == '`') ++at;
    name += comment[at];
  }
  return {};
}

std::string CommentOf(Session& session, const std::string& database, const std::string& table) {
  return session
      .QueryValue(fmt::format("SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE "
                              "TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                              QuoteString(database), QuoteString(table)))
      .value_or("");
}

// Of those in one database.
void AddDetails(Session& session, const std::string& database, std::vector<KeptTable>& tables) {
  const ResultSet rows = session.Query(
      fmt::format("SELECT TABLE_NAME, IFNULL(DATA_LENGTH, 0) + IFNULL(INDEX_LENGTH, 0), "
                  "DATE_FORMAT(CREATE_TIME, '%Y-%m-%dT%H:%i:%sZ'), TABLE_COMMENT FROM "
                  "information_schema.TABLES WHERE TABLE_SCHEMA = {} AND {}",
                  QuoteString(database), kLikeMark));
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    for (KeptTable& table : tables) {
      if (table.database != database || table.table != rows.Text(row, 0)) continue;
      table.bytes = std::stoull(rows.Text(row, 1));
      table.created = rows.Text(row, 2);
      table.was = NameIn(rows.Text(row, 3));
    }
  }
}

}  // namespace

std::string DisplacedTableName(const std::string& run, std::size_t number) {
  return fmt::format("{}{}_{}", kMark, run, number);
}

bool IsDisplacedTableName(const std::string& table) {
  if (!table.starts_with(kMark)) return false;
  const std::string_view rest = std::string_view(table).substr(kMark.size());
  if (rest.size() < kRunLength + 2 || rest[kRunLength] != '_') return false;
  const std::string_view run = rest.substr(0, kRunLength), number = rest.substr(kRunLength + 1);
  return std::all_of(run.begin(), run.end(), IsRunCharacter) &&
         std::all_of(number.begin(), number.end(), IsDigit);
}

std::string KeptTable::Describe() const {
  const std::string name = QuoteQualified(database, table);
  return was.empty() ? name : fmt::format("{} (was {})", name, QuoteIdentifier(was));
}

std::vector<KeptTable> FindKeptNames(Session& session, const std::vector<std::string>& databases) {
  const ResultSet rows = session.Query(fmt::format(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE {}{}",
      databases.empty() ? "" : "TABLE_SCHEMA IN " + NameList(databases) + " AND ", kLikeMark));
  std::vector<KeptTable> tables;
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    KeptTable table;
    table.database = rows.Text(row, 0);
    table.table = rows.Text(row, 1);
    if (!IsDisplacedTableName(table.table) || IsStagingName(table.database) ||
        IsDisplacedName(table.database)) {
      continue;
    }
    table.run = table.table.substr(kMark.size(), kRunLength);
    tables.push_back(std::move(table));
  }
  std::sort(tables.begin(), tables.end(), [](const KeptTable& a, const KeptTable& b) {
    // By number: the shorter name is the smaller one.
    return std::forward_as_tuple(a.run, a.database, a.table.size(), a.table) <
           std::forward_as_tuple(b.run, b.database, b.table.size(), b.table);
  });
  return tables;
}

std::vector<KeptTable> FindKeptTables(Session& session) {
  std::vector<KeptTable> tables = FindKeptNames(session, {});
  std::set<std::string> databases;
  for (const KeptTable& table : tables) databases.insert(table.database);
  for (const std::string& database : databases) AddDetails(session, database, tables);
  return tables;
}

void NoteNameOfKept(Session& session, const std::string& database, const std::string& table,
                    const std::string& was) {
  const std::string comment = CommentOf(session, database, table);
  if (!NameIn(comment).empty()) return;
  std::string noted = fmt::format("{}{}", kWasMark, QuoteIdentifier(was));
  if (!comment.empty()) noted += "; " + comment;
  session.Execute(fmt::format("ALTER TABLE {} COMMENT = {}", QuoteQualified(database, table),
                              QuoteString(FirstCharacters(noted, kLongestComment))));
}

void LeaveOutKept(const std::set<std::string>& known, Database& live) {
  const auto kept = [&](const auto& object) {
    return IsDisplacedTableName(object.id.name) && !known.contains(object.id.name);
  };
  std::erase_if(live.tables, kept);
  std::erase_if(live.sequences, kept);
}

std::vector<std::string> KeysIntoKept(Session& session, const std::vector<KeptTable>& tables) {
  std::map<std::pair<std::string, std::string>, const KeptTable*> kept;
  std::set<std::string> databases;
  for (const KeptTable& table : tables) {
    kept[{table.database, table.table}] = &table;
    databases.insert(table.database);
  }
  std::vector<std::string> keys;
  for (const InboundKey& key : KeysInto(session, {databases.begin(), databases.end()}).keys) {
    const auto parent = kept.find({key.parent_database, key.parent_table});
    if (parent == kept.end() || kept.contains({key.database, key.table})) continue;
    keys.push_back(fmt::format("foreign key {} of {} points to {}", QuoteIdentifier(key.name),
                               QuoteQualified(key.database, key.table),
                               parent->second->Describe()));
  }
  return keys;
}

bool DropKept(Session& session, const ObjectId& table) {
  bool dropped = true;
  WithForeignKeyChecks(session, [&] {
    try {
      DropObject(session, table);
    } catch (const ServerError& error) {
      if (!IsReferenced(error.number())) throw;
      dropped = false;
    }
  });
  return dropped;
}

}  // namespace dbomsbak
