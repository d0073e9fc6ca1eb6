// Back to the old version: its databases exactly as they were, and its container.
#include <fmt/format.h>

#include <chrono>

#include "app/upgrade_run.h"
#include "dbomsbak/app/diff_command.h"
#include "dbomsbak/app/restore_command.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

using std::chrono::seconds;

constexpr seconds kStarts{120};

class Rollback {
 public:
  Rollback(UpgradeRun& run, bool ha_off)
      : run_(run),
        journal_(run.journal),
        docker_(run.docker),
        ha_off_(ha_off),
        new_was_begun_(journal_.Begun("run")),
        old_gone_(OldIsGoneForGood()),
        has_run_since_(!new_was_begun_ && journal_.Fact("restore_begun").empty() &&
                       (old_gone_ || HasRunSince())),
        // Without one of this T1 the new version was never started by us.
        restores_(!run.options.other_node && HasArchive() && !has_run_since_) {}

  void Go() {
    const bool fresh = !journal_.Begun("stop-new") && !journal_.Begun("restart-old");
    try {
      Prepare(fresh);
    } catch (Error& error) {
      if (fresh && error.code() != ErrorCode::kInterrupted &&
          error.code() != ErrorCode::kUpgradePreflight &&
          error.hint().find("Nothing was changed") == std::string::npos) {
        error.set_hint(error.hint() + (error.hint().empty() ? "" : " ") +
                       "Nothing was changed, and nothing stopped; the same command goes on from "
                       "here.");
      }
      throw;
    }
    std::vector<Step> steps{run_.Make(
        "stop-new", [&] { return NewIsStopped(); }, [&] { StopNew(); })};
    if (restores_) {
      steps.push_back(run_.Make(
          "restore", [&] { return IsRestored(); }, [&] { Restore(); }));
    }
    if (run_.options.other_node && !has_run_since_) {
      steps.push_back(run_.Make(
          "databases-restored", [&] { return ConfirmationStands(journal_, "databases-restored"); },
          [&] { AwaitDatabases(); }));
    }
    if (!old_gone_) {
      steps.push_back(run_.Make(
          "restart-old", [&] { return OldIsBack(); }, [&] { RestartOld(); }));
    }
    steps.push_back(run_.Make(
        "advice", [&] { return !journal_.Fact("rolled_back_at").empty(); }, [&] { Advise(); }));
    run_.Changed(fresh, true, [&] { run_.Run(steps); });
  }

 private:
  bool OldIsGoneForGood() const {
    if (!journal_.Fact("old_gone").empty()) return true;
    if (!run_.options.without_old) return false;
    if (run_.OldIsGone()) return true;
    throw Error(ErrorCode::kUpgradePreflight,
                fmt::format("container '{}' is there, and is the one of this upgrade",
                            run_.options.container),
                "Nothing was changed. Leave --without-old away: rollback starts it.");
  }

  // From here on it is never waited for.
  void NoteThatOldIsGone() {
    if (!old_gone_ || !journal_.Fact("old_gone").empty()) return;
    journal_.Append("note", "restart-old",
                    fmt::format("container '{}' is gone for good", run_.options.container));
    if (journal_.Begun("restart-old")) journal_.Append("undone", "restart-old", "");
    journal_.SetFact("old_gone", "true");
    run_.facts();
  }

  // What comes before anything is stopped.
  void Prepare(bool fresh) {
    if (fresh) {
      if (new_was_begun_) run_.NewNow();
      if (restores_ || new_was_begun_) run_.CheckConfig();
    }
    if (!journal_.Begun("restart-old")) TellOfOlderArchive();
    if (restores_ || new_was_begun_) ConfirmHaOff();
    if (restores_ && fresh) {
      run_.Run({run_.Make("restore-preflight", nullptr, [&] { Preflight(); })});
    }
    if (fresh && !old_gone_) run_.OldNow();  // without it there is nothing to go back to
    if (fresh && !run_.world.proceed(Steps())) {
      throw Error(ErrorCode::kInterrupted, "not confirmed: nothing was changed");
    }
    NoteThatOldIsGone();
  }

  std::vector<UpgradeStep> Steps() const {
    std::vector<UpgradeStep> steps;
    for (UpgradeStep& step : run_.Planned("rollback", "stop-new")) {
      if (step.name == "restore" && !restores_) continue;
      if (step.name == "databases-restored" && has_run_since_) continue;
      if (step.name == "stop-new" && !new_was_begun_) continue;
      if (step.name == "restart-old" && old_gone_) continue;
      steps.push_back(std::move(step));
    }
    return steps;
  }

  // The new version was never started, and the old one runs, or did since the backup: the databases
  // are its own, and younger than the archive.
  bool HasRunSince() const {
    const ContainerInfo old = run_.OldNow();
    return old.running || old.started_at != journal_.Fact("old_started_at");
  }

  // A backup that was begun anew, and has not come to its dump, has the archive of the one before.
  bool HasArchive() const {
    return !journal_.Fact("root").empty() && journal_.Fact("archive_t1") == journal_.Fact("t1");
  }

  void TellOfOlderArchive() {
    if (run_.options.other_node || restores_ || journal_.Fact("root").empty()) return;
    std::vector<std::string> words = run_.options.connection;
    if (words.empty()) words = {"--oms-config", run_.Path("config.yaml")};
    words.push_back(run_.ArchivePath());
    run_.world.warn(fmt::format(
        "container '{}' {} since the backup, and the new version was not started: "
        "the databases are left as they are. To bring back those of the archive all "
        "the same, stop what runs and: dbomsbak restore {}",
        run_.options.container, old_gone_ ? "may have run" : "has run", ShellQuoted(words)));
  }

  void AwaitDatabases() {
    if (run_.Confirmed("databases-restored", true, 0)) return;
    throw Error(ErrorCode::kUpgradePreflight, NotConfirmed(run_.Planned1("databases-restored")));
  }

  void ConfirmHaOff() {
    if (ha_off_ && ConfirmationStands(journal_, "ha-off")) {
      if (!ConfirmationStands(journal_, "ha-off-rollback")) {
        journal_.Append("confirmed", "ha-off-rollback", "as before the upgrade");
      }
      return;
    }
    if (run_.Confirmed("ha-off-rollback", true,
                       journal_.Begun("stop-new") ? 0 : kConfirmationHolds_s)) {
      return;
    }
    ThrowProblems({NotConfirmed(run_.Planned1("ha-off-rollback"))}, "the rollback cannot begin");
  }

  RestoreCommand Command() const {
    RestoreCommand restore;
    restore.paths = {run_.ArchivePath()};
    return restore;
  }

  // The new version still runs: who uses the databases now does not matter yet.
  void Preflight() {
    if (!run_.ArchiveIsThere()) {
      throw Error(
          ErrorCode::kUpgradePreflight,
          fmt::format("'{}' is not there, or not the archive that was made", run_.ArchivePath()),
          "Bring it back from where it was copied to. Nothing was changed.");
    }
    if (const std::string fault = run_.ArchiveFault(); !fault.empty()) {
      throw Error(ErrorCode::kUpgradePreflight, fmt::format("the archive is not good: {}", fault),
                  "Bring back a copy of it that is. Nothing was changed, and nothing stopped.");
    }
    UpgradeTarget& target = run_.target();
    RestoreCommand restore = Command();
    restore.options.dry_run = true;
    restore.options.force = true;
    restore.options.required_databases = target.databases;
    restore.options.required_by = target.named_by;
    const RestorePlan plan = RunRestoreCommand(*target.sessions, run_.world.files, restore, nullptr,
                                               run_.world.observer, run_.world.cancel)
                                 .plan;
    run_.world.show_plan(plan);
    if (!plan.problems.empty()) {
      std::string message = "the databases cannot be restored:";
      for (const std::string& problem : plan.problems) message += "\n  - " + problem;
      throw Error(ErrorCode::kRestorePreflight, message,
                  "Nothing was changed, and nothing stopped. Put these right, then run the same "
                  "command again.");
    }
    KeepReport();
  }

  // What the upgrade has changed: later it is only in the displaced copy. Never worth a rollback
  // that fails.
  void KeepReport() {
    try {
      run_.world.keep_report(run_.ArchivePath(), Compare());
    } catch (const Error& error) {
      run_.world.cancel.ThrowIfCancelled();
      run_.world.warn(fmt::format(
          "what the upgrade has changed could not be kept for the report: {}", error.message()));
    }
  }

  DiffReport Compare() {
    DiffCommand diff;
    diff.path = run_.ArchivePath();
    return RunDiffCommand(*run_.target().sessions, run_.world.files, diff, run_.world.observer,
                          run_.world.cancel);
  }

  // ---- the new container

  bool NewIsStopped() {
    if (!new_was_begun_) return true;
    const auto now = run_.NewNow();
    return !now || (!now->running && (run_.PolicyStays() || now->restart_policy == "no"));
  }
  void StopNew() {
    const auto now = run_.NewNow();
    if (!now) return;
    if (now->running) {  // it may have written since a restore
      journal_.SetFact("restored_root", "");
      run_.TakeBackConfirmation("databases-restored");
    }
    if (now->restart_policy != "no") run_.GivePolicy(run_.options.new_container, "no");
    if (journal_.Fact("t3").empty()) journal_.SetFact("t3", FormatUtc(run_.world.clock()));
    run_.StopAndWait(run_.options.new_container);
    run_.WaitUntilStopped(run_.options.new_container);
  }

  // ---- the databases

  // Where nobody is known to have changed them (the new version was not started by us), or a
  // restore was begun and not seen to its end, they are compared before they are restored.
  bool IsRestored() {
    const std::string root = journal_.Fact("root");
    if (journal_.Fact("restored_root") == root) return true;
    const bool begun = !journal_.Fact("restore_begun").empty();
    if (new_was_begun_ && !begun) return false;
    if (begun) {
      std::vector<HealedSet> healed;
      HealOpenWindows(*run_.target().sessions, run_.world.observer, healed);
    }
    const DiffReport report = Compare();
    if (report.Differs() || report.not_comparable > 0) return false;
    run_.world.say("restore: the databases are what they were when the archive was made");
    journal_.SetFact("restored_root", root);
    return true;
  }

  // Started by somebody else, it would use what is replaced under it.
  void StopOld() {
    if (old_gone_) {
      const auto other = docker_.Inspect(run_.options.container);
      if (!other || !other->info.running) return;
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("container '{}', which is not the one of this upgrade, runs",
                              run_.options.container),
                  fmt::format("It would use what is replaced under it. Stop it until the databases "
                              "are back: {}.",
                              ShellQuoted(docker_.Command({"stop", run_.options.container}))));
    }
    const ContainerInfo now = run_.OldNow();
    if (!new_was_begun_ && journal_.Fact("restore_begun").empty() && HasRunSince()) {
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("container '{}' was started meanwhile", run_.options.container),
                  "The databases were left as they are.");
    }
    if (!now.running) return;
    run_.world.warn(fmt::format("container '{}' runs; it is stopped until the databases are back",
                                run_.options.container));
    if (now.restart_policy != "no") run_.GivePolicy(run_.options.container, "no");
    run_.StopAndWait(run_.options.container);
    run_.WaitUntilStopped(run_.options.container);
  }

  void Restore() {
    StopOld();
    UpgradeTarget& target = run_.target();
    RestoreCommand restore = Command();
    restore.options.force = run_.options.force;
    restore.options.required_databases = target.databases;
    restore.options.required_by = target.named_by;
    restore.options.heartbeat_databases = target.heartbeats;
    journal_.SetFact("restore_begun", FormatUtc(run_.world.clock()));
    const auto confirm = [&](const RestorePlan& plan) { return plan.problems.empty(); };
    RestoreResult result;
    try {
      result = RunRestoreCommand(*target.sessions, run_.world.files, restore, confirm,
                                 run_.world.observer, run_.world.cancel);
    } catch (Error& error) {
      if (error.code() == ErrorCode::kRestorePreflight && !run_.options.force) {
        error.set_hint(error.hint() +
                       " Other nodes of OMS must be stopped, too; with --force "
                       "sessions of others do not matter.");
      }
      error.set_hint(
          fmt::format("{}{}Until the databases are restored OMS does not run: {} stopped.",
                      error.hint(), error.hint().empty() ? "" : " ",
                      old_gone_ ? "the new container is" : "both containers are"));
      throw;
    }
    journal_.SetFact("generation", fmt::format("{}", result.plan.generation));
    journal_.SetFact("restored_root", journal_.Fact("root"));
    run_.world.say(
        fmt::format("restore: {} with {} proved; the window was open for {}; "
                    "what the new version had is displaced copy {}",
                    Counted(result.tables_proved, "table"), Counted(result.rows_proved, "row"),
                    HumanDuration(result.window_ms), result.plan.generation));
  }

  // ---- the old container

  std::string Policy() const {
    const std::string policy = journal_.Fact("restart_policy");
    return policy.empty() ? run_.old().restart_policy : policy;
  }

  bool OldIsBack() {
    if (!journal_.Begun("restart-old")) return false;
    const ContainerInfo now = run_.OldNow();
    if (!now.running || (now.restart_policy != Policy() && !run_.PolicyStays())) return false;
    return run_.LookAtHealth(run_.options.container).well();
  }

  void RestartOld() {
    const ContainerInfo now = run_.OldNow();
    // First: started and left by a kill it would not come back after the host's next start.
    if (now.restart_policy != Policy()) run_.GivePolicy(run_.options.container, Policy());
    if (!now.running) docker_.Run({"start", run_.options.container}, kStarts);
    run_.WaitForHealth(run_.options.container);
  }

  void Advise() {
    run_.facts();  // minutes go on
    for (const std::string& line : run_.Planned1("advice").instructions) {
      run_.world.say("advice: " + line);
    }
    journal_.SetFact("rolled_back_at", FormatUtc(run_.world.clock()));
  }

  UpgradeRun& run_;
  UpgradeJournal& journal_;
  Docker& docker_;
  const bool ha_off_, new_was_begun_, old_gone_, has_run_since_, restores_;
};

}  // namespace

void RollBack(UpgradeRun& run, bool ha_off) { Rollback(run, ha_off).Go(); }

void RollBackUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                     UpgradeJournal& journal) {
  UpgradeRun run(options, world, journal);
  run.Guard("rollback");
  // Whatever runs now is nobody's to stop.
  if (UpgradeState(options, journal) == "rolled-back") return;
  run.KeepConfirmed("ha-off-rollback");
  // Before the new version is stopped they are not restored for this rollback.
  if (options.other_node && journal.Begun("stop-new")) run.KeepConfirmed("databases-restored");
  RollBack(run, false);
}

}  // namespace dbomsbak
