#include "engine/orphans.h"

#include <fmt/format.h>

#include <cstddef>

#include "dbomsbak/sql/quote.h"
#include "engine/foreign_key_lines.h"
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
  return fmt::format(
      "SELECT COUNT(*) FROM {} `c` WHERE {}NOT EXISTS (SELECT 1 FROM {} `p` WHERE {})",
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
          "foreign key {} of {}: {} {} no parent in {}, which stays; restore that table as well, "
          "or put its rows right",
          QuoteIdentifier(key.name), QuoteQualified(key.database, key.table), count,
          count == "1" ? "row has" : "rows have", ParentOf(key)));
    }
  }
  return lines;
}

}  // namespace dbomsbak
