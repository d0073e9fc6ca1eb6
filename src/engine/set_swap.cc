#include "engine/set_swap.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "engine/in_place.h"
#include "engine/kept_tables.h"
#include "engine/live_names.h"
#include "engine/lock_holders.h"
#include "engine/lock_wait.h"
#include "engine/orphans.h"
#include "engine/set_history.h"
#include "engine/set_sweep.h"
#include "engine/statement_deadline.h"
#include "engine/stubs.h"
#include "engine/window.h"

namespace dbomsbak {
namespace {

// What has been changed must be finished or put back: there we wait longer than on the way in.
constexpr unsigned kPatientLockWaitS = 30;
constexpr unsigned kPatientTries = 4;
constexpr std::chrono::milliseconds kFirstPause{200}, kLongestPause{2000};
// OceanBase takes 20 to 90 ms a table, on a busy machine twice that.
constexpr std::chrono::milliseconds kSlowestRenameOfOne{300};

std::vector<std::string> DatabasesOf(const PreparedSet& set) {
  std::vector<std::string> databases;
  for (const SetMember& member : set.members) databases.push_back(member.live);
  for (const KeyDefinition& key : set.repointed_keys) databases.push_back(key.database);
  return databases;
}

// Without what this program has put there.
LiveNames NamesLive(Session& session, const PreparedSet& set, std::size_t member) {
  LiveNames live = ReadLiveNames(session, set.members[member].live);
  if (set.in_place) {
    std::erase_if(live.tables,
                  [&](const std::string& table) { return IsTableOfRun(table, set.run); });
  }
  std::erase_if(live.tables, [&](const std::string& table) {
    return IsDisplacedTableName(table) && !Contains(set.incoming[member], table) &&
           !Contains(set.outgoing[member], table);
  });
  return live;
}

Error Busy(Session& session, const PreparedSet& set, const Error& cause, unsigned tries) {
  const std::string holders = DescribeLockHolders(session, DatabasesOf(set));
  return Error(ErrorCode::kBusy,
               fmt::format("{} (tried {} times); in the way: {}", cause.message(), tries,
                           holders.empty() ? "nobody this account may see" : holders),
               holders.empty()
                   ? "Everything is as it was. GRANT PROCESS ON *.* lets this account see who "
                     "holds a lock; end that transaction, or raise --lock-wait."
                   : "Everything is as it was. Let that session end its transaction (or KILL it), "
                     "or raise --lock-wait; then run the same command again.");
}

Error LostSession(const Error& error) {
  return Error(ErrorCode::kConnectionLost,
               fmt::format("the session was lost while the window was open: {}", error.message()),
               "Run any dbomsbak command that changes this server (or the same one again): it "
               "first finishes or takes back what was begun.");
}

// What to do behind the RENAME, and how to get back from there.
std::string HintBehindSwap(const PreparedSet& set) {
  constexpr char kAgain[] =
      "Remove what stands in the way, then run the same command again: it finishes the swap "
      "first. ";
  if (!set.in_place) return std::string(kAgain) + "What was live is kept in the displaced copy.";
  return fmt::format(
      "{}Or go back: dbomsbak restore --in-place '{}' makes live what was dumped to that file "
      "before "
      "anything was changed; until then what was live is kept as tables {}….",
      kAgain, set.safety_dump, DisplacedTableName(set.run, 0));
}

void TakeBack(Session& session, Window& window, const PreparedSet& set, ServerJournal& journal,
              StepRunner& runner) {
  window.tables().Unlock();
  for (unsigned attempt = 1;; ++attempt) {
    try {
      DropStubsLeft(session, journal);
      runner.Undo(window.Opening());
      runner.Undo(window.Preparation());
      break;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kConnectionLost) throw;
      if (error.code() == ErrorCode::kBusy && attempt < kPatientTries) continue;
      const std::string holders = DescribeLockHolders(session, DatabasesOf(set));
      throw Error(
          ErrorCode::kNeedsHelp,
          fmt::format("no table was swapped, but not everything could be put back: {}{}",
                      error.message(), holders.empty() ? "" : "; in the way: " + holders),
          "Remove what stands in the way, then run the same command again: it puts back the rest "
          "first.");
    }
  }
  session.Execute("DROP TABLE IF EXISTS " +
                  QuoteQualified(set.members[0].source, kJournalCopyTable));
  journal.Append("note", kNoteTakenBack, "");
}

// Behind the RENAME, where `rest` may be done again: what is in the way is waited for, and whatever
// else fails is told as what it is, a swap that is not finished.
void GoForward(Session& session, const PreparedSet& set, const std::function<void()>& rest) {
  for (unsigned attempt = 1;; ++attempt) {
    try {
      rest();
      return;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::kConnectionLost) throw;
      if (error.code() == ErrorCode::kBusy && attempt < kPatientTries) continue;
      const std::string holders =
          error.code() == ErrorCode::kBusy ? DescribeLockHolders(session, DatabasesOf(set)) : "";
      throw Error(ErrorCode::kNeedsHelp,
                  fmt::format("all tables are swapped, but the rest is not finished: {}{}",
                              error.message(), holders.empty() ? "" : "; in the way: " + holders),
                  HintBehindSwap(set));
    }
  }
}

// An error of any kind behind the RENAME, or where nobody can tell whether it was done: the journal
// must stay, and whoever sees that code leaves it.
[[noreturn]] void ThrowUnfinished(const PreparedSet& set, std::string_view why) {
  throw Error(ErrorCode::kNeedsHelp,
              fmt::format("the tables are swapped, but the rest is not finished: {}", why),
              HintBehindSwap(set));
}

[[noreturn]] void ThrowUnfinished(const PreparedSet& set, const std::exception_ptr& failure) {
  std::string why = "out of memory, or a fault of this program";
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw LostSession(error);
    if (error.code() == ErrorCode::kNeedsHelp) throw;
    why = error.message();
  } catch (const std::exception&) {  // told as above
  }
  ThrowUnfinished(set, why);
}

void Close(Session& session, Window& window, const PreparedSet& set, StepRunner& runner,
           ServerJournal& journal, const std::vector<Database>& live) {
  GoForward(session, set, [&, again = false]() mutable {
    if (std::exchange(again, true)) DropStubsLeft(session, journal);
    runner.Run(window.Closing(live));
    window.tables().Unlock();
  });
}

void Finish(Session& session, Window& window, const PreparedSet& set, StepRunner& runner,
            ServerJournal& journal, Observer& observer, std::uint64_t window_ms) {
  GoForward(session, set, [&] { runner.Run(window.Aftermath()); });
  GoForward(session, set, [&] {
    journal.Append("note", kNoteFinished, fmt::format("{{\"window_ms\":{}}}", window_ms));
  });
  GoForward(session, set, [&] {
    if (set.in_place) {
      DropStubsLeft(session, journal);
    } else if (!SweepSet(session, set, journal, observer)) {
      journal.Append("note", kNoteUnswept, "");
    }
  });
}

std::vector<std::string> NameDifferences(Session& session, const ServerTraits& traits,
                                         const PreparedSet& set) {
  std::vector<std::string> differences;
  GoForward(session, set, [&] {
    differences.clear();
    // Where a key does not wait for open transactions, or has to wait for the RENAME, rows may have
    // come that it never saw.
    if (!traits.has_metadata_locks_for_readers || traits.constraint_names_block_rename) {
      differences = RepointedOrphans(session, set, &SetMember::live);
    }
    for (std::size_t i = 0; i < set.members.size(); ++i) {
      const auto more = Differences(set.members[i].live, set.wanted[i], NamesLive(session, set, i));
      differences.insert(differences.end(), more.begin(), more.end());
    }
  });
  return differences;
}

Error Changed(const std::vector<std::string>& problems) {
  return Error(
      ErrorCode::kRestorePreflight,
      fmt::format("the databases have changed since they were looked at: {}", JoinedSome(problems)),
      "Nothing was changed. Keep others from changing definitions, then run the same "
      "command again.");
}

// What is live, by member; a database that is not there is empty.
std::vector<Database> ReadLive(Session& session, const ServerTraits& traits, const PreparedSet& set,
                               bool programs_only) {
  CatalogRequest request;
  request.guess_views = true;
  request.programs_only = programs_only;
  std::vector<Database> live(set.members.size());
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    live[i].name = set.members[i].live;
    if (!DatabaseExists(session, set.members[i].live)) continue;
    request.databases.push_back(set.members[i].live);
  }
  const Catalog catalog = ReadCatalog(session, traits, request);
  for (Database& database : live) {
    const Database* found = catalog.Find(database.name);
    if (found != nullptr) database = *found;
  }
  return live;
}

// In place, what is replaced comes back from the safety dump alone: it is not enough that names are
// the same. `again`: behind a try, whose triggers and views this program has made again.
void CheckDefinitions(Session& session, const ServerTraits& traits, const PreparedSet& set,
                      bool again) {
  std::vector<Database> before = set.before, now = ReadLive(session, traits, set, true);
  for (std::size_t i = 0; again && i < set.members.size(); ++i) {
    for (Database* database : {&before[i], &now[i]}) {
      database->triggers.clear();
      std::erase_if(database->views,
                    [&](const View& view) { return Contains(set.incoming[i], view.id.name); });
    }
  }
  const std::vector<std::string> changed = ProgramsChangedBetween(before, now);
  if (!changed.empty()) throw Changed(changed);
}

// What Closing finds, in place: who had to wait for the RENAME may not be the only one to have
// changed something.
std::vector<Database> LookBehindRename(Session& session, const ServerTraits& traits,
                                       const PreparedSet& set, ServerJournal& journal,
                                       std::vector<Database> live, Observer& observer) {
  GoForward(session, set, [&] {
    std::vector<Database> now = ReadLive(session, traits, set, true);
    for (const std::string& made : MadeMeanwhile(set, now)) {
      observer.Warning(fmt::format(
          "made by somebody since the last look, and replaced by what was restored; no safety dump "
          "holds it: {}",
          made));
    }
    for (std::size_t i = 0; i < live.size(); ++i) {
      live[i].views = std::move(now[i].views);
      live[i].routines = std::move(now[i].routines);
      live[i].events = std::move(now[i].events);
    }
    journal.Append("note", kNoteClosing, "");
  });
  return live;
}

std::unique_ptr<ServerJournal> CreateCopy(Session& session, const std::string& database) {
  // Killed within the CREATE, a server without atomic DDL keeps a definition that no table has.
  session.Execute("DROP TABLE IF EXISTS " + QuoteQualified(database, kJournalCopyTable));
  return ServerJournal::Create(session, database, kJournalCopyTable);
}

void WriteCopy(Session& session, const PreparedSet& set) {
  const std::string& database = set.members[0].source;
  std::unique_ptr<ServerJournal> copy;
  if (ServerJournal::Exists(session, database, kJournalCopyTable)) {
    copy = ServerJournal::Open(session, database, kJournalCopyTable);
    if (!copy->Load().empty()) copy.reset();
  }
  if (!copy) copy = CreateCopy(session, database);
  copy->Append("note", kNoteSet, ToJson(set));
}

}  // namespace

void CheckUnchanged(Session& session, const PreparedSet& set) {
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    const SetMember& member = set.members[i];
    const LiveNames live = NamesLive(session, set, i);
    if (live.exists == set.before[i].create.empty()) {
      problems.push_back(fmt::format("database {} {}", QuoteIdentifier(member.live),
                                     live.exists ? "is there now" : "is gone"));
    } else {
      const auto differences = Differences(member.live, set.before[i], live);
      problems.insert(problems.end(), differences.begin(), differences.end());
    }
    const std::set<std::string> source = ReadTableNames(session, member.source);
    for (std::size_t n = 0; n < set.incoming[i].size(); ++n) {
      const std::string table = set.SourceTable(i, n);
      if (!source.contains(table)) {
        problems.push_back(
            fmt::format("table {} is missing", QuoteQualified(member.source, table)));
      }
    }
    if (!set.in_place && !ReadLiveNames(session, member.displaced).HoldsNothing()) {
      problems.push_back(fmt::format("database {} is in use", QuoteIdentifier(member.displaced)));
    }
  }
  if (!problems.empty()) throw Changed(problems);
}

void PrepareSwap(Session& session, const std::string& source) {
  if (ServerJournal::Exists(session, source, kJournalCopyTable)) return;
  CreateCopy(session, source);
}

std::uint64_t SwapLive(Session& session, const ServerTraits& traits, const PreparedSet& prepared,
                       ServerJournal& journal, const SwapOptions& options, Observer& observer) {
  PreparedSet set = prepared;
  if (!set.in_place) set.outside_keys = OutsideKeysOf(set);
  CheckUnchanged(session, set);
  if (!set.in_place) WriteCopy(session, set);
  journal.Append("note", kNoteSet, ToJson(set));
  Window window(session, traits, set, journal, observer);
  if (traits.rename_waits_without_bound && options.sessions != nullptr) {
    window.tables().GuardRename([&](std::size_t tables, const std::function<void()>& rename) {
      const auto limit =
          std::chrono::seconds(std::max(options.lock_wait_s, 1u)) + tables * kSlowestRenameOfOne;
      RunWithDeadline(*options.sessions, session, limit, rename);
    });
  }
  StepRunner runner(journal, observer, set.run);
  std::chrono::steady_clock::time_point opened;
  const auto take_back = [&](std::string_view why) {
    try {
      const LockWait patient(session, kPatientLockWaitS, LockWait::OnRefusal::kGoOn);
      // The RENAME may be done although its step failed: the journal could not be written, say.
      if (window.tables().PendingPairs().size() != window.tables().AllPairs().size()) {
        ThrowUnfinished(set, why);
      }
      TakeBack(session, window, set, journal, runner);
    } catch (...) {
      ThrowUnfinished(set, std::current_exception());
    }
  };
  try {
    const LockWait wait(session, std::max(options.lock_wait_s, 1u));
    std::chrono::milliseconds pause = kFirstPause;
    for (unsigned attempt = 1;; ++attempt) {
      try {
        runner.Run(window.Preparation());
        if (set.in_place) CheckDefinitions(session, traits, set, attempt > 1);
        opened = std::chrono::steady_clock::now();
        runner.Run(window.Opening());
        runner.Run({window.Swap()});
        break;
      } catch (const Error& error) {
        if (error.code() != ErrorCode::kBusy) throw;
        window.tables().Unlock();
        if (attempt >= options.lock_tries) throw Busy(session, set, error, attempt);
        {
          const LockWait patient(session, kPatientLockWaitS);
          runner.Undo(window.Opening());
        }
        if (options.cancel != nullptr) options.cancel->ThrowIfCancelled();
        observer.Notice(fmt::format("busy, trying again: {}", error.message()));
        std::this_thread::sleep_for(pause);
        pause = std::min(2 * pause, kLongestPause);
      }
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw LostSession(error);
    take_back(error.message());
    throw;
  } catch (...) {
    take_back("out of memory, or a fault of this program");
    throw;
  }
  try {
    const LockWait patient(session, kPatientLockWaitS, LockWait::OnRefusal::kGoOn);
    std::vector<Database> live = window.BehindOpening();
    if (set.in_place) {
      live = LookBehindRename(session, traits, set, journal, std::move(live), observer);
    }
    Close(session, window, set, runner, journal, live);
    if (options.taken != nullptr) *options.taken = window.tables().taken();
    const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - opened);
    const auto window_ms = static_cast<std::uint64_t>(length.count());
    Finish(session, window, set, runner, journal, observer, window_ms);
    const std::vector<std::string> differences = NameDifferences(session, traits, set);
    if (!differences.empty()) {
      throw Error(ErrorCode::kNeedsHelp,
                  fmt::format("the swap is done, but what is live is not what it should be: {}",
                              JoinedSome(differences)),
                  "Something changed definitions at the same time. Remove it and compare, or run "
                  "the same command again.");
    }
    return window_ms;
  } catch (...) {
    ThrowUnfinished(set, std::current_exception());
  }
}

bool HealWindow(Session& session, const ServerTraits& traits, const PreparedSet& set,
                ServerJournal& journal, Observer& observer) {
  const LockWait patient(session, kPatientLockWaitS);
  Window window(session, traits, set, journal, observer);
  StepRunner runner(journal, observer, set.run);
  const std::vector<TableSwap::Pair> pending = window.tables().PendingPairs();
  const bool swapped_nothing = pending.size() == window.tables().AllPairs().size();
  if (swapped_nothing && !(set.in_place && pending.empty())) {
    TakeBack(session, window, set, journal, runner);
    return false;
  }
  if (!pending.empty()) {
    // Only where a RENAME can be torn by a crash of the server: the rest is moved after it.
    if (traits.has_atomic_ddl) {
      throw Error(
          ErrorCode::kNeedsHelp,
          fmt::format("the RENAME of set {} was done in part: table {} has not moved", set.run,
                      QuoteQualified(pending[0].from_database, pending[0].from_table)),
          "Somebody moved or dropped tables by hand. Put them where they were, then run "
          "the same command again.");
    }
    window.tables().Rename(pending);
  }
  // Before a view is created that then would stand on one.
  GoForward(session, set, [&] { DropStubsLeft(session, journal); });
  // What is live now, fresh: what was done before the kill must not be done to it again.
  std::vector<Database> live = ReadLive(session, traits, set, false);
  const std::vector<JournalEntry> entries = journal.Load();
  if (set.in_place && std::none_of(entries.begin(), entries.end(), [](const JournalEntry& entry) {
        return entry.event == "note" && entry.step == kNoteClosing;
      })) {
    live = LookBehindRename(session, traits, set, journal, std::move(live), observer);
  }
  Close(session, window, set, runner, journal, live);
  Finish(session, window, set, runner, journal, observer, 0);
  for (const std::string& difference : NameDifferences(session, traits, set)) {
    observer.Warning(fmt::format("the swap is finished, but {}", difference));
  }
  return true;
}

}  // namespace dbomsbak
