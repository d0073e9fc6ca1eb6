#include "dbomsbak/sql/view_references.h"

#include <algorithm>

#include "sql/name_uses.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

void AddOnce(const std::string& name, std::vector<std::string>& names) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

bool IsTable(const NameUse& use) {
  return use.role == NameUse::Role::kTable && !use.is_cte && use.parts.size() <= 2;
}

const std::string& TableName(const NameUse& use) { return use.parts.back().name; }

std::string DatabaseName(const NameUse& use) {
  return use.parts.size() == 2 ? use.parts.front().name : std::string();
}

// Does `column`, `x`.`c` or `db`.`x`.`c`, speak of this table?
bool IsColumnOf(const NameUse& column, const NameUse& table) {
  const std::string& qualifier = column.parts[column.parts.size() - 2].name;
  if (column.parts.size() == 2) {
    return qualifier == (table.alias.empty() ? TableName(table) : table.alias);
  }
  // The server qualifies columns with their database also where it leaves it out of FROM, because
  // it is the view's own.
  const std::string database = DatabaseName(table);
  return table.alias.empty() && qualifier == TableName(table) &&
         (database.empty() || column.parts.front().name == database);
}

// Of the call whose opening parenthesis `text` begins with.
std::size_t CountArguments(std::string_view text) {
  SqlTokenizer tokens(text);
  tokens.Next();
  std::size_t commas = 0;
  int depth = 1;
  for (bool empty = true;; empty = false) {
    const SqlToken token = tokens.Next();
    if (token.kind == SqlToken::Kind::kEnd) return 0;
    if (token.IsSign(')') && --depth == 0) return empty ? 0 : commas + 1;
    if (token.IsSign('(')) ++depth;
    if (token.IsSign(',') && depth == 1) ++commas;
  }
}

}  // namespace

std::vector<ViewReference> ViewReferences(std::string_view create_view) {
  const NameUses names = FindNameUses(ObjectKind::kView, create_view);
  std::vector<ViewReference> references;
  std::vector<std::size_t> reference_of(names.uses.size());
  for (std::size_t i = 0; i < names.uses.size(); ++i) {
    const NameUse& use = names.uses[i];
    if (!IsTable(use)) continue;
    const std::string database = DatabaseName(use);
    const auto known =
        std::find_if(references.begin(), references.end(), [&](const auto& reference) {
          return reference.database == database && reference.table == TableName(use);
        });
    reference_of[i] = static_cast<std::size_t>(known - references.begin());
    if (known == references.end()) references.push_back({database, TableName(use), {}});
  }

  for (const NameUse& use : names.uses) {
    if (use.role != NameUse::Role::kOther || use.parts.size() < 2) continue;
    // The SELECT it stands in, then those around it.
    for (std::size_t scope = use.scope;; scope = names.scope_parents[scope]) {
      bool found = false;
      for (std::size_t i = 0; i < names.uses.size(); ++i) {
        const NameUse& table = names.uses[i];
        if (table.scope != scope || table.role != NameUse::Role::kTable) continue;
        if (!IsColumnOf(use, table)) continue;
        found = true;
        if (IsTable(table)) AddOnce(use.parts.back().name, references[reference_of[i]].columns);
      }
      if (found || scope == 0) break;
    }
  }
  return references;
}

std::vector<ViewFunction> ViewFunctions(std::string_view create_view) {
  std::vector<ViewFunction> functions;
  for (const NameUse& use : FindNameUses(ObjectKind::kView, create_view).uses) {
    if (use.role != NameUse::Role::kFunction || use.parts.size() > 2) continue;
    const NamePart& last = use.parts.back();
    // `x` (`a`) is a derived table with names for its columns.
    const std::size_t behind = last.offset + last.length;
    if (create_view[last.offset] != '`' || create_view[behind] != '(') continue;
    ViewFunction function{use.parts.size() == 2 ? use.parts.front().name : std::string(), last.name,
                          CountArguments(create_view.substr(behind))};
    const bool known =
        std::any_of(functions.begin(), functions.end(), [&](const ViewFunction& other) {
          return other.database == function.database && other.name == function.name;
        });
    if (!known) functions.push_back(std::move(function));
  }
  return functions;
}

std::vector<std::string> ViewColumns(std::string_view create_view) {
  SqlTokenizer tokens(create_view);
  SqlToken token = tokens.Next();
  while (token.kind != SqlToken::Kind::kEnd && !token.IsWord("view")) token = tokens.Next();
  for (token = tokens.Next(); token.kind == SqlToken::Kind::kQuotedName || token.IsSign('.');) {
    token = tokens.Next();
  }
  std::vector<std::string> columns;
  if (token.IsSign('(')) {  // VIEW `v` (`a`,`b`) AS
    for (token = tokens.Next(); token.kind == SqlToken::Kind::kQuotedName; token = tokens.Next()) {
      columns.push_back(NameOf(token));
      token = tokens.Next();
      if (!token.IsSign(',')) break;
    }
    return columns;
  }
  if (!token.IsWord("as")) return {};
  token = tokens.Next();
  while (token.IsSign('(')) token = tokens.Next();  // of a UNION
  if (!token.IsWord("select")) return {};
  // Each ends in its name: … AS `a`, … AS `b` FROM
  std::string last;
  int depth = 0;
  for (token = tokens.Next();; token = tokens.Next()) {
    const bool end = token.kind == SqlToken::Kind::kEnd || token.IsWord("from") ||
                     token.IsWord("union") || token.IsWord("limit") || token.IsSign(')');
    if (depth == 0 && (end || token.IsSign(','))) {
      if (last.empty()) return {};
      columns.push_back(std::move(last));
      if (end) return columns;
      last.clear();
    } else if (token.kind == SqlToken::Kind::kEnd) {
      return {};
    } else if (token.IsSign('(')) {
      ++depth;
      last.clear();
    } else if (token.IsSign(')')) {
      --depth;
    } else if (depth == 0) {
      last = token.kind == SqlToken::Kind::kQuotedName ? NameOf(token) : std::string();
    }
  }
}

}  // namespace dbomsbak
