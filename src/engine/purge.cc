// Purge: displaced copies are dropped, when nothing needs them any more.
#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/sql/quote.h"
#include "engine/heal.h"
#include "engine/live_names.h"
#include "engine/outside_references.h"
#include "engine/restore_lock.h"
#include "engine/set_history.h"

namespace dbomsbak {
namespace {

constexpr unsigned kLockWaitS = 5;
constexpr std::size_t kMostNamed = 10;

// What the last swap made live must all be there, or the copy may be the only place that has it.
void AddMissingLiveObjects(Session& session, const JournaledSet& newest,
                           std::vector<std::string>& problems) {
  for (std::size_t i = 0; i < newest.set.members.size(); ++i) {
    const std::string& live = newest.set.members[i].live;
    for (const std::string& difference :
         Differences(live, newest.set.wanted[i], ReadLiveNames(session, live))) {
      if (difference.ends_with("missing")) problems.push_back(difference + " from what is live");
    }
  }
}

void Check(Session& session, const std::vector<JournaledSet>& all,
           const std::vector<JournaledSet>& chosen) {
  std::vector<std::string> problems;
  for (const JournaledSet& copy : chosen) {
    if (copy.state == SetState::kOpen) {
      problems.push_back(fmt::format("the {} of {} is not finished", copy.set.operation,
                                     QuotedList(copy.LiveNames())));
    }
    const std::vector<std::string> displaced = copy.DisplacedNames();
    for (const OutsideKey& key : KeysFromOutside(session, displaced)) {
      problems.push_back(key.Describe() + " needs the copy");
    }
    for (const std::string& view : ViewsFromOutside(session, displaced)) {
      problems.push_back(view + " reads the copy");
    }
  }
  AddMissingLiveObjects(session, SelectSets(all, chosen.front().LiveNames()).back(), problems);
  if (problems.empty()) return;
  std::string text;
  for (std::size_t i = 0; i < problems.size() && i < kMostNamed; ++i) {
    text += (text.empty() ? "" : "; ") + problems[i];
  }
  if (problems.size() > kMostNamed) {
    text += fmt::format(" and {} more", problems.size() - kMostNamed);
  }
  throw Error(ErrorCode::kRestorePreflight, fmt::format("not purged: {}", text),
              "Nothing was dropped. Put right what is named; or, when the copy is surely not "
              "needed, drop its databases by hand.");
}

void Drop(Session& session, const JournaledSet& copy, Observer& observer) {
  const std::vector<std::string> displaced = copy.DisplacedNames();
  const auto journal = ServerJournal::Open(session, copy.holder);
  if (copy.state != SetState::kPurging) journal->Append("note", kNotePurging, "");
  // Keys between its databases would hold up the DROP, in a circle for ever. Checks stay on, so
  // that a key from outside that came meanwhile still protects what it needs.
  session.Execute("SET foreign_key_checks = 1");
  for (const OutsideKey& key : KeysAcross(session, displaced)) {
    session.Execute(fmt::format("ALTER TABLE {} DROP FOREIGN KEY {}",
                                QuoteQualified(key.database, key.table),
                                QuoteIdentifier(key.name)));
  }
  // The first one holds the journal: it goes last, so that a killed purge is found again.
  for (auto database = displaced.rbegin(); database != displaced.rend(); ++database) {
    observer.Phase(fmt::format("dropping {}", QuoteIdentifier(*database)));
    session.Execute("DROP DATABASE IF EXISTS " + QuoteIdentifier(*database));
  }
}

Leftover Describe(Session& session, const JournaledSet& copy) {
  for (Leftover& leftover : FindLeftovers(session)) {
    if (leftover.kind == LeftoverKind::kDisplacedCopy && leftover.run == copy.set.run) {
      return std::move(leftover);
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

}  // namespace

std::vector<Leftover> RunPurge(SessionFactory& sessions, const PurgeOptions& options,
                               const std::function<bool(const std::vector<Leftover>&)>& confirm,
                               Observer& observer) {
  const auto session = sessions.Connect();
  const ServerTraits traits = ProbeServerTraits(*session);
  PrepareSession(*session, traits, false);
  const RestoreLock lock(*session, kLockWaitS);
  if (!options.dry_run) {
    for (const std::string& line : HealWithLock(*session, traits, observer)) observer.Notice(line);
  }
  const std::vector<JournaledSet> all = FindSets(*session);
  std::vector<JournaledSet> chosen = SelectSets(all, options.databases);
  if (options.generation != 0) {
    std::erase_if(chosen, [&](const JournaledSet& copy) {
      return copy.set.generation != options.generation;
    });
    if (chosen.empty()) {
      throw Error(ErrorCode::kRestorePreflight,
                  fmt::format("there is no displaced copy of generation {}", options.generation),
                  "`dbomsbak status` lists the copies with their generations.");
    }
  }
  Check(*session, all, chosen);
  std::vector<Leftover> copies;
  for (const JournaledSet& copy : chosen) copies.push_back(Describe(*session, copy));
  if (options.dry_run) return copies;
  if (confirm && !confirm(copies)) {
    throw Error(ErrorCode::kInterrupted, "purge was not confirmed; nothing was dropped");
  }
  for (const JournaledSet& copy : chosen) {
    try {
      Drop(*session, copy, observer);
    } catch (Error& error) {
      error.While(fmt::format("purging the displaced copy of generation {}", copy.set.generation));
      throw;
    }
  }
  return copies;
}

}  // namespace dbomsbak
