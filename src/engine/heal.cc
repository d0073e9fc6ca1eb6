#include "engine/heal.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "dbomsbak/engine/restore.h"
#include "engine/live_names.h"
#include "engine/restore_lock.h"
#include "engine/running_statements.h"
#include "engine/set_history.h"
#include "engine/set_swap.h"
#include "engine/set_sweep.h"
#include "engine/staging.h"
#include "engine/torn_rename.h"

namespace dbomsbak {
namespace {

// A dead session's RENAME goes on, and its lock stays until then.
constexpr unsigned kLockWaitS = 30;

// The window is closed, but its program was killed before it had swept up.
bool HasLeftSource(Session& session, const JournaledSet& found) {
  return found.state == SetState::kFinished &&
         std::any_of(
             found.set.members.begin(), found.set.members.end(),
             [&](const SetMember& member) { return DatabaseExists(session, member.source); });
}

std::unique_ptr<ServerJournal> OpenJournal(Session& session, const JournaledSet& found) {
  if (!found.holder.empty()) return ServerJournal::Open(session, found.holder);
  // The journal itself was torn; a new one in its old place moves with what is still to move.
  auto journal = ServerJournal::Create(session, found.set.members[0].source);
  journal->Append("note", kNoteSet, ToJson(found.set));
  return journal;
}

// A table that a crash of the server tore is put together; what the journals say then.
JournaledSet Mended(Session& session, const ServerTraits& traits, JournaledSet found,
                    Observer& observer) {
  // The journal proper may be that table.
  const auto notes =
      found.holder.empty()
          ? ServerJournal::Open(session, found.set.members[0].source, kJournalCopyTable)
          : ServerJournal::Open(session, found.holder);
  if (!MendTornTable(session, traits, found.set, *notes, observer)) return found;
  for (JournaledSet& now : FindSets(session)) {
    if (now.set.run == found.set.run) return std::move(now);
  }
  return found;
}

// What may be open; no change of it goes on behind this.
std::vector<JournaledSet> SetsAtRest(Session& session, Observer& observer) {
  WaitForRunningChanges(session, observer);
  std::vector<JournaledSet> sets = FindSets(session);
  std::vector<std::string> databases;
  for (const JournaledSet& found : sets) {
    if (found.state != SetState::kOpen) continue;
    for (const SetMember& member : found.set.members) databases.push_back(member.live);
    for (const KeyDefinition& key : found.set.repointed_keys) databases.push_back(key.database);
  }
  if (databases.empty() || !WaitForRunningChanges(session, databases, observer)) return sets;
  return FindSets(session);
}

}  // namespace

void HealWithLock(Session& session, const ServerTraits& traits, Observer& observer,
                  std::vector<HealedSet>& healed, const TakeUnfinished& take_unfinished) {
  const auto tell = [&](HealedSet set) {
    observer.Notice(set.line);
    healed.push_back(std::move(set));
  };
  for (JournaledSet found : SetsAtRest(session, observer)) {
    const std::string what =
        fmt::format("the {} of {}", found.set.operation, QuotedList(found.LiveNames()));
    const auto add = [&](const ServerJournal& journal, bool live, std::string line) {
      tell({found.set.operation, found.set.root_digest, found.LiveNames(),
            found.state == SetState::kOpen, live, found.set.generation, journal.database(),
            std::move(line)});
    };
    if (HasLeftSource(session, found)) {
      auto journal = OpenJournal(session, found);
      // The copy goes last; what stays behind it is not of the set.
      const bool swept =
          !ServerJournal::Exists(session, found.set.members[0].source, kJournalCopyTable);
      const bool all = SweepSet(session, found.set, *journal, observer);
      if (!all && !found.unswept) journal->Append("note", kNoteUnswept, "");
      if (swept || found.unswept) continue;
      add(*journal, true, what + " was interrupted before it had swept up; it is finished now");
    }
    if (found.state != SetState::kOpen) continue;
    if (!traits.has_atomic_ddl) found = Mended(session, traits, std::move(found), observer);
    observer.Phase(fmt::format("healing {}, which was interrupted at {}", what, found.time));
    auto journal = OpenJournal(session, found);
    const bool live = HealWindow(session, traits, found.set, *journal, observer);
    add(*journal, live,
        live ? fmt::format("{} was interrupted behind its swap; it is finished now", what)
             : fmt::format("{} was interrupted before its swap; it is taken back, the databases "
                           "are as they were",
                           what));
  }
  for (const InPlaceRun& found : FindInPlaceRuns(session)) {
    observer.Phase(fmt::format("healing the restore in place of {}, which was interrupted at {}",
                               QuotedList(found.databases), found.created));
    try {
      tell(HealInPlace(session, traits, found, observer));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNeedsHelp || !take_unfinished ||
          !AllTablesSwapped(session, found) || !take_unfinished(found, error)) {
        throw;
      }
    }
  }
}

void HealOpenWindows(SessionFactory& sessions, Observer& observer, std::vector<HealedSet>& healed) {
  const auto session = sessions.Connect();
  const std::vector<JournaledSet> sets = FindSets(*session);
  if (FindInPlaceRuns(*session).empty() &&
      std::none_of(sets.begin(), sets.end(), [&](const JournaledSet& found) {
        return found.state == SetState::kOpen || HasLeftSource(*session, found);
      })) {
    return;
  }
  const ServerTraits traits = ProbeServerTraits(*session);
  PrepareSession(*session, traits, false);
  PrepareForDefinitions(*session);
  const RestoreLock lock(*session, kLockWaitS);
  HealWithLock(*session, traits, observer, healed);
}

}  // namespace dbomsbak
