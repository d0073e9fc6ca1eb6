#include "engine/constraint_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/utf8.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/sql/named_constraints.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/rename_databases.h"
#include "engine/foreign_key_checks.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kSuffix = "__dbomsbak";
constexpr std::string_view kCutSuffix = "__cut__dbomsbak";
constexpr std::string_view kTwinSuffix = "__dbomsbak_twin";
constexpr std::size_t kLongestName = 64;  // characters
constexpr std::size_t kHashDigits = 12;

std::string WithSuffix(std::string_view name, std::string_view suffix,
                       std::string_view suffix_when_cut) {
  if (CountCharacters(name) + suffix.size() <= kLongestName) {
    return fmt::format("{}{}", name, suffix);
  }
  const std::string hash = Sha256(name).hex().substr(0, kHashDigits);
  return fmt::format("{}_{}{}",
                     FirstCharacters(name, kLongestName - suffix_when_cut.size() - kHashDigits - 1),
                     hash, suffix_when_cut);
}

// Full names of those that were cut are kept in the journal.
class OtherNames {
 public:
  explicit OtherNames(ServerJournal& journal) : journal_(journal) {
    for (const JournalEntry& entry : journal.Load()) {
      if (entry.event == "note" && entry.step == kNoteConstraint) {
        cut_[StagedConstraintName(entry.payload)] = entry.payload;
      }
    }
  }

  std::string Of(const std::string& name) {
    if (IsStagedConstraintName(name)) {
      const auto full = cut_.find(name);
      return full != cut_.end() ? full->second : name.substr(0, name.size() - kSuffix.size());
    }
    const std::string staged = StagedConstraintName(name);
    if (IsCutConstraintName(staged) && cut_.emplace(staged, name).second) {
      journal_.Append("note", kNoteConstraint, name);
    }
    return staged;
  }

 private:
  ServerJournal& journal_;
  std::map<std::string, std::string> cut_;  // full names by the cut ones
};

// Gives all of one kind names of that kind. Each new one is the newest, so what is told by the
// order of their making is kept only when every run through them reaches its end: one that was
// killed is finished first, also where the other way is wanted then. `constraints` stand in that
// order.
void NameInOrder(Session& session, const std::string& table, std::vector<Constraint> constraints,
                 bool staged, OtherNames& names) {
  const auto drop = [&](const Constraint& one) {
    session.Execute(fmt::format("ALTER TABLE {} DROP {} {}", table,
                                one.foreign_key ? "FOREIGN KEY" : "CHECK",
                                QuoteIdentifier(one.name)));
  };
  const auto is_staged = [](const Constraint& one) { return IsStagedConstraintName(one.name); };
  const auto name_all = [&](bool to_staged) {
    const std::vector<Constraint> before = std::exchange(constraints, {});
    std::copy_if(before.begin(), before.end(), std::back_inserter(constraints),
                 [&](const Constraint& one) { return is_staged(one) == to_staged; });
    for (const Constraint& one : before) {
      if (is_staged(one) == to_staged) continue;
      constraints.push_back({names.Of(one.name), one.foreign_key, one.definition});
      session.Execute(fmt::format("ALTER TABLE {} ADD CONSTRAINT {} {}", table,
                                  QuoteIdentifier(constraints.back().name), one.definition));
      drop(one);
    }
  };
  if (constraints.empty()) return;
  // Killed between the new one and the end of the old one.
  for (auto old = constraints.begin(); old != constraints.end(); ++old) {
    const std::string other = names.Of(old->name);
    if (std::none_of(old, constraints.end(),
                     [&](const Constraint& one) { return one.name == other; })) {
      continue;
    }
    drop(*old);
    constraints.erase(old);
    break;
  }
  const bool newest = is_staged(constraints.back());
  if (is_staged(constraints.front()) != newest) name_all(newest);
  if (newest != staged) name_all(staged);
}

// The table without the constraints of which `goes` says so.
template <typename Goes>
std::string Without(std::string_view create_table, const Goes& goes) {
  std::string text;
  std::size_t copied = 0;
  for (const NamedConstraint& found : FindNamedConstraints(create_table)) {
    if (!goes(found)) continue;
    // With the comma before it: a column always stands first.
    const std::size_t comma = create_table.rfind(',', found.item_offset);
    text += create_table.substr(copied, comma - copied);
    copied = found.definition_offset + found.definition_length;
    // OceanBase prints a blank behind each.
    while (copied < create_table.size() && create_table[copied] == ' ') ++copied;
  }
  text += create_table.substr(copied);
  return text;
}

}  // namespace

std::vector<Constraint> ConstraintsOf(std::string_view create_table) {
  std::vector<Constraint> constraints;
  for (const NamedConstraint& found : FindNamedConstraints(create_table)) {
    constraints.push_back(
        {found.name, found.foreign_key,
         std::string(create_table.substr(found.definition_offset, found.definition_length))});
  }
  return constraints;
}

LateKeys WithoutLateKeys(std::string_view create_table) {
  LateKeys late;
  std::size_t copied = 0;
  bool found_one = false;
  for (const NamedConstraint& found : FindNamedConstraints(create_table)) {
    if (!found.foreign_key) continue;
    const std::size_t end = found.definition_offset + found.definition_length;
    const std::string item(create_table.substr(found.item_offset, end - found.item_offset));
    found_one = found_one ||
                !QualifyingDatabases(ObjectKind::kTable, "CREATE TABLE `t` (" + item + ")").empty();
    if (!found_one) continue;
    // With the comma before it: a column always stands first.
    const std::size_t comma = create_table.rfind(',', found.item_offset);
    late.create += create_table.substr(copied, comma - copied);
    late.keys.push_back(item);
    copied = end;
  }
  late.create += create_table.substr(copied);
  return late;
}

std::string WithoutForeignKeys(std::string_view create_table, const std::set<std::string>& names) {
  return Without(create_table, [&](const NamedConstraint& found) {
    return found.foreign_key && names.contains(found.name);
  });
}

std::string WithoutConstraints(std::string_view create_table) {
  return Without(create_table, [](const NamedConstraint&) { return true; });
}

std::string StagedConstraintName(std::string_view name) {
  return WithSuffix(name, kSuffix, kCutSuffix);
}

std::string TwinConstraintName(std::string_view name) {
  return WithSuffix(name, kTwinSuffix, kTwinSuffix);
}

bool IsStagedConstraintName(std::string_view name) { return name.ends_with(kSuffix); }

bool IsCutConstraintName(std::string_view staged) { return staged.ends_with(kCutSuffix); }

std::string WithStagedConstraintNames(std::string_view create_table) {
  std::string text;
  std::size_t copied = 0;
  for (const NamedConstraint& found : FindNamedConstraints(create_table)) {
    text += create_table.substr(copied, found.name_offset - copied);
    text += QuoteIdentifier(StagedConstraintName(found.name));
    copied = found.name_offset + found.name_length;
  }
  text += create_table.substr(copied);
  return text;
}

bool ConstraintNamesAre(Session& session, const std::string& database,
                        const std::vector<std::string>& tables, bool staged) {
  const std::set<std::string> wanted(tables.begin(), tables.end());
  const ResultSet answer = session.Query(fmt::format(
      "SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM "
      "information_schema.TABLE_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = {} AND CONSTRAINT_TYPE IN "
      "('FOREIGN KEY', 'CHECK')",
      QuoteString(database)));
  for (std::size_t row = 0; row < answer.rows.size(); ++row) {
    if (answer.Text(row, 0) != database || !wanted.contains(answer.Text(row, 1))) continue;
    if (IsStagedConstraintName(answer.Text(row, 2)) != staged) return false;
  }
  return true;
}

void SetConstraintNames(Session& session, const ServerTraits& traits, const std::string& database,
                        const std::vector<std::string>& tables, bool staged,
                        ServerJournal& journal) {
  if (ConstraintNamesAre(session, database, tables, staged)) return;
  const std::set<std::string> wanted(tables.begin(), tables.end());
  const Catalog catalog = ReadCatalog(session, traits, {{database}, true, false});
  session.Execute("USE " + QuoteIdentifier(database));
  OtherNames names(journal);
  WithoutForeignKeyChecks(session, [&] {
    for (const Table& table : catalog.databases.front().tables) {
      if (!wanted.contains(table.id.name)) continue;
      const std::vector<Constraint> all = ConstraintsOf(table.create);
      for (const bool foreign_key : {true, false}) {
        std::vector<Constraint> ours;
        std::copy_if(all.begin(), all.end(), std::back_inserter(ours),
                     [&](const Constraint& one) { return one.foreign_key == foreign_key; });
        NameInOrder(session, QuoteQualified(database, table.id.name), std::move(ours), staged,
                    names);
      }
    }
  });
}

void NoteCutConstraintNames(std::string_view create_table, ServerJournal& journal) {
  for (const Constraint& constraint : ConstraintsOf(create_table)) {
    if (IsCutConstraintName(StagedConstraintName(constraint.name))) {
      journal.Append("note", kNoteConstraint, constraint.name);
    }
  }
}

}  // namespace dbomsbak
