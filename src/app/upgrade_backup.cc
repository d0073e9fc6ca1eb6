// The old container is stopped, and its databases are in an archive that is proved.
#include <fmt/format.h>

#include <algorithm>

#include "app/upgrade_run.h"
#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/dump_command.h"
#include "dbomsbak/app/restore_command.h"
#include "dbomsbak/app/verify_command.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/engine/quiet.h"

namespace dbomsbak {
namespace {

class Backup {
 public:
  explicit Backup(UpgradeRun& run) : run_(run), journal_(run.journal), files_(run.world.files) {}

  void Go() {
    const bool fresh = !BackupHasBegun(journal_) || RunsOrHas();
    if (fresh) {
      run_.Run({run_.Make("inspect", nullptr, [&] { Inspect(); }),
                run_.Make("preflight", nullptr, [&] { Preflight(); })});
    }
    const bool anew = !BackupHasBegun(journal_);
    const std::vector<UpgradeStep> planned = run_.Planned("backup", "restart-policy");
    if (fresh && !run_.world.proceed(planned)) {
      throw Error(ErrorCode::kInterrupted, "not confirmed: nothing was changed");
    }
    std::vector<Step> steps{
        run_.Make(
            "restart-policy", [&] { return PolicyIsNo(); }, [&] { ForbidRestart(); }),
        run_.Make(
            "stop", [&] { return IsStopped(); }, [&] { Stop(); }),
        run_.Make(
            "stopped", [&] { return StaysStopped(); }, [&] { AwaitStop(); })};
    if (!run_.options.other_node) {
      steps.push_back(run_.Make(
          "dump", [&] { return IsDumped(); }, [&] { Dump(); }));
      steps.push_back(run_.Make(
          "verify", [&] { return IsOfThis("verified_root"); }, [&] { Verify(); }));
      if (run_.options.rehearse) {
        steps.push_back(run_.Make(
            "rehearse", [&] { return IsOfThis("rehearsed_root"); }, [&] { Rehearse(); }));
      }
      steps.push_back(run_.Make(
          "pin", [&] { return IsOfThis("pinned_root"); }, [&] { Pin(); }));
      steps.push_back(run_.Make(
          "receipt", [&] { return IsOfThis("receipt_root"); }, [&] { WriteReceipt(); }));
    }
    run_.Changed(anew, false, [&] { run_.Run(steps); });
  }

 private:
  // What was found out and confirmed earlier says nothing of now.
  bool RunsOrHas() const {
    const ContainerInfo old = run_.OldNow();
    const std::string known = journal_.Fact("old_started_at");
    return old.running || (!known.empty() && old.started_at != known);
  }

  // What was confirmed need not be given again where it fails; but to a folder that is another's.
  void Inspect() {
    try {
      run_.KeepInspection();
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kWouldOverwrite) {
        for (const UpgradeStep& step : run_.Planned("backup")) {
          if (step.operators) run_.KeepConfirmed(step.name);
        }
      }
      throw;
    }
  }

  void Preflight() {
    const UpgradeFindings found = FindProblems(run_, true);
    for (const std::string& warning : found.warnings) run_.world.warn(warning);
    if (!found.problems.empty()) {
      ThrowProblems(found.problems, "the upgrade cannot begin");
    }
  }

  // ---- the old container

  bool PolicyIsNo() {
    return journal_.Begun("restart-policy") && !journal_.Fact("restart_policy").empty() &&
           (run_.PolicyStays() || run_.OldNow().restart_policy == "no");
  }
  void ForbidRestart() {
    const std::string policy = run_.OldNow().restart_policy;
    // "no" may be of an earlier run; another one was given since.
    if (journal_.Fact("restart_policy").empty() || policy != "no") {
      journal_.SetFact("restart_policy", policy);
    }
    if (policy != "no") run_.GivePolicy(run_.options.container, "no");
  }

  // Stopped by us, and not started since.
  bool IsStopped() {
    const ContainerInfo now = run_.OldNow();
    const std::string known = journal_.Fact("old_started_at");
    return !now.running && !journal_.Fact("t1").empty() &&
           (known.empty() || known == now.started_at);
  }
  void Stop() {
    const ContainerInfo now = run_.OldNow();
    const std::string fresh = FormatUtc(run_.world.clock());
    if (!now.running) {  // somebody else has stopped it
      const std::string then = EngineTime(now.finished_at);
      if (then.empty()) {
        run_.world.warn(
            fmt::format("when container '{}' was stopped cannot be read ('{}'): T1 is "
                        "now at the latest; if it was earlier, add these minutes to "
                        "refetchStoreIntervalMin",
                        run_.options.container, now.finished_at));
      }
      NewT1(now, then.empty() || then > fresh ? fresh : then);
      return;
    }
    // The earliest moment, also when a run was killed here: refetchStoreIntervalMin must cover all
    // of it.
    if (journal_.Fact("t1").empty() || journal_.Fact("old_started_at") != now.started_at) {
      NewT1(now, fresh);
    }
    run_.StopAndWait(run_.options.container);
    run_.WaitUntilStopped(run_.options.container);
  }
  // An archive of before is older, also where it is the same second.
  void NewT1(const ContainerInfo& now, const std::string& t1) {
    journal_.SetFact("archive_t1", "");
    journal_.SetFact("t1", t1);
    journal_.SetFact("old_started_at", now.started_at);
  }
  bool StaysStopped() { return IsStopped() && journal_.Fact("stopped_t1") == journal_.Fact("t1"); }
  void AwaitStop() {
    run_.WaitUntilStopped(run_.options.container);
    journal_.SetFact("stopped_t1", journal_.Fact("t1"));
  }

  // ---- the archive

  bool IsDumped() {
    return journal_.Fact("archive_t1") == journal_.Fact("t1") && run_.ArchiveIsThere();
  }

  void Dump() {
    UpgradeTarget& target = run_.target();
    {
      const auto session = target.sessions->Connect();
      for (const std::string& line : DescribeUse(*session, target.databases, target.heartbeats,
                                                 run_.world.observer, run_.world.cancel)) {
        run_.world.warn(line +
                        "; is another node of OMS still running? What is written from now "
                        "on is not in the archive");
      }
    }
    const bool again = journal_.Fact("archive_t1") == journal_.Fact("t1") &&
                       journal_.Fact("root").empty() && !journal_.Fact("archive").empty();
    const std::string file = again ? journal_.Fact("archive") : FreshName();
    journal_.SetFact("root", "");
    journal_.SetFact("archive", file);
    journal_.SetFact("archive_t1", journal_.Fact("t1"));
    DumpCommand dump;
    dump.target.path = run_.ArchivePath();
    dump.target.format = DumpFormat::kArchive;
    dump.overwrite = again;  // that of a run that was killed: nothing was said of it yet
    dump.options.scope.databases = target.databases;
    std::sort(dump.options.scope.databases.begin(), dump.options.scope.databases.end());
    const DumpResult result =
        RunDumpToFile(*target.sessions, files_, dump, run_.world.observer, run_.world.cancel);
    journal_.SetFact("receipt", run_.world.receipt_line(result.receipt));
    journal_.SetFact("snapshot", result.receipt.snapshot.time);
    journal_.SetFact("dumped_at", FormatUtc(run_.world.clock()));
    journal_.SetFact("root", result.receipt.root.hex());
  }

  std::string FreshName() const {
    ArchiveName name{"oms", run_.world.clock(), 1};
    while (files_.Exists(run_.Path(FormatArchiveName(name)))) ++name.sequence;
    return FormatArchiveName(name);
  }

  bool IsOfThis(const char* fact) const {
    const std::string root = journal_.Fact("root");
    return !root.empty() && journal_.Fact(fact) == root;
  }
  void NoteForThis(const char* fact) { journal_.SetFact(fact, journal_.Fact("root")); }

  void Verify() {
    VerifyOptions options;
    options.expect = Sha256Digest::FromHex(journal_.Fact("root"));
    const FileVerdict verdict =
        VerifyFile(files_, run_.ArchivePath(), options, {}, run_.world.observer, run_.world.cancel);
    if (verdict.error) throw *verdict.error;
    if (verdict.code != ErrorCode::kOk) {
      // A dump with losses fails.
      throw Error(ErrorCode::kInternal,
                  fmt::format("'{}' does not hold all objects", run_.ArchivePath()));
    }
    journal_.SetFact("verified_at", FormatUtc(run_.world.clock()));
    NoteForThis("verified_root");
  }

  void Rehearse() {
    RestoreCommand restore;
    restore.paths = {run_.ArchivePath()};
    restore.options.rehearse = true;
    restore.options.force = true;  // nothing live changes
    const RestoreResult result = RunRestoreCommand(*run_.target().sessions, files_, restore,
                                                   nullptr, run_.world.observer, run_.world.cancel);
    journal_.SetFact("rehearsed_at", FormatUtc(run_.world.clock()));
    journal_.SetFact("expected_window_ms", fmt::format("{}", result.plan.expected_window_ms));
    NoteForThis("rehearsed_root");
  }

  std::string Ways() {
    const UpgradeFacts& facts = run_.facts();
    return fmt::format("the upgrade from {} to {}", facts.from ? facts.from->text() : "?",
                       facts.to ? facts.to->text() : "?");
  }

  void Pin() {
    WriteWholeFile(files_, run_.ArchivePath() + ".pin", fmt::format("before {}\n", Ways()), true);
    Proof proof;
    proof.root = *Sha256Digest::FromHex(journal_.Fact("root"));
    proof.verified = journal_.Fact("verified_at");
    if (IsOfThis("rehearsed_root")) proof.rehearsed = journal_.Fact("rehearsed_at");
    WriteWholeFile(files_, run_.ArchivePath() + ".verified", FormatProof(proof), true);
    NoteForThis("pinned_root");
  }

  void WriteReceipt() {
    const bool rehearsed = IsOfThis("rehearsed_root");
    std::string text = fmt::format("backup before {}\n\n", Ways());
    const auto line = [&](const char* name, const std::string& value) {
      text += fmt::format("{:<14}{}\n", name, value);
    };
    line("container", fmt::format("{} ({})", run_.old().name, run_.old().image));
    line("container id", run_.old().id);
    line("stopped (T1)", journal_.Fact("t1"));
    line("archive", fmt::format("{}, beside this file", journal_.Fact("archive")));
    line("receipt", journal_.Fact("receipt"));
    line("dumped", journal_.Fact("dumped_at"));
    line("verified", journal_.Fact("verified_at"));
    line("rehearsed",
         rehearsed ? fmt::format("{}; downtime of a restore's swap to expect: {}",
                                 journal_.Fact("rehearsed_at"),
                                 HumanDuration(std::stoull(journal_.Fact("expected_window_ms"))))
                   : "no (--no-rehearse): that it can be restored is not shown");
    line("to go back",
         fmt::format("dbomsbak upgrade rollback --state {}, or where this file is now",
                     ShellQuoted({run_.options.folder})));
    WriteWholeFile(files_, run_.Path("receipt.txt"), text, true);
    NoteForThis("receipt_root");
  }

  UpgradeRun& run_;
  UpgradeJournal& journal_;
  FileSystem& files_;
};

}  // namespace

void BackUpForUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                      UpgradeJournal& journal) {
  UpgradeRun run(options, world, journal);
  run.Guard("backup");
  Backup(run).Go();
}

}  // namespace dbomsbak
