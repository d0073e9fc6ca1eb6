#include "engine/orphans.h"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

// The names in the parentheses that begin behind `at`, which is moved behind them.
std::vector<std::string> TakeColumns(const std::vector<SqlToken>& tokens, std::size_t& at) {
  std::vector<std::string> columns;
  while (at < tokens.size() && !tokens[at].IsSign('(')) ++at;
  for (; at < tokens.size() && !tokens[at].IsSign(')'); ++at) {
    if (tokens[at].kind != SqlToken::Kind::kSign) columns.push_back(NameOf(tokens[at]));
  }
  return columns;
}

std::string ParentOf(const KeyDefinition& key) {
  const std::vector<ForeignKeyLine> lines = ForeignKeyLines(key.definition);
  if (lines.empty()) return {};
  const ForeignKeyLine& line = lines.front();
  return QuoteQualified(line.parent_database.empty() ? key.database : line.parent_database,
                        line.parent_table);
}

std::string Describe(const KeyDefinition& key) {
  return fmt::format("foreign key {} of {}", QuoteIdentifier(key.name),
                     QuoteQualified(key.database, key.table));
}

std::string RowsHave(const std::string& count) {
  return fmt::format("{} {}", Grouped(std::stoull(count)), count == "1" ? "row has" : "rows have");
}

std::string EngineOf(Session& session, const ParentTable& table) {
  return session
      .QueryValue(fmt::format("SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
                              "{} AND TABLE_NAME = {}",
                              QuoteString(table.database), QuoteString(table.table)))
      .value_or("");
}

}  // namespace

std::string OrphanQuery(const KeyDefinition& key, const std::string& source) {
  const std::string parent = ParentOf(key);
  const std::vector<SqlToken> tokens = TokensOf(key.definition);
  std::size_t at = 0;
  const std::vector<std::string> columns = TakeColumns(tokens, at);
  const std::vector<std::string> referenced = TakeColumns(tokens, at);
  if (parent.empty() || columns.empty() || columns.size() != referenced.size()) return {};
  std::string set, match;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string column = QuoteIdentifier(columns[i]);
    set += fmt::format("`c`.{} IS NOT NULL AND ", column);
    match += fmt::format("{}`p`.{} = `c`.{}", i == 0 ? "" : " AND ", QuoteIdentifier(referenced[i]),
                         column);
  }
  // OceanBase takes a foreign key for its word, also one that was never checked, and leaves the
  // question out. Others take the hint for a comment.
  return fmt::format(
      "SELECT /*+ NO_REWRITE */ COUNT(*) FROM {} `c` WHERE {}NOT EXISTS (SELECT 1 FROM {} `p` "
      "WHERE {})",
      QuoteQualified(source, key.table), set, parent, match);
}

std::vector<std::string> FindOrphans(Session& session, const PreparedSet& set) {
  std::vector<std::string> lines;
  for (const KeyDefinition& key : set.returning_keys) {
    for (const SetMember& member : set.members) {
      if (member.live != key.database) continue;
      const std::string query = OrphanQuery(key, member.source);
      if (query.empty()) continue;
      const std::string count = session.QueryValue(query).value_or("0");
      if (count == "0") continue;
      lines.push_back(fmt::format(
          "{}: {} no parent in {}, which stays; restore that table as well, or put its rows right",
          Describe(key), RowsHave(count), ParentOf(key)));
    }
  }
  const std::vector<std::string> repointed = RepointedOrphans(session, set, &SetMember::source);
  lines.insert(lines.end(), repointed.begin(), repointed.end());
  return lines;
}

ForeignKeyLine ForeignKeyOf(const KeyDefinition& key) {
  std::vector<ForeignKeyLine> lines = ForeignKeyLines(key.definition);
  if (lines.size() == 1) return std::move(lines.front());
  throw Error(ErrorCode::kInternal, Describe(key) + " has a definition that is none", "");
}

ParentTable ParentOf(const PreparedSet& set, const KeyDefinition& key,
                     std::string SetMember::*where) {
  ForeignKeyLine line = ForeignKeyOf(key);
  const std::string& live = line.parent_database.empty() ? key.database : line.parent_database;
  for (const SetMember& member : set.members) {
    if (member.live == live) return {member.*where, std::move(line.parent_table)};
  }
  throw Error(ErrorCode::kInternal, Describe(key) + " does not point into the set", "");
}

std::vector<std::string> RepointedOrphans(Session& session, const PreparedSet& set,
                                          std::string SetMember::*where) {
  std::vector<std::string> lines;
  for (const KeyDefinition& key : set.repointed_keys) {
    const ParentTable parent = ParentOf(set, key, where),
                      live = ParentOf(set, key, &SetMember::live);
    const std::string told = QuoteQualified(live.database, live.table) + " as it is to be";
    KeyDefinition pointed = key;
    pointed.definition = ForeignKeyOf(key).Pointing(key.name, parent.database);
    try {
      const std::string count =
          session.QueryValue(OrphanQuery(pointed, key.database)).value_or("0");
      if (count != "0") {
        lines.push_back(fmt::format("{}: {} no parent in {}; put these rows right", Describe(key),
                                    RowsHave(count), told));
      } else if (EngineOf(session, parent) != EngineOf(session, live)) {
        lines.push_back(fmt::format("{} would hold nothing: {} is of engine {}; drop that key",
                                    Describe(key), told, EngineOf(session, parent)));
      }
    } catch (const ServerError& error) {
      if (error.code() != ErrorCode::kQueryRefused || IsPassing(error)) throw;
      lines.push_back(fmt::format("{} does not fit {}: {}; drop that key", Describe(key), told,
                                  error.message()));
    }
  }
  return lines;
}

}  // namespace dbomsbak
