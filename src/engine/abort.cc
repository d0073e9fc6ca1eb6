// Abort: a restore that is prepared or was interrupted is ended, and what was live is what is live.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/restore.h"
#include "engine/locked_server.h"
#include "engine/prepared_copy.h"
#include "engine/set_history.h"
#include "engine/set_swap.h"
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

// What healing did before anything was chosen, as far as it was to what is to be aborted.
class HealedFirst {
 public:
  HealedFirst(Session& session, const std::vector<HealedSet>& healed, const StagedChoice& choice) {
    for (const HealedSet& set : healed) {
      if (!Means(session, choice, set)) continue;
      if (set.operation == kOperationAbort) {
        (set.live ? undone_ : to_undo_) = &set;
      } else if (set.operation == kOperationRestore && !set.live) {
        taken_back_ = &set;
      } else if (set.operation == kOperationRestore && set.was_open) {
        to_undo_ = &set;  // behind the RENAME the way was forward: from there it goes back
      } else {
        other_ = &set;
      }
    }
  }

  // A restore that is live now, and was not when its run was killed.
  const HealedSet* to_undo() const { return to_undo_; }
  const HealedSet* taken_back() const { return taken_back_; }
  const HealedSet* undone() const { return undone_; }  // by an abort that was killed in its turn

  // Staging that is none of what was healed is left to another abort.
  bool LeavesAlone(const Leftover& leftover) const {
    if (to_undo_ != nullptr || undone_ != nullptr) return true;
    return taken_back_ != nullptr && std::find(leftover.holders.begin(), leftover.holders.end(),
                                               taken_back_->journal) == leftover.holders.end();
  }

  // What it finished was no restore that could be aborted. With `swept`, which the operator has not
  // named, one or the other may be meant.
  void RefuseOther(const StagedChoice& choice, const std::vector<Leftover>& swept) const {
    if (other_ == nullptr || to_undo_ != nullptr || undone_ != nullptr) return;
    if (taken_back_ != nullptr || (!swept.empty() && !choice.MeansAny())) return;
    std::string hint =
        other_->journal.empty()
            ? fmt::format(
                  "What was live before it is in its safety dump '{}': `dbomsbak restore "
                  "--in-place` brings that back.",
                  other_->safety_dump)
            : fmt::format(
                  "{} `dbomsbak undo {}` {}.", StateBehind(*other_), ShellWords(other_->databases),
                  other_->operation == kOperationRestore ? "brings back what was live before"
                  : other_->live                         ? "swaps once more"
                                                         : "brings the displaced copy back");
    if (!swept.empty()) {
      hint += fmt::format(" To drop what is staged of {}, run the same command again.",
                          QuotedList(swept.front().databases));
    }
    throw Error(ErrorCode::kRestorePreflight, fmt::format("nothing was aborted: {}", other_->line),
                std::move(hint));
  }

 private:
  static bool Means(Session& session, const StagedChoice& choice, const HealedSet& set) {
    if (!set.journal.empty()) return choice.Means(OriginIn(session, {set.journal}));
    return choice.digests.empty() ||  // in place
           choice.digests == std::vector<std::string>{set.root_digest};
  }

  static const char* StateBehind(const HealedSet& set) {
    if (set.operation == kOperationRestore) return "It was through: what it brought is live.";
    return set.live ? "The displaced copy is live again."
                    : "What was live before that undo is live.";
  }

  const HealedSet* to_undo_ = nullptr;
  const HealedSet* taken_back_ = nullptr;
  const HealedSet* undone_ = nullptr;
  const HealedSet* other_ = nullptr;
};

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
    const HealedFirst healed(session, server.healed(), choice);
    result.swept = Chosen(session, choice, options.dry_run);
    std::erase_if(result.swept,
                  [&](const Leftover& leftover) { return healed.LeavesAlone(leftover); });
    healed.RefuseOther(choice, result.swept);
    result.taken_back = healed.taken_back() != nullptr;
    if (healed.to_undo() != nullptr) to_undo = healed.to_undo()->databases;
    if (const HealedSet* undone = healed.undone()) {
      result.undone.emplace();
      result.undone->swapped = true;
      result.undone->plan.databases = undone->databases;
      result.undone->plan.generation = undone->generation;
    }
    if (!options.dry_run) RefuseSeveral(session, result.swept);
    if (result.swept.empty() && !to_undo && !result.undone && !result.taken_back) {
      const std::string unseen = UnseenLeftovers(session);
      throw Error(
          ErrorCode::kRestorePreflight,
          choice.MeansAny() ? "no restore is prepared, and none was interrupted"
                            : "nothing of these files and options is prepared or was interrupted",
          unseen.empty() ? "`dbomsbak undo` takes back a restore that is through; `dbomsbak "
                           "status` shows what there is."
                         : fmt::format("There may be one: {}", unseen));
    }
    if (options.dry_run) return result;
    if (!result.swept.empty() && confirm && !confirm(result.swept)) {
      throw Error(ErrorCode::kInterrupted, "the abort was not confirmed; nothing was dropped",
                  "Answer y to drop what is shown, or add --yes.");
    }
    for (const Leftover& leftover : result.swept) SweepStaging(session, leftover.holders, observer);
  }
  if (to_undo) {
    observer.Notice("bringing back what was live before the restore");
    UndoOptions undo;
    undo.force = true;  // it was agreed to when the restore began
    undo.aborts = true;
    undo.databases = *to_undo;
    undo.lock_wait_s = options.lock_wait_s;
    undo.lock_tries = options.lock_tries;
    result.undone = RunUndo(sessions, undo, nullptr, observer, cancel);
  }
  return result;
}

}  // namespace dbomsbak
