// The new container runs, the new version has changed the databases, and all is well; and the end.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "app/upgrade_run.h"
#include "dbomsbak/app/verify_command.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned kLogLines = 20;

class Start {
 public:
  explicit Start(UpgradeRun& run)
      : run_(run),
        journal_(run.journal),
        docker_(run.docker),
        begun_before_(journal_.Begun("run")) {}

  void Go() {
    Refuse();
    if (!begun_before_ && !run_.world.proceed(run_.Planned("start"))) {
      throw Error(ErrorCode::kInterrupted, "not confirmed: nothing was changed");
    }
    std::vector<Step> steps{run_.Make(
        "run", [&] { return Runs(); }, [&] { RunNew(); })};
    if (!run_.options.other_node) {
      steps.push_back(run_.Make(
          "init", [&] { return IsInitialized(); }, [&] { Init(); }));
    }
    steps.push_back(run_.Make(
        "health", [&] { return IsWell(); },
        [&] { run_.WaitForHealth(run_.options.new_container); }));
    steps.push_back(run_.Make(
        "mounts", [&] { return HasT2(); }, [&] { CompareMounts(); }));
    try {
      run_.Changed([&] { run_.Run(steps); });
    } catch (Error& error) {
      const bool stopped =
          error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kTerminated;
      if (stopped) throw;
      TellLog();
      if (!run_.options.rollback_on_failure) throw;
      RollBackBecauseOf(error);
    }
  }

 private:
  // ---- before anything is changed

  void Refuse() {
    std::vector<std::string> problems;
    const std::string backup =
        fmt::format("dbomsbak upgrade backup --state {}", ShellQuoted({run_.options.folder}));
    if (!journal_.Done(run_.options.other_node ? "stopped" : "receipt")) {
      problems.push_back(fmt::format("the backup is not complete: {}", backup));
    } else if (!begun_before_) {
      OldStaysStopped(backup, problems);
      if (!run_.options.other_node) ArchiveIsGood(backup, problems);
      if (docker_.Inspect(run_.options.new_container)) {
        problems.push_back(
            fmt::format("there is a container '{}' already", run_.options.new_container));
      }
      if (!docker_.HasImage(run_.options.image)) {
        problems.push_back(fmt::format("image '{}' is not here", run_.options.image));
      }
    }
    if (!problems.empty()) ThrowProblems(problems, "the new version cannot be started");
  }

  void OldStaysStopped(const std::string& backup, std::vector<std::string>& problems) {
    const ContainerInfo old = run_.OldNow();
    if (old.running || old.started_at != journal_.Fact("old_started_at")) {
      problems.push_back(fmt::format("container '{}' {} since the backup, which is too old now: {}",
                                     run_.options.container, old.running ? "runs again" : "has run",
                                     backup));
    }
  }

  void ArchiveIsGood(const std::string& backup, std::vector<std::string>& problems) {
    const std::string root = journal_.Fact("root");
    if (journal_.Fact("archive_t1") != journal_.Fact("t1") || root.empty() ||
        journal_.Fact("verified_root") != root) {
      problems.push_back(fmt::format("there is no verified archive younger than T1 ({}): {}",
                                     journal_.Fact("t1"), backup));
      return;
    }
    // The last moment to find it damaged.
    VerifyOptions options;
    options.expect = Sha256Digest::FromHex(root);
    const FileVerdict verdict = VerifyFile(run_.world.files, run_.ArchivePath(), options, {},
                                           run_.world.observer, run_.world.cancel);
    if (verdict.code != ErrorCode::kOk) {
      problems.push_back(fmt::format("the archive is not good: {}: {}",
                                     verdict.error ? verdict.error->message() : "it is partial",
                                     backup));
    }
  }

  // ---- the new container

  bool Runs() {
    if (!journal_.Begun("run")) return false;
    const auto now = docker_.Inspect(run_.options.new_container);
    return now && now->info.running;
  }

  void RunNew() {
    const std::string& name = run_.options.new_container;
    const auto there = docker_.Inspect(name);
    if (there && !begun_before_) {
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("there is a container '{}' already", name));
    }
    // Since then the name is ours. What could not be started has no state yet.
    if (there && there->info.status == "created") {
      docker_.Run({"rm", name}, seconds{60});
    }
    if (there && there->info.status != "created") {
      docker_.Run({"start", name}, seconds{120});
    } else {
      docker_.Run(RunArguments(run_.options, run_.facts()), seconds{600});
    }
    run_.CheckRunning(name);
  }

  // That of a run that was killed may still be at work in the container. Two at once would be worse
  // than one after the other.
  void AwaitEarlierInit() {
    const std::string& name = run_.options.new_container;
    for (bool told = false;; told = true) {
      const ChildResult found =
          docker_.Try({"exec", name, "pgrep", "-f", "/root/docker_init.sh"}, seconds{60});
      if (found.code != 0) return;  // 1: none; others: there is no pgrep
      if (!told) run_.world.say("init: docker_init.sh of an earlier run is still at work; waiting");
      run_.Sleep(milliseconds{1000});
    }
  }

  void Init() {
    AwaitEarlierInit();
    docker_.Run({"exec", run_.options.new_container, "bash", "/root/docker_init.sh"}, hours{24});
    journal_.SetFact("init_of", NewId());
  }

  std::string NewId() const {
    const auto now = docker_.Inspect(run_.options.new_container);
    return now ? now->info.id : "";
  }

  // It also sets up the container itself: one that was made anew needs it again.
  bool IsInitialized() const {
    const std::string known = journal_.Fact("init_of");
    return !known.empty() && known == NewId();
  }

  bool IsWell() {
    std::string why;
    return run_.IsHealthy(run_.options.new_container, why);
  }

  bool HasT2() const {
    return !journal_.Fact("t2").empty() && journal_.Fact("mounts_of") == NewId();
  }

  void CompareMounts() {
    const auto now = docker_.Inspect(run_.options.new_container);
    std::string differing;
    const auto compare = [&](std::string_view destination) {
      const ContainerMount* const before = run_.old().MountAt(destination);
      const ContainerMount* const after = now ? now->info.MountAt(destination) : nullptr;
      const std::string was = before == nullptr ? "nothing" : before->source;
      const std::string is = after == nullptr ? "nothing" : after->source;
      if (was != is)
        differing += fmt::format("; at {} '{}' was, and '{}' is", destination, was, is);
    };
    compare(kOmsConfigMount);
    for (const std::string_view destination : kOmsDiskMounts) compare(destination);
    for (const std::string_view destination : kOmsTlsMounts) compare(destination);
    if (!differing.empty()) {
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("the new container has other mounts than the old one{}", differing));
    }
    journal_.SetFact("mounts_of", NewId());
    journal_.SetFact("t2", FormatUtc(run_.world.clock()));
  }

  // ---- what failed

  void TellLog() {
    try {
      const std::string lines = docker_.LastLines(run_.options.new_container, kLogLines);
      std::string_view rest = lines;
      while (!rest.empty()) {
        std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);  // it has a terminal
        run_.world.say(fmt::format("log of {}: {}", run_.options.new_container, line));
      }
    } catch (const Error&) {  // what failed is worth more
    }
  }

  [[noreturn]] void RollBackBecauseOf(const Error& failure) {
    run_.world.warn(failure.message());
    run_.world.say("rolling back");
    journal_.Append("note", "rollback", failure.message());
    RollBack(run_, true);
    throw Error(ErrorCode::kRolledBack,
                fmt::format("the upgrade failed and was rolled back: {}", failure.message()),
                "The old version runs again. dbomsbak upgrade report tells what the new one had "
                "changed.");
  }

  UpgradeRun& run_;
  UpgradeJournal& journal_;
  Docker& docker_;
  const bool begun_before_;
};

}  // namespace

void StartUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                  UpgradeJournal& journal) {
  UpgradeRun run(options, world, journal);
  run.Guard("start");
  Start(run).Go();
}

void FinishUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                   UpgradeJournal& journal) {
  UpgradeRun run(options, world, journal);
  run.Guard("finish");
  if (!journal.Done("mounts")) {
    throw Error(ErrorCode::kUpgradePreflight, "the new version was not started yet",
                fmt::format("Run dbomsbak upgrade start --state {} first.", options.folder));
  }
  std::vector<std::string> open;
  for (const UpgradeStep& step : run.Planned("finish")) {
    if (!step.operators || run.Confirmed(step.name, true, 0)) continue;
    open.push_back(NotConfirmed(step));
  }
  if (!open.empty()) ThrowProblems(open, "the upgrade is not finished");
  run.Run({run.Make(
      "finished", [&] { return !journal.Fact("finished_at").empty(); },
      [&] { journal.SetFact("finished_at", FormatUtc(world.clock())); })});
  const std::string policy = journal.Fact("restart_policy");
  if (!policy.empty() && policy != "no") {
    world.say(fmt::format(
        "the old container had the restart policy {}; to give it to the new one: {}", policy,
        ShellQuoted(run.docker.Command({"update", "--restart", policy, options.new_container}))));
  }
}

}  // namespace dbomsbak
