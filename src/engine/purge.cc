// Purge: displaced copies are dropped, when nothing needs them any more, and what killed restores
// left of their staging.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/live_names.h"
#include "engine/lock_ladder.h"
#include "engine/lock_wait.h"
#include "engine/locked_server.h"
#include "engine/outside_references.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/set_sweep.h"
#include "engine/sight.h"
#include "engine/staging.h"
#include "engine/window_context.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMostNamed = 10;

// Of a set that speaks for some tables only.
void KeepOnly(const std::vector<std::string>& only, Database& database) {
  const auto other = [&](const auto& object) { return !Contains(only, object.id.name); };
  std::erase_if(database.tables, other);
  std::erase_if(database.sequences, other);
  std::erase_if(database.views, other);
  std::erase_if(database.triggers,
                [&](const StoredProgram& trigger) { return !Contains(only, trigger.table); });
  database.routines.clear();
  database.events.clear();
}

// What the last swap made live must all be there, or the copy may be the only place that has it.
void AddMissingLiveObjects(Session& session, const JournaledSet& newest,
                           std::vector<std::string>& problems) {
  for (std::size_t i = 0; i < newest.set.members.size(); ++i) {
    const std::string& live = newest.set.members[i].live;
    Database wanted = newest.set.wanted[i];
    if (i < newest.set.only.size() && newest.set.only[i]) KeepOnly(*newest.set.only[i], wanted);
    for (const std::string& difference : Differences(live, wanted, ReadLiveNames(session, live))) {
      if (difference.ends_with("missing")) problems.push_back(difference + " from what is live");
    }
  }
}

void Check(Session& session, const std::vector<JournaledSet>& all,
           const std::vector<JournaledSet>& chosen, bool force) {
  std::vector<std::string> problems, missing;
  for (const JournaledSet& copy : chosen) {
    if (copy.state == SetState::kOpen) {
      problems.push_back(fmt::format("the {} of {} is not finished", copy.set.operation,
                                     QuotedList(copy.LiveNames())));
    }
    const std::vector<std::string> displaced = copy.DisplacedNames();
    for (const InboundKey& key : KeysFromOutside(session, displaced)) {
      problems.push_back(key.Describe() + " needs the copy");
    }
    for (const std::string& view : ViewsFromOutside(session, displaced)) {
      problems.push_back(view + " reads the copy");
    }
  }
  if (!force) {
    AddMissingLiveObjects(session, SelectSets(all, chosen.front().LiveNames(), "").back(), missing);
  }
  std::string hint = "Nothing was dropped. ";
  if (!problems.empty()) {
    hint +=
        "Put right what is named; or, when the copy is surely not needed, drop its databases "
        "by hand.";
  } else {
    hint +=
        "If these were dropped on purpose, as an upgrade may, add --force. If not, the copy or "
        "the archive may be the only place that has them: bring them back first.";
  }
  problems.insert(problems.end(), missing.begin(), missing.end());
  if (problems.empty()) return;
  std::string text;
  for (std::size_t i = 0; i < problems.size() && i < kMostNamed; ++i) {
    text += (text.empty() ? "" : "; ") + problems[i];
  }
  if (problems.size() > kMostNamed) {
    text += fmt::format(" and {} more", problems.size() - kMostNamed);
  }
  throw Error(ErrorCode::kRestorePreflight, fmt::format("not purged: {}", text), std::move(hint));
}

// Drops what a purge has chosen. Every statement waits for locks with patience; Ctrl-C is obeyed
// between them, and leaves what the next purge goes on with.
class Dropper {
 public:
  Dropper(Session& session, const PurgeOptions& options, Observer& observer,
          const CancelToken& cancel)
      : session_(session),
        patience_{options.lock_wait_s, options.lock_tries, {}},
        lock_wait_(session, options.lock_wait_s),
        observer_(observer),
        cancel_(cancel) {}

  void Patiently(const std::string& what, const std::function<void()>& drop) {
    WithPatience(session_, patience_, "the lock to drop " + what, observer_, cancel_, drop);
  }

  void DropDatabase(const std::string& name) {
    const std::string database = QuoteIdentifier(name);
    Patiently(database, [&] { DropOurs(session_, name, observer_); });
  }

  // Table by table, the journal last: whatever ends this in the middle, the next purge finds the
  // journal and goes on.
  void Drop(const JournaledSet& copy) {
    const std::vector<std::string> displaced = copy.DisplacedNames();
    const auto journal = ServerJournal::Open(session_, copy.holder);
    if (copy.state != SetState::kPurging) journal->Append("note", kNotePurging, "");
    // Checks stay on, so that a key from outside still protects what it needs.
    session_.Execute("SET foreign_key_checks = 1");
    DropKeysWithin(displaced);
    for (auto database = displaced.rbegin(); database != displaced.rend(); ++database) {
      observer_.Phase(fmt::format("dropping {}", QuoteIdentifier(*database)));
      for (const std::string& table : ReadTableNames(session_, *database)) {
        if (*database == copy.holder && table == kJournalTable) continue;
        const std::string name = QuoteQualified(*database, table);
        Patiently(name, [&] { DropTable(name); });
      }
      if (*database != copy.holder) DropDatabase(*database);
    }
    DropDatabase(copy.holder);
  }

 private:
  // A foreign key from a database that the account may not see protects the table. Who it is the
  // server tells only when the table is to be emptied, which is no loss any more.
  void DropTable(const std::string& table) {
    try {
      session_.Execute("DROP TABLE IF EXISTS " + table);
      return;
    } catch (const ServerError& error) {
      if (!IsReferenced(error.number())) throw;
    }
    try {
      session_.Execute("TRUNCATE TABLE " + table);
      session_.Execute("DROP TABLE IF EXISTS " + table);  // the key has gone in this moment
    } catch (const ServerError& error) {
      if (!IsReferenced(error.number())) throw;
      throw Error(ErrorCode::kQueryRefused,
                  fmt::format("table {} is still referred to: {}", table, error.message()),
                  "Some tables of the copy are dropped already, so it cannot be brought back. Drop "
                  "that foreign key, then run the same command again: it goes on from here.")
          .About(table);
    }
  }

  // Keys between the copy's own tables would hold up the DROPs, in a circle for ever.
  void DropKeysWithin(const std::vector<std::string>& displaced) {
    std::map<std::string, std::string> drops;  // by table
    for (const InboundKey& key : KeysInto(session_, displaced).keys) {
      if (std::find(displaced.begin(), displaced.end(), key.database) == displaced.end()) continue;
      if (key.database == key.parent_database && key.table == key.parent_table) continue;
      std::string& drop = drops[QuoteQualified(key.database, key.table)];
      drop +=
          fmt::format("{}DROP FOREIGN KEY {}", drop.empty() ? "" : ", ", QuoteIdentifier(key.name));
    }
    for (const auto& [table, drop] : drops) {
      const std::string statement = fmt::format("ALTER TABLE {} {}", table, drop);
      Patiently("the foreign keys of " + table, [&] { session_.Execute(statement); });
    }
  }

  Session& session_;
  LockPatience patience_;
  LockWait lock_wait_;
  Observer& observer_;
  const CancelToken& cancel_;
};

// A purge that was killed within its last statement leaves an empty database without a journal.
std::vector<std::string> EmptyRemains(Session& session, const std::vector<JournaledSet>& sets,
                                      const PurgeOptions& options) {
  std::set<std::string> explained;
  for (const JournaledSet& copy : sets) {
    for (const std::string& database : copy.DisplacedNames()) explained.insert(database);
  }
  std::vector<std::string> remains;
  for (const std::string& database : ListDatabases(session)) {
    if (!IsDisplacedName(database) || explained.contains(database)) continue;
    if (options.generation != 0 && GenerationOf(database) != options.generation) continue;
    const std::vector<std::string>& asked = options.databases;
    if (!asked.empty() &&
        std::find(asked.begin(), asked.end(), LiveNameOf(database)) == asked.end()) {
      continue;
    }
    if (ReadLiveNames(session, database).HoldsNothing()) remains.push_back(database);
  }
  return remains;
}

Leftover DescribeRemains(const std::string& database) {
  Leftover leftover;
  leftover.kind = LeftoverKind::kDisplacedCopy;
  leftover.generation = GenerationOf(database);
  leftover.databases = {LiveNameOf(database)};
  leftover.holders = {database};
  leftover.advice = "It is empty: what an interrupted purge has left.";
  return leftover;
}

Leftover Describe(const std::vector<Leftover>& leftovers, const JournaledSet& copy) {
  for (const Leftover& leftover : leftovers) {
    if (leftover.kind == LeftoverKind::kDisplacedCopy && leftover.run == copy.set.run) {
      return leftover;
    }
  }
  Leftover leftover;
  leftover.kind = LeftoverKind::kDisplacedCopy;
  leftover.generation = copy.set.generation;
  leftover.run = copy.set.run;
  leftover.databases = copy.LiveNames();
  leftover.holders = copy.DisplacedNames();
  leftover.created = copy.time;
  return leftover;
}

// Staging of restores that were killed while they loaded, wholly of databases that are asked for.
std::vector<Leftover> LeftStaging(std::vector<Leftover> staging, const PurgeOptions& options) {
  if (options.generation != 0) return {};
  std::erase_if(staging, [&](const Leftover& leftover) {
    const auto asked = [&](const std::string& database) {
      return std::find(options.databases.begin(), options.databases.end(), database) !=
             options.databases.end();
    };
    return leftover.kind != LeftoverKind::kStaging ||
           !(options.databases.empty() ||
             std::all_of(leftover.databases.begin(), leftover.databases.end(), asked));
  });
  return staging;
}

// Is any of the databases that are asked for in one of the sets?
bool Concerns(const std::vector<JournaledSet>& all, const std::vector<std::string>& asked) {
  if (asked.empty()) return !all.empty();
  return std::any_of(all.begin(), all.end(), [&](const JournaledSet& copy) {
    const std::vector<std::string> names = copy.LiveNames();
    return std::find_first_of(names.begin(), names.end(), asked.begin(), asked.end()) !=
           names.end();
  });
}

// The copies that the options mean; never empty.
std::vector<JournaledSet> Choose(const std::vector<JournaledSet>& all, const PurgeOptions& options,
                                 const std::string& unseen) {
  std::vector<JournaledSet> chosen = SelectSets(all, options.databases, unseen);
  if (options.generation == 0) return chosen;
  std::erase_if(
      chosen, [&](const JournaledSet& copy) { return copy.set.generation != options.generation; });
  if (chosen.empty()) {
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("there is no displaced copy of generation {}", options.generation),
                "`dbomsbak status` lists the copies with their generations.");
  }
  return chosen;
}

}  // namespace

std::vector<Leftover> RunPurge(SessionFactory& sessions, const PurgeOptions& options,
                               const std::function<bool(const std::vector<Leftover>&)>& confirm,
                               Observer& observer, const CancelToken& cancel) {
  LockedServer server(sessions, !options.dry_run, options.lock_wait_s, observer);
  Session& session = server.session();
  const std::vector<JournaledSet> all = FindSets(session);
  // What no journal explains is swept only where no journal can be hidden.
  const std::string unseen = UnseenLeftovers(session);
  const std::vector<Leftover> leftovers = FindLeftovers(session);
  std::vector<std::string> remains;
  std::vector<Leftover> staging;
  if (unseen.empty()) {
    remains = EmptyRemains(session, all, options);
    staging = LeftStaging(leftovers, options);
    if (options.databases.empty()) {
      std::erase_if(staging, [&](const Leftover& left) {
        if (IsSurelyOurs(session, left.holders)) return false;
        observer.Warning(fmt::format(
            "{} has no journal of a restore, and was left: `dbomsbak purge {}` drops it",
            QuotedList(left.holders), ShellWords(left.databases)));
        return true;
      });
    }
  }
  for (const Leftover& leftover : leftovers) {
    if (leftover.kind == LeftoverKind::kKeptTables && options.generation == 0) {
      observer.Notice(fmt::format(
          "tables that a restore in place kept in {} stay: `dbomsbak status` tells what to do",
          QuotedList(leftover.databases)));
    }
    if (leftover.kind != LeftoverKind::kPrepared || options.generation != 0) continue;
    observer.Notice(
        fmt::format("the prepared restore of {} stays: `dbomsbak restore --abort` "
                    "drops it",
                    QuotedList(leftover.databases)));
  }
  // Whoever runs it once more, because the last answer was lost, has what was wanted.
  if (all.empty() && remains.empty() && staging.empty() && unseen.empty() &&
      options.databases.empty() && options.generation == 0) {
    return {};
  }
  std::vector<JournaledSet> chosen;
  if ((remains.empty() && staging.empty()) || Concerns(all, options.databases)) {
    chosen = Choose(all, options, unseen);
    Check(session, all, chosen, options.force);
  }
  std::vector<Leftover> copies = staging;
  for (const std::string& database : remains) copies.push_back(DescribeRemains(database));
  for (const JournaledSet& copy : chosen) copies.push_back(Describe(leftovers, copy));
  if (options.dry_run) return copies;
  if (confirm && !confirm(copies)) {
    throw Error(ErrorCode::kInterrupted, "purge was not confirmed; nothing was dropped",
                "Answer y to drop what is shown, or add --yes.");
  }
  Dropper dropper(session, options, observer, cancel);
  for (const Leftover& leftover : staging) {
    dropper.Patiently("the staging", [&] { SweepStaging(session, leftover.holders, observer); });
  }
  for (const std::string& database : remains) dropper.DropDatabase(database);
  for (const JournaledSet& copy : chosen) {
    try {
      dropper.Drop(copy);
    } catch (Error& error) {
      error.While(fmt::format("purging the displaced copy of generation {}", copy.set.generation));
      throw;
    }
  }
  return copies;
}

}  // namespace dbomsbak
