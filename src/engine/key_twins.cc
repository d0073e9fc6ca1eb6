#include "engine/key_twins.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/constraint_names.h"
#include "engine/foreign_key_checks.h"
#include "engine/orphans.h"

namespace dbomsbak {
namespace {

// To count rows without a parent, and to change the keys.
constexpr std::array<std::string_view, 2> kNeededOnChildren = {"SELECT", "ALTER"};

// nullopt: there is no such table.
std::optional<std::string> ReadCreate(Session& session, const std::string& database,
                                      const std::string& table) {
  try {
    const ResultSet answer = session.Query("SHOW CREATE TABLE " + QuoteQualified(database, table));
    if (answer.empty()) return std::nullopt;
    return answer.Text(0, 1);
  } catch (const ServerError& error) {
    if (error.number() == kNoSuchTable || error.number() == kUnknownDatabase) return std::nullopt;
    throw;
  }
}

std::vector<std::string> MissingOnChildren(const Privileges& privileges, const std::string& account,
                                           const std::vector<InboundKey>& keys) {
  std::set<std::string> lines;
  for (const InboundKey& key : keys) {
    std::vector<std::string_view> missing;
    for (const std::string_view privilege : kNeededOnChildren) {
      if (!privileges.HasOnTable(privilege, key.database, key.table)) missing.push_back(privilege);
    }
    if (missing.empty()) continue;
    const std::string table = QuoteQualified(key.database, key.table);
    lines.insert(fmt::format(
        "account {} lacks {} on {}, whose foreign keys are to be pointed to other tables: GRANT {} "
        "ON {} TO {};",
        account, fmt::join(missing, ", "), table, fmt::join(missing, ", "), table,
        QuoteAccount(account)));
  }
  return {lines.begin(), lines.end()};
}

bool ComesIn(const PreparedSet& set, const std::string& live, const std::string& table) {
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    if (set.members[i].live == live) return Contains(set.incoming[i], table);
  }
  return false;
}

bool Defines(const std::vector<KeyDefinition>& definitions, const InboundKey& key) {
  return std::any_of(definitions.begin(), definitions.end(), [&](const KeyDefinition& each) {
    return each.database == key.database && each.table == key.table && each.name == key.name;
  });
}

}  // namespace

std::vector<KeyDefinition> ReadKeyDefinitions(Session& session,
                                              const std::vector<InboundKey>& keys) {
  std::map<std::pair<std::string, std::string>, std::set<std::string>> wanted;
  for (const InboundKey& key : keys) wanted[{key.database, key.table}].insert(key.name);
  std::vector<KeyDefinition> definitions;
  for (const auto& [child, names] : wanted) {
    std::optional<std::string> create;
    try {
      create = ReadCreate(session, child.first, child.second);
    } catch (const ServerError& error) {
      if (error.code() != ErrorCode::kPrivilege) throw;
    }
    if (!create) continue;
    for (ForeignKeyLine& line : ForeignKeyLines(*create)) {
      if (!names.contains(line.name)) continue;
      definitions.push_back(
          {child.first, child.second, std::move(line.name), std::move(line.definition)});
    }
  }
  return definitions;
}

std::vector<std::string> RepointingProblems(const PreparedSet& set,
                                            const std::vector<InboundKey>& keys,
                                            const std::vector<KeyDefinition>& definitions,
                                            const Privileges& privileges,
                                            const std::string& account) {
  std::vector<std::string> problems = MissingOnChildren(privileges, account, keys);
  const bool readable = problems.empty();
  for (const InboundKey& key : keys) {
    if (!ComesIn(set, key.parent_database, key.parent_table)) {
      problems.push_back(
          fmt::format("{}, which goes and does not come again: there would be nothing to point the "
                      "key to; drop it first",
                      key.Describe()));
    } else if (readable && !Defines(definitions, key)) {
      problems.push_back(key.Describe() + ": its definition cannot be read; drop it first");
    }
  }
  return problems;
}

KeyTwins::KeyTwins(WindowContext& context)
    : session_(context.session), traits_(context.traits), set_(context.set) {}

std::optional<KeyTwins::Child> KeyTwins::Look(const KeyDefinition& key) {
  const auto create = ReadCreate(session_, key.database, key.table);
  if (!create) return std::nullopt;
  Child child;
  const std::string twin = TwinConstraintName(key.name);
  for (ForeignKeyLine& line : ForeignKeyLines(*create)) {
    if (line.name == key.name) {
      child.key = std::move(line);
    } else if (line.name == twin) {
      child.twin = std::move(line);
    }
  }
  child.index_of_twin =
      create->find(fmt::format("\n  KEY {} (", QuoteIdentifier(twin))) != std::string::npos;
  return child;
}

bool KeyTwins::PointsInto(const std::optional<ForeignKeyLine>& line, const KeyDefinition& key,
                          const std::string& database) {
  return line && (line->parent_database.empty() ? key.database : line->parent_database) == database;
}

// Where names of constraints block a RENAME, so does that of a twin in the database that its parent
// goes to. Such a key has to wait for the swap, and its rows are counted once more behind it.
bool KeyTwins::TakesTwin(const KeyDefinition& key) const {
  return !traits_.constraint_names_block_rename ||
         ParentOf(set_, key, &SetMember::live).database != key.database;
}

bool KeyTwins::HasTwin(const KeyDefinition& key) {
  const std::optional<Child> child = Look(key);
  return child && PointsInto(child->twin, key, ParentOf(set_, key, &SetMember::source).database);
}

void KeyTwins::MakeTwin(const KeyDefinition& key) {
  const std::string source = ParentOf(set_, key, &SetMember::source).database;
  try {
    session_.Execute(fmt::format("ALTER TABLE {} ADD {}", QuoteQualified(key.database, key.table),
                                 ForeignKeyOf(key).Pointing(TwinConstraintName(key.name), source)));
  } catch (const ServerError& error) {
    if (error.code() != ErrorCode::kQueryRefused || IsPassing(error)) throw;
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("foreign key {} of {} does not fit the table that is to go live: {}",
                            QuoteIdentifier(key.name), QuoteQualified(key.database, key.table),
                            error.message()),
                "Nothing was changed. Drop that key, then run the same command again.");
  }
}

Step KeyTwins::Make() {
  Step step{"key-twins", "tie tables that stay to those that go live", {}, {}, {}};
  // The twins alone do not tell that rows were looked at.
  const auto counted = RanUnless(!set_.repointed_keys.empty());
  step.done = [this, counted] {
    return *counted && std::all_of(set_.repointed_keys.begin(), set_.repointed_keys.end(),
                                   [this](const KeyDefinition& key) {
                                     return !TakesTwin(key) || HasTwin(key);
                                   });
  };
  step.run = [this, counted] {
    WithoutForeignKeyChecks(session_, [this] {
      for (const KeyDefinition& key : set_.repointed_keys) {
        if (TakesTwin(key) && !HasTwin(key)) MakeTwin(key);
      }
    });
    const std::vector<std::string> orphans = RepointedOrphans(session_, set_, &SetMember::source);
    if (!orphans.empty()) {
      throw Error(ErrorCode::kRestorePreflight, fmt::format("{}", fmt::join(orphans, "; ")),
                  "Nothing was changed. Put these rows right, then run the same command again.");
    }
    *counted = true;
  };
  step.undo = [this] { SettleAll(); };
  return step;
}

bool KeyTwins::IsSettled(const KeyDefinition& key) {
  const std::optional<Child> child = Look(key);
  if (!child) return true;  // somebody dropped the child, and the key with it
  return !child->twin &&
         PointsInto(child->key, key, ParentOf(set_, key, &SetMember::live).database);
}

// Of two keys on the same columns the younger one has the index that the server makes: so a key is
// made anew also where only its index has the twin's name.
void KeyTwins::Settle(const KeyDefinition& key) {
  const std::string live = ParentOf(set_, key, &SetMember::live).database;
  const std::string twin = TwinConstraintName(key.name);
  const auto alter = [&](std::string_view change) {
    session_.Execute(
        fmt::format("ALTER TABLE {} {}", QuoteQualified(key.database, key.table), change));
  };
  const auto add = [&](const std::string& name) {
    alter("ADD " + ForeignKeyOf(key).Pointing(name, live));
  };
  const auto drop = [&](const std::string& name) {
    alter("DROP FOREIGN KEY " + QuoteIdentifier(name));
  };
  bool made = false;
  for (std::optional<Child> child = Look(key); child; child = Look(key)) {
    if (child->twin && !PointsInto(child->twin, key, live)) {
      drop(twin);
    } else if (!child->key) {
      add(key.name);
      made = true;
    } else if (!PointsInto(child->key, key, live) || (child->index_of_twin && !made)) {
      if (child->twin) {
        drop(key.name);
      } else {
        add(twin);
      }
    } else if (child->twin) {
      drop(twin);
    } else {
      return;
    }
  }
}

void KeyTwins::SettleAll() {
  WithoutForeignKeyChecks(session_, [this] {
    for (const KeyDefinition& key : set_.repointed_keys) Settle(key);
  });
}

Step KeyTwins::Replace() {
  Step step{"repointed-keys", "let foreign keys of other tables point to what is live", {}, {}, {}};
  step.done = [this] {
    return std::all_of(set_.repointed_keys.begin(), set_.repointed_keys.end(),
                       [this](const KeyDefinition& key) { return IsSettled(key); });
  };
  step.run = [this] { SettleAll(); };
  return step;
}

}  // namespace dbomsbak
