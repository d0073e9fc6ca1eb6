// The upgrade of OMS: journaled steps around the container engine and the dump and restore engine.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/app/upgrade_journal.h"
#include "dbomsbak/app/upgrade_plan.h"
#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/diff.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// The MetaDB.
struct UpgradeTarget {
  std::unique_ptr<SessionFactory> sessions;
  std::vector<std::string> databases, heartbeats;
  std::string named_by;                         // the files that say so
  std::map<std::string, std::string> named_at;  // where in them: see OmsConfig
};

// What the steps work with. All must outlive the call; functions must be set.
struct UpgradeWorld {
  FileSystem& files;
  Observer& observer;
  const CancelToken& cancel;
  std::function<std::int64_t()> clock;  // seconds since 1970
  // By the operator's options, or else by the copy of OMS's configuration in the folder.
  std::function<UpgradeTarget()> connect;
  // Shows the operator's step; whether it is confirmed. `ask`: on a terminal it may be asked for.
  std::function<bool(const UpgradeStep&, bool ask)> confirm;
  // Shows what will be done; false: not now.
  std::function<bool(const std::vector<UpgradeStep>&)> proceed;
  std::function<void(std::string_view)> begin;  // tells a step: a phase for the observer, too
  std::function<void(std::string_view)> say;
  std::function<void(std::string_view)> warn;
  std::function<std::string(const Receipt&)> receipt_line;
  std::function<void(const RestorePlan&)> show_plan;
  // Writes what the upgrade has changed into the folder.
  std::function<void(const std::string& archive, const DiffReport&)> keep_report;
};

// What stands against the upgrade, and what is worth knowing.
struct UpgradeFindings {
  std::vector<std::string> problems, warnings;
};

// Whether a confirmation of the operator's still counts.
constexpr std::int64_t kConfirmationHolds_s = 3600;

// Each under the folder's lock, which the caller holds; the options are in the journal. A step that
// is done already is told and left alone, so that a run that failed or was killed goes on. Errors:
// kUpgradePreflight while nothing was changed, with all that stands against it; kWouldOverwrite
// when the folder's upgrade is over; kNeedsHelp behind the first change, with what to do.
UpgradeFindings CheckUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                             UpgradeJournal& journal);
void BackUpForUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                      UpgradeJournal& journal);
// kRolledBack when the new version failed and `rollback_on_failure` is set.
void StartUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                  UpgradeJournal& journal);
void FinishUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                   UpgradeJournal& journal);
// Errors besides: kRestorePreflight while nothing was changed.
void RollBackUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                     UpgradeJournal& journal);

// Without a lock.

// What is known: of the journal, else (for a plan ahead of time) of the engine. One that does not
// answer is a problem, and the old container then not known.
// Errors: kUpgradePreflight where there is no such container.
UpgradeFacts FactsForPlan(const UpgradeOptions& options, FileSystem& files,
                          const UpgradeJournal& journal, const CancelToken& cancel,
                          std::vector<std::string>& problems);

// How far it is: none, not-ready (no check has ended well, or the last one has not), checked,
// backing-up, backed-up, starting, started, finished, rolling-back, rolled-back.
std::string_view UpgradeState(const UpgradeOptions& options, const UpgradeJournal& journal);
bool BackupHasBegun(const UpgradeJournal& journal);
// The operator's step is confirmed, and its opposite (high availability on, off) was not since.
bool ConfirmationStands(const UpgradeJournal& journal, std::string_view name);

struct UpgradeStepState {
  UpgradeStep step;
  // pending, begun, failed, done, skipped (what comes behind it was done without it)
  std::string state;
  std::string failure;       // of one that failed
  unsigned failed_with = 0;  // exit code
  std::string began, ended;
  std::uint64_t seconds = 0;
};
// The steps of all groups, as far as the journal tells. Those of a rollback only when `rollback`.
std::vector<UpgradeStepState> UpgradeSteps(const UpgradeOptions& options, const UpgradeFacts& facts,
                                           const UpgradeJournal& journal, bool rollback);
// Known from the journal and inspect.json alone.
UpgradeFacts FactsOf(const UpgradeOptions& options, FileSystem& files,
                     const UpgradeJournal& journal);

}  // namespace dbomsbak
