#include "engine/table_swap.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/catalog/dropped_events.h"
#include "dbomsbak/sql/quote.h"
#include "engine/live_names.h"
#include "engine/live_schema.h"
#include "engine/set_sweep.h"

namespace dbomsbak {

TableSwap::TableSwap(WindowContext& context)
    : session_(context.session),
      traits_(context.traits),
      set_(context.set),
      journal_(context.journal),
      observer_(context.observer) {}

Step TableSwap::DisplacedDatabases() {
  Step step{"displaced-databases", "create databases for the displaced copy", {}, {}, {}};
  step.done = [this] {
    return std::all_of(set_.members.begin(), set_.members.end(), [this](const SetMember& member) {
      return DatabaseExists(session_, member.displaced);
    });
  };
  step.run = [this] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      const Database& like = set_.before[i].create.empty() ? set_.wanted[i] : set_.before[i];
      const std::string charset = like.charset.empty()
                                      ? ""
                                      : fmt::format(" CHARACTER SET {} COLLATE {}", like.charset,
                                                    QuoteCollation(like.collation));
      session_.Execute(fmt::format("CREATE DATABASE IF NOT EXISTS {}{}",
                                   QuoteIdentifier(set_.members[i].displaced), charset));
    }
  };
  step.undo = [this] {
    for (const SetMember& member : set_.members) DropIfEmpty(session_, member.displaced);
  };
  return step;
}

Step TableSwap::LiveDatabases() {
  Step step{"live-databases", "create databases that do not exist", {}, {}, {}};
  const auto missing = [this](std::size_t i) {
    return !set_.wanted[i].create.empty() && !DatabaseExists(session_, set_.members[i].live);
  };
  step.done = [this, missing] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (missing(i)) return false;
    }
    return true;
  };
  step.run = [this, missing] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (!missing(i)) continue;
      session_.Execute(fmt::format("CREATE DATABASE {} {}", QuoteIdentifier(set_.members[i].live),
                                   CharsetClause(set_.wanted[i])));
    }
    // What was dropped just now must not count as live.
    std::vector<std::string> live;
    for (const SetMember& member : set_.members) live.push_back(member.live);
    AwaitDroppedEvents(session_, traits_, live);
  };
  step.undo = [this] {
    for (std::size_t i = 0; i < set_.members.size(); ++i) {
      if (set_.before[i].create.empty()) DropIfEmpty(session_, set_.members[i].live);
    }
  };
  return step;
}

bool TableSwap::ConstraintsAre(std::string SetMember::*where, bool staged) {
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    if (!ConstraintNamesAre(session_, set_.members[i].*where, set_.incoming[i], staged)) {
      return false;
    }
  }
  return true;
}

void TableSwap::NameConstraints(std::string SetMember::*where, bool staged) {
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    SetConstraintNames(session_, traits_, set_.members[i].*where, set_.incoming[i], staged,
                       journal_);
  }
}

// Staging has other names from the start; a displaced copy that comes back gets them here.
Step TableSwap::SourceConstraints() {
  Step step{
      "source-constraints", "give constraints that go live other names for a while", {}, {}, {}};
  step.done = [this] { return ConstraintsAre(&SetMember::source, true); };
  step.run = [this] { NameConstraints(&SetMember::source, true); };
  step.undo = [this] { NameConstraints(&SetMember::source, false); };
  return step;
}

Step TableSwap::LiveConstraints() {
  Step step{"live-constraints", "give constraints their names again", {}, {}, {}};
  step.done = [this] { return ConstraintsAre(&SetMember::live, false); };
  step.run = [this] { NameConstraints(&SetMember::live, false); };
  return step;
}

// Names of constraints are the database's: those that come take them from those that go.
Step TableSwap::DisplacedConstraints() {
  Step step{"displaced-constraints", "take the constraints of replaced tables off", {}, {}, {}};
  const auto ran = std::make_shared<bool>(false);
  step.done = [ran] { return *ran; };
  step.run = [this, ran] {
    for (const Pair& pair : AllPairs()) {
      if (!pair.outgoing) continue;
      const std::string table = QuoteQualified(pair.to_database, pair.to_table);
      const ResultSet shown = session_.Query("SHOW CREATE TABLE " + table);
      for (const Constraint& constraint : ConstraintsOf(shown.Text(0, 1))) {
        if (!constraint.foreign_key && !traits_.constraint_names_block_rename) continue;
        session_.Execute(fmt::format("ALTER TABLE {} DROP {} {}", table,
                                     constraint.foreign_key ? "FOREIGN KEY" : "CHECK",
                                     QuoteIdentifier(constraint.name)));
        taken_[{pair.to_database, pair.to_table}].push_back(constraint);
      }
    }
    *ran = true;
  };
  return step;
}

void TableSwap::LockOutgoing() {
  if (locked_ || !traits_.has_real_table_locks) return;
  std::string list;
  const auto add = [&list](const std::string& database, const std::string& table) {
    list += fmt::format("{}{} WRITE", list.empty() ? "" : ", ", QuoteQualified(database, table));
  };
  for (std::size_t i = 0; i < set_.members.size(); ++i) {
    std::set<std::string> sequences;
    for (const Sequence& sequence : set_.before[i].sequences) sequences.insert(sequence.id.name);
    for (const std::string& table : set_.outgoing[i]) {
      if (!sequences.contains(table)) add(set_.members[i].live, table);
    }
    if (!traits_.rename_allowed_under_lock_tables) continue;
    for (const std::string& table : set_.incoming[i]) add(set_.members[i].source, table);
  }
  if (list.empty()) return;
  add(journal_.database(), kJournalTable);
  try {
    session_.Execute("LOCK TABLES " + list);
    locked_ = true;
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kBusy || error.code() == ErrorCode::kConnectionLost) throw;
    // Without the privilege, or where a trigger names what is not there, the window opens without
    // the lock: a few writes may then meet a table without its triggers.
    session_.Execute("UNLOCK TABLES");
    observer_.Notice(fmt::format("triggers are swapped without a table lock: {}", error.message()));
  }
}

void TableSwap::Unlock() {
  if (!locked_) return;
  locked_ = false;
  session_.Execute("UNLOCK TABLES");
}

std::vector<TableSwap::Pair> TableSwap::PairsOf(const PreparedSet& set) {
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    const SetMember& member = set.members[i];
    for (std::size_t n = 0; n < set.outgoing[i].size(); ++n) {
      pairs.push_back(
          {member.live, set.outgoing[i][n], member.displaced, set.DisplacedTable(i, n), true});
    }
  }
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    const SetMember& member = set.members[i];
    for (std::size_t n = 0; n < set.incoming[i].size(); ++n) {
      pairs.push_back(
          {member.source, set.SourceTable(i, n), member.live, set.incoming[i][n], false});
    }
  }
  if (set.in_place) return pairs;
  pairs.push_back(
      {set.members[0].source, kJournalTable, set.members[0].displaced, kJournalTable, false});
  return pairs;
}

std::vector<TableSwap::Pair> TableSwap::PendingPairs() {
  std::map<std::string, std::set<std::string>> tables;
  const auto exists = [&](const std::string& database, const std::string& table) {
    auto found = tables.find(database);
    if (found == tables.end()) {
      found = tables.emplace(database, ReadTableNames(session_, database)).first;
    }
    return found->second.contains(table);
  };
  std::vector<Pair> pending;
  for (const Pair& pair : AllPairs()) {
    // Live names stand on either side of the RENAME; the far ends tell what has happened.
    const bool moved = pair.outgoing ? exists(pair.to_database, pair.to_table)
                                     : !exists(pair.from_database, pair.from_table);
    if (!moved) pending.push_back(pair);
  }
  return pending;
}

void TableSwap::Rename(const std::vector<Pair>& pairs) {
  std::string list;
  for (const Pair& pair : pairs) {
    list += fmt::format("{}{} TO {}", list.empty() ? "" : ", ",
                        QuoteQualified(pair.from_database, pair.from_table),
                        QuoteQualified(pair.to_database, pair.to_table));
  }
  if (!traits_.rename_allowed_under_lock_tables) Unlock();
  const auto rename = [&] { session_.Execute("RENAME TABLE " + list); };
  if (guard_) {
    guard_(pairs.size(), rename);
  } else {
    rename();
  }
  if (!set_.in_place) journal_.MovedTo(set_.members[0].displaced);
}

Step TableSwap::Swap() {
  Step step{"swap",
            fmt::format("swap {} in one RENAME", Counted(set_.members.size(), "database")),
            {},
            {},
            {}};
  if (set_.members.size() == 1) step.description = "swap the database in one RENAME";
  step.done = [this] {
    if (set_.in_place) return PendingPairs().empty();
    if (!ServerJournal::Exists(session_, set_.members[0].displaced)) return false;
    journal_.MovedTo(set_.members[0].displaced);
    return true;
  };
  step.run = [this] { Rename(AllPairs()); };
  return step;
}

}  // namespace dbomsbak
