#include "engine/torn_rename.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/sql/quote.h"
#include "engine/live_names.h"
#include "engine/table_swap.h"

namespace dbomsbak {
namespace {

using Name = std::pair<std::string, std::string>;  // database, table

// Names in InnoDB's list are those of files; each partition has a line of its own.
std::set<Name> TablesOfInnodb(Session& session) {
  const auto part = [](int which) {
    return fmt::format(
        "CONVERT(CONVERT(CAST(SUBSTRING_INDEX(SUBSTRING_INDEX(SUBSTRING_INDEX(NAME, '#P#', 1), "
        "'#p#', 1), '/', {}) AS BINARY) USING filename) USING utf8mb4)",
        which);
  };
  const ResultSet answer = session.Query(
      fmt::format("SELECT {}, {} FROM information_schema.INNODB_SYS_TABLES WHERE NAME LIKE '%/%'",
                  part(1), part(-1)));
  std::set<Name> tables;
  for (std::size_t row = 0; row < answer.rows.size(); ++row) {
    tables.insert({answer.Text(row, 0), answer.Text(row, 1)});
  }
  return tables;
}

std::string FileName(Session& session, const std::string& name) {
  return session
      .QueryValue(fmt::format("SELECT CAST(CONVERT(CONVERT({} USING utf8mb4) USING filename) AS "
                              "BINARY)",
                              QuoteString(name)))
      .value_or(name);
}

}  // namespace

void RefuseTornTable(Session& session, const PreparedSet& set) {
  std::set<Name> rows;
  try {
    rows = TablesOfInnodb(session);
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kPrivilege) {
      // What looks as if it had not moved may be all that is left of a table.
      throw Error(
          ErrorCode::kPrivilege,
          "whether a crash of the server has left a table between two databases cannot be "
          "seen without PROCESS",
          fmt::format("GRANT PROCESS ON *.* TO {}; then run the same command again.",
                      QuoteAccount(session.QueryValue("SELECT CURRENT_USER()").value_or(""))));
    }
    if (error.code() == ErrorCode::kConnectionLost) throw;
    return;  // a server without this list
  }
  std::map<std::string, std::set<std::string>> definitions;
  for (const TableSwap::Pair& pair : TableSwap::PairsOf(set)) {
    if (!rows.contains({pair.to_database, pair.to_table}) ||
        rows.contains({pair.from_database, pair.from_table})) {
      continue;
    }
    auto listed = definitions.find(pair.from_database);
    if (listed == definitions.end()) {
      listed = definitions.emplace(pair.from_database, ReadTableNames(session, pair.from_database))
                   .first;
    }
    if (!listed->second.contains(pair.from_table)) continue;
    std::string folder = session.QueryValue("SELECT @@datadir").value_or("");
    if (!folder.ends_with('/')) folder += '/';
    throw Error(
        ErrorCode::kNeedsHelp,
        fmt::format("table {} stands between two databases: the server crashed while it renamed "
                    "it, its rows are in {} already, its definition is not",
                    QuoteQualified(pair.from_database, pair.from_table),
                    QuoteIdentifier(pair.to_database)),
        fmt::format("Nothing is lost. Move the file {0}{1}/{2}.frm to {0}{3}/{4}.frm (and the .par "
                    "of the same name, if there is one), then run the same command again: it goes "
                    "on with the swap.",
                    folder, FileName(session, pair.from_database),
                    FileName(session, pair.from_table), FileName(session, pair.to_database),
                    FileName(session, pair.to_table)))
        .About(pair.from_database + "." + pair.from_table);
  }
}

}  // namespace dbomsbak
