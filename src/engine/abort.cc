// Abort: a restore that is prepared or was interrupted is ended, and what was live is what is live.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/restore.h"
#include "engine/locked_server.h"
#include "engine/prepared_copy.h"
#include "engine/set_history.h"
#include "engine/set_sweep.h"
#include "engine/staged_choice.h"
#include "engine/staging.h"

namespace dbomsbak {
namespace {

// What a journal tells of its copy; of nothing where it tells nothing.
StagingOrigin OriginIn(Session& session, const std::vector<std::string>& databases) {
  for (const std::string& database : databases) {
    if (!ServerJournal::Exists(session, database)) continue;
    const auto note = StagingNote::Find(ServerJournal::Open(session, database)->Load());
    if (note) return note->origin;
  }
  return {};
}

// Staging that is meant; in a dry run, which heals nothing, windows as well.
std::vector<Leftover> Chosen(Session& session, const StagedChoice& choice, bool dry_run) {
  std::vector<Leftover> leftovers = FindLeftovers(session);
  std::erase_if(leftovers, [&](const Leftover& leftover) {
    if (leftover.kind == LeftoverKind::kDisplacedCopy ||
        leftover.kind == LeftoverKind::kKeptTables) {
      return true;
    }
    if (leftover.kind == LeftoverKind::kOpenWindow) return !dry_run;
    if (leftover.kind == LeftoverKind::kStaging && !IsSurelyOurs(session, leftover.holders)) {
      return true;
    }
    return !choice.Means(OriginIn(session, leftover.holders));
  });
  return leftovers;
}

void RefuseSeveral(Session& session, const std::vector<Leftover>& leftovers) {
  if (leftovers.size() < 2) return;
  std::string list;
  for (const Leftover& leftover : leftovers) {
    list += fmt::format(
        "\n  - {} of {} from {}, run {}",
        leftover.kind == LeftoverKind::kPrepared ? "prepared restore" : "interrupted restore",
        QuotedList(leftover.databases), OriginIn(session, leftover.holders).Describe(),
        leftover.run);
  }
  throw Error(ErrorCode::kUsage,
              fmt::format("{} restores could be meant:{}", leftovers.size(), list),
              "Give the files of one, and --only, --as and --keep-extra where it had them.");
}

}  // namespace

AbortResult RunAbort(SessionFactory& sessions,
                     const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                     const RestoreOptions& options,
                     const std::function<bool(const std::vector<Leftover>&)>& confirm,
                     Observer& observer, const CancelToken& cancel) {
  const StagedChoice choice = ChoiceOf(files, options, observer, cancel);
  AbortResult result;
  std::optional<std::vector<std::string>> to_undo;  // databases of a set that went live
  {
    LockedServer server(sessions, !options.dry_run, options.lock_wait_s, observer);
    Session& session = server.session();
    result.swept = Chosen(session, choice, options.dry_run);
    for (const HealedSet& healed : server.healed()) {
      // What only had to be swept up may be an old restore that is through.
      if (!healed.was_open || !choice.Means(OriginIn(session, {healed.journal}))) continue;
      if (healed.operation == "restore") {
        // Behind the RENAME the way was forward: from there it goes back as from any restore.
        if (healed.live) to_undo = healed.databases;
        result.taken_back = !healed.live;
        std::erase_if(result.swept, [&](const Leftover& leftover) {
          return healed.live || std::find(leftover.holders.begin(), leftover.holders.end(),
                                          healed.journal) == leftover.holders.end();
        });
      } else if (result.swept.empty()) {  // an abort that was interrupted in its turn
        if (!healed.live) {
          to_undo = healed.databases;
          continue;
        }
        result.undone.emplace();
        result.undone->swapped = true;
        result.undone->plan.databases = healed.databases;
        result.undone->plan.generation = healed.generation;
      }
    }
    if (!options.dry_run) RefuseSeveral(session, result.swept);
    if (result.swept.empty() && !to_undo && !result.undone && !result.taken_back) {
      const std::string unseen = UnseenLeftovers(session);
      throw Error(ErrorCode::kRestorePreflight,
                  files.empty() && choice.options.empty()
                      ? "no restore is prepared, and none was interrupted"
                      : "nothing of these files and options is prepared or was interrupted",
                  unseen.empty()
                      ? "`dbomsbak undo` takes back a restore that is through; `dbomsbak "
                        "status` shows what there is."
                      : fmt::format("There may be one: {}", unseen));
    }
    if (options.dry_run) return result;
    if (!result.swept.empty() && confirm && !confirm(result.swept)) {
      throw Error(ErrorCode::kInterrupted, "the abort was not confirmed; nothing was dropped");
    }
    for (const Leftover& leftover : result.swept) SweepStaging(session, leftover.holders, observer);
  }
  if (to_undo) {
    UndoOptions undo;
    undo.databases = *to_undo;
    undo.lock_wait_s = options.lock_wait_s;
    undo.lock_tries = options.lock_tries;
    result.undone = RunUndo(sessions, undo, nullptr, observer, cancel);
  }
  return result;
}

}  // namespace dbomsbak
