#include "dbomsbak/catalog/privileges.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"

namespace dbomsbak {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return upper;
}

// "SELECT, INSERT (`a`, `b`), CREATE VIEW": privileges on columns are not the whole thing.
std::set<std::string, std::less<>> SplitPrivileges(std::string_view list) {
  std::set<std::string, std::less<>> privileges;
  int depth = 0;
  bool on_columns = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && list[i] == '(') {
      ++depth;
      on_columns = true;
    } else if (i < list.size() && list[i] == ')') {
      --depth;
    } else if (i == list.size() || (list[i] == ',' && depth == 0)) {
      if (!on_columns) privileges.insert(Upper(Trim(list.substr(begin, i - begin))));
      on_columns = false;
      begin = i + 1;
    }
  }
  return privileges;
}

// Takes a name in back-ticks (or plain) off the front.
std::string TakeName(std::string_view& text) {
  std::string name;
  if (text.starts_with('`')) {
    text.remove_prefix(1);
    while (!text.empty()) {
      if (text.front() == '`') {
        text.remove_prefix(1);
        if (!text.starts_with('`')) break;
      }
      name += text.front();
      text.remove_prefix(1);
    }
  } else {
    while (!text.empty() && text.front() != '.' && text.front() != ' ') {
      name += text.front();
      text.remove_prefix(1);
    }
  }
  return name;
}

// LIKE as GRANT has it: % and _ with backslash escapes.
bool MatchesPattern(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '%') {
    for (std::size_t skip = 0; skip <= name.size(); ++skip) {
      if (MatchesPattern(pattern.substr(1), name.substr(skip))) return true;
    }
    return false;
  }
  if (name.empty()) return false;
  if (pattern.front() == '\\' && pattern.size() > 1) {
    return pattern[1] == name.front() && MatchesPattern(pattern.substr(2), name.substr(1));
  }
  return (pattern.front() == '_' || pattern.front() == name.front()) &&
         MatchesPattern(pattern.substr(1), name.substr(1));
}

// How the server ranks patterns: one without a wildcard before all others, then by where the first
// wildcard stands.
std::size_t LengthBeforeWildcard(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' || pattern[i] == '_') return i;
    if (pattern[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

// "TO `u`@`%` IDENTIFIED BY …": the account, role or PUBLIC it was given to.
std::string Grantee(std::string_view text) {
  for (const std::string_view end : {" WITH ", " IDENTIFIED ", " REQUIRE "}) {
    text = text.substr(0, text.find(end));
  }
  return std::string(text);
}

bool Holds(const std::set<std::string, std::less<>>& privileges, std::string_view privilege) {
  if (privileges.contains(privilege)) return true;
  return privilege != "GRANT OPTION" &&
         (privileges.contains("ALL PRIVILEGES") || privileges.contains("ALL"));
}

}  // namespace

Privileges Privileges::Parse(const std::vector<std::string>& grants) {
  Privileges parsed;
  for (const std::string& line : grants) {
    std::string_view text = line;
    const bool revoked = text.starts_with("REVOKE ");
    if (!revoked && !text.starts_with("GRANT ")) continue;
    text.remove_prefix(revoked ? 7 : 6);
    const std::size_t on = text.find(" ON ");
    if (on == std::string_view::npos) continue;  // a role
    std::set<std::string, std::less<>> privileges = SplitPrivileges(text.substr(0, on));
    text.remove_prefix(on + 4);
    if (text.starts_with("PROCEDURE ") || text.starts_with("FUNCTION ") ||
        text.starts_with("PACKAGE ")) {
      continue;
    }
    const bool everywhere = text.starts_with("*.*");
    const std::string pattern = TakeName(text);
    if (revoked) {
      parsed.revoked_[pattern].merge(privileges);
      continue;
    }
    const bool grant_option = text.find("WITH GRANT OPTION") != std::string_view::npos;
    if (grant_option) privileges.insert("GRANT OPTION");
    if (everywhere) {
      parsed.global_.merge(privileges);
    } else if (text.starts_with(".* ")) {
      text.remove_prefix(3);
      parsed.by_pattern_[Grantee(text)][pattern].merge(privileges);
    } else if (text.starts_with(".")) {
      text.remove_prefix(1);
      const std::string table = TakeName(text);
      parsed.by_table_[{pattern, table}].merge(privileges);
    }
  }
  return parsed;
}

bool Privileges::HasGlobal(std::string_view privilege) const { return Holds(global_, privilege); }

bool Privileges::Has(std::string_view privilege, std::string_view database) const {
  const auto revoked = revoked_.find(database);
  if (HasGlobal(privilege) && (revoked == revoked_.end() || !Holds(revoked->second, privilege))) {
    return true;
  }
  return std::any_of(by_pattern_.begin(), by_pattern_.end(), [&](const auto& grantee) {
    // The most specific pattern hides all others of that account.
    const std::set<std::string, std::less<>>* best = nullptr;
    std::size_t best_length = 0;
    for (const auto& [pattern, privileges] : grantee.second) {
      if (!MatchesPattern(pattern, database)) continue;
      const std::size_t length = LengthBeforeWildcard(pattern);
      if (best == nullptr || length > best_length) {
        best = &privileges;
        best_length = length;
      }
    }
    return best != nullptr && Holds(*best, privilege);
  });
}

std::set<std::string, std::less<>> Privileges::HiddenBy(std::string_view pattern,
                                                        std::string_view database) const {
  std::set<std::string, std::less<>> hidden;
  for (const auto& [grantee, patterns] : by_pattern_) {
    if (grantee.find('@') == std::string::npos) continue;  // a role, whose patterns are its own
    const std::pair<const std::string, std::set<std::string, std::less<>>>* best = nullptr;
    for (const auto& entry : patterns) {
      if (!MatchesPattern(entry.first, database)) continue;
      if (best == nullptr ||
          LengthBeforeWildcard(entry.first) > LengthBeforeWildcard(best->first)) {
        best = &entry;
      }
    }
    if (best != nullptr && best->first != pattern) {
      hidden.insert(best->second.begin(), best->second.end());
    }
  }
  return hidden;
}

bool Privileges::HasOnTable(std::string_view privilege, std::string_view database,
                            std::string_view table) const {
  if (Has(privilege, database)) return true;
  const auto found = by_table_.find({std::string(database), std::string(table)});
  return found != by_table_.end() && Holds(found->second, privilege);
}

Privileges ReadPrivileges(Session& session) {
  const ResultSet answer = session.Query("SHOW GRANTS");
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < answer.rows.size(); ++row) lines.push_back(answer.Text(row, 0));
  if (session.server_version().find("MariaDB") != std::string::npos) {
    try {
      const ResultSet everybody = session.Query("SHOW GRANTS FOR PUBLIC");
      for (std::size_t row = 0; row < everybody.rows.size(); ++row) {
        lines.push_back(everybody.Text(row, 0));
      }
    } catch (const ServerError& error) {
      // No such thing before 10.11, or nothing granted.
      if (IsPassing(error)) throw;
    }
  }
  return Privileges::Parse(lines);
}

std::string QuoteAccount(std::string_view account) {
  const std::size_t at = account.rfind('@');
  if (at == std::string_view::npos) return QuoteString(account);
  return QuoteString(account.substr(0, at)) + "@" + QuoteString(account.substr(at + 1));
}

namespace {

std::string PatternOf(std::string_view database) {
  std::string pattern;
  for (const char c : database) {
    if (c == '_' || c == '%') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

}  // namespace

std::string GrantTarget(std::string_view database, std::string_view wildcard_tail) {
  return QuoteIdentifier(PatternOf(database) + std::string(wildcard_tail)) + ".*";
}

std::string GrantOnDatabase(const Privileges& privileges, std::string_view wanted,
                            std::string_view database, std::string_view account) {
  std::string list(wanted);
  bool grant_option = false;
  const auto already = SplitPrivileges(wanted);
  for (const std::string& hidden : privileges.HiddenBy(PatternOf(database), database)) {
    if (hidden == "GRANT OPTION") {
      grant_option = true;
    } else if (hidden != "USAGE" && !already.contains(hidden)) {
      list += ", " + hidden;
    }
  }
  return fmt::format("GRANT {} ON {} TO {}{};", list, GrantTarget(database), account,
                     grant_option ? " WITH GRANT OPTION" : "");
}

bool SeesRoutineBodies(const ServerTraits& traits, const Privileges& privileges,
                       std::string_view database) {
  if (privileges.HasGlobal("SELECT")) return true;
  if (traits.has_show_routine) return privileges.HasGlobal("SHOW_ROUTINE");
  return traits.has_routine_table && (privileges.HasOnTable("SELECT", "mysql", "proc") ||
                                      privileges.Has("SHOW CREATE ROUTINE", database));
}

std::string RoutineBodyGrant(const ServerTraits& traits, std::string_view account) {
  if (traits.has_show_routine) return fmt::format("GRANT SHOW_ROUTINE ON *.* TO {};", account);
  return fmt::format("GRANT SELECT ON {} TO {};",
                     traits.has_routine_table ? "`mysql`.`proc`" : "*.*", account);
}

}  // namespace dbomsbak
