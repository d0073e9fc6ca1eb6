// The new container runs, the new version has changed the databases, and all is well; and the end.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "app/upgrade_run.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr unsigned kLogLines = 20;
constexpr hours kLongestInit{24};
constexpr seconds kAsked{60};
constexpr char kInit[] = "/root/docker_init.sh";

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
        "health", [&] { return IsWell(); }, [&] { AwaitHealth(); }));
    steps.push_back(run_.Make(
        "mounts", [&] { return HasT2(); }, [&] { CompareMounts(); }));
    try {
      run_.Changed(!begun_before_, false, [&] { run_.Run(steps); });
    } catch (Error& error) {
      // Interrupted, or nothing was changed.
      if (error.code() != ErrorCode::kNeedsHelp) throw;
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
    if (!IsBackedUp(run_.options, journal_)) {
      problems.push_back(fmt::format("the backup is not complete: {}", backup));
    } else if (begun_before_) {
      if (run_.OldNow().running) {
        problems.push_back(
            fmt::format("container '{}' runs again, on the databases of the new "
                        "version: stop it, or go back with dbomsbak upgrade "
                        "rollback --state {}",
                        run_.options.container, ShellQuoted({run_.options.folder})));
      }
      run_.NewNow();
    } else {
      if (run_.options.other_node) run_.KeepConfirmed("databases-backed-up");
      OldStaysStopped(backup, problems);
      if (!run_.options.other_node) ArchiveIsGood(backup, problems);
      if (docker_.Inspect(run_.options.new_container)) {
        problems.push_back(AnotherHasTheName());
      }
      if (!docker_.HasImage(run_.options.image)) {
        problems.push_back(fmt::format("image '{}' is not here: load it first ({} load -i FILE)",
                                       run_.options.image, run_.options.docker));
      }
      if (run_.options.other_node) DatabasesAreBackedUp(problems);
    }
    if (problems.empty()) run_.CheckConfig();
    if (problems.empty() && !run_.options.other_node) MetaDbAnswers(problems);
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

  // docker_init.sh would find out only in the new container.
  void MetaDbAnswers(std::vector<std::string>& problems) {
    try {
      run_.target().sessions->Connect();
    } catch (const Error& error) {
      run_.world.cancel.ThrowIfCancelled();
      problems.push_back(AsProblem(error));
    }
  }

  // Confirmed for a backup before T1 it would be for another one.
  void DatabasesAreBackedUp(std::vector<std::string>& problems) {
    const std::int64_t now = run_.world.clock();
    const std::int64_t since = ParseUtc(journal_.Fact("t1")).value_or(now);
    if (run_.Confirmed("databases-backed-up", problems.empty(),
                       std::max<std::int64_t>(now - since, 1))) {
      return;
    }
    problems.push_back(NotConfirmed(run_.Planned1("databases-backed-up")));
  }

  std::string AnotherHasTheName() const {
    const std::string& name = run_.options.new_container;
    return fmt::format(
        "there is a container '{}' already, which is not this upgrade's: {} gives "
        "it another name",
        name, ShellQuoted(docker_.Command({"rename", name, name + "_other"})));
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
    if (const std::string fault = run_.ArchiveFault(); !fault.empty()) {
      problems.push_back(fmt::format("the archive is not good: {}: {}", fault, backup));
    }
  }

  // ---- the new container

  bool Runs() {
    if (!journal_.Begun("run")) return false;
    const auto now = run_.NewNow();
    if (!now || !now->running) return false;
    if (journal_.Fact("new_id").empty()) journal_.SetFact("new_id", now->id);
    return true;
  }

  // It is not up, or was not well: T2 is yet to come.
  void ForgetT2() {
    journal_.SetFact("t2", "");
    journal_.SetFact("mounts_of", "");
  }

  void RunNew() {
    ForgetT2();
    const std::string& name = run_.options.new_container;
    const auto there = run_.NewNow();
    if (there && !begun_before_) throw Error(ErrorCode::kUpgradePreflight, AnotherHasTheName());
    // Since then the name is ours. What could not be started has no state yet.
    if (there && there->status == "created") {
      docker_.Run({"rm", name}, seconds{60});
    }
    if (there && there->status != "created") {
      docker_.Run({"start", name}, seconds{120});
    } else {
      journal_.SetFact("new_id", "");
      docker_.Run(RunArguments(run_.options, run_.facts()), seconds{600});
    }
    journal_.SetFact("new_id", NewId());
    run_.CheckRunning(name);
  }

  void AwaitHealth() {
    ForgetT2();
    run_.WaitForHealth(run_.options.new_container);
  }

  // That of a run that was killed may still be at work in the container. Two at once would be worse
  // than one after the other.
  void AwaitEarlierInit() {
    const std::string& name = run_.options.new_container;
    // The engine's own list: an image need not have the programs for one.
    const std::vector<std::string> words{"top", name};
    const auto deadline = std::chrono::steady_clock::now() + kLongestInit;
    for (bool told = false;; told = true) {
      const ChildResult found = docker_.Try(words, kAsked);
      const bool unknown = found.code != 0 || found.timed_out;
      if (!unknown && found.out.find(kInit) == std::string::npos) return;
      if (unknown || std::chrono::steady_clock::now() > deadline) {
        throw Error(ErrorCode::kUpgradePreflight,
                    fmt::format("docker_init.sh of an earlier run may still be at work in "
                                "container '{}': {}",
                                name, docker_.HowItEnded(words, found, kAsked)),
                    fmt::format("Look whether it is: {}. Once it is not, {} makes sure of it.",
                                ShellQuoted(docker_.Command(words)),
                                ShellQuoted(docker_.Command({"restart", name}))));
      }
      if (!told) run_.world.say("init: docker_init.sh of an earlier run is still at work; waiting");
      run_.Sleep(milliseconds{1000});
    }
  }

  // The container and its start: with either another one, nothing of before is at work in it.
  static std::string StartOf(const ContainerInfo& container) {
    return container.id + " " + container.started_at;
  }
  std::string NewStart() const {
    const auto now = run_.NewNow();
    return now ? StartOf(*now) : "";
  }

  void Init() {
    const std::string start = NewStart();
    if (journal_.Fact("init_begun_in") == start) AwaitEarlierInit();
    journal_.SetFact("init_begun_in", start);
    const std::vector<std::string> words{"exec", run_.options.new_container, "bash", kInit};
    const ChildResult result = docker_.Try(words, kLongestInit);
    if (result.code != 0 || result.timed_out) InitFailed(words, result);
    journal_.SetFact("init_of", NewId());
  }

  [[noreturn]] void InitFailed(const std::vector<std::string>& words, const ChildResult& result) {
    const std::string said = result.out + result.err;
    std::size_t begin = said.size();
    for (unsigned lines = 0; begin > 0; --begin) {
      if (said[begin - 1] == '\n' && begin < said.size() && ++lines == kLogLines) break;
    }
    TellLines("docker_init.sh", std::string_view(said).substr(begin));
    const ContainerMount* const logs = run_.old().MountAt(kOmsDiskMounts[0]);
    throw Error(ErrorCode::kUpgradePreflight, docker_.HowItEnded(words, result, kLongestInit),
                fmt::format("It changes the databases for the new version: what it said is above, "
                            "and OMS's logs are in '{}'.",
                            logs == nullptr ? kOmsDiskMounts[0] : logs->source));
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
    const auto now = run_.NewNow();
    return now && now->running && run_.LookAtHealth(run_.options.new_container).well();
  }

  bool HasT2() const {
    return !journal_.Fact("t2").empty() && journal_.Fact("mounts_of") == NewStart();
  }

  void CompareMounts() {
    const auto now = run_.NewNow();
    if (!now) {
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("container '{}' is gone", run_.options.new_container),
                  fmt::format("Look who has removed it; dbomsbak upgrade start --state {} makes it "
                              "again.",
                              ShellQuoted({run_.options.folder})));
    }
    const std::string differing = run_.DifferingMounts(*now);
    if (!differing.empty()) {
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("the new container has other mounts than the old one{}", differing),
                  "It would lose what stands there. Look who has started it otherwise.");
    }
    journal_.SetFact("mounts_of", StartOf(*now));
    journal_.SetFact("t2", FormatUtc(run_.world.clock()));
  }

  // ---- what failed

  void TellLog() {
    try {
      TellLines("log of " + run_.options.new_container,
                docker_.LastLines(run_.options.new_container, kLogLines));
    } catch (const Error&) {  // what failed is worth more
    }
  }

  void TellLines(std::string_view whose, std::string_view lines) {
    while (!lines.empty()) {
      std::string_view line = lines.substr(0, lines.find('\n'));
      lines.remove_prefix(std::min(line.size() + 1, lines.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);  // it has a terminal
      run_.world.say(fmt::format("{}: {}", whose, line));
    }
  }

  [[noreturn]] void RollBackBecauseOf(const Error& failure) {
    run_.world.warn(failure.message());
    run_.world.say("rolling back");
    try {
      journal_.Append("note", "rollback", failure.message());
      RollBack(run_, true);
    } catch (const Error& error) {
      throw Error(run_.world.cancel.cancelled() ? error.code() : ErrorCode::kNeedsHelp,
                  fmt::format("start failed: {}; and it was not rolled back: {}", failure.message(),
                              error.message()),
                  fmt::format("Once that is put right: dbomsbak upgrade rollback --state {}.",
                              ShellQuoted({run_.options.folder})));
    }
    throw Error(ErrorCode::kRolledBack,
                fmt::format("the upgrade failed and was rolled back: {}", failure.message()),
                fmt::format("The old version runs again. dbomsbak upgrade report --state {} tells "
                            "what the new one had changed.",
                            ShellQuoted({run_.options.folder})));
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
  const std::string start =
      fmt::format("dbomsbak upgrade start --state {}", ShellQuoted({options.folder}));
  if (!journal.Done("mounts") || journal.Fact("t2").empty()) {
    throw Error(ErrorCode::kUpgradePreflight,
                journal.Begun("run") ? "the start of the new version has not come to its end"
                                     : "the new version was not started yet",
                fmt::format("Run {} first.", start));
  }
  std::vector<std::string> open;
  if (journal.Fact("finished_at").empty()) {
    try {
      run.docker.Inspect(options.new_container);
    } catch (const Error&) {  // the engine does not answer: the container may well run
      for (const UpgradeStep& step : run.Planned("finish")) {
        if (step.operators) run.KeepConfirmed(step.name);
      }
      throw;
    }
    // Of one that is another one, or does not run, nothing is confirmed.
    const auto now = run.NewNow();
    if (!now || !now->running) {
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("container '{}' does not run", options.new_container),
                  fmt::format("Look why; {} starts it again.", start));
    }
    const auto [why, services_run] = run.LookAtHealth(options.new_container);
    if (!why.empty()) {
      open.push_back(fmt::format(
          "container '{}' is not well: {}: {}", options.new_container, why,
          services_run ? "--console-port PORT names another one" : "look at its services"));
    }
  }
  const bool may_ask = open.empty();
  for (const UpgradeStep& step : run.Planned("finish")) {
    if (!step.operators || run.Confirmed(step.name, may_ask, 0)) continue;
    open.push_back(NotConfirmed(step));
  }
  if (!open.empty()) ThrowProblems(open, "the upgrade is not finished");
  const std::string policy = journal.Fact("restart_policy");
  const auto has_policy = [&] {
    if (!journal.Fact("finished_at").empty() || run.PolicyStays() || policy.empty()) return true;
    const auto now = run.NewNow();
    return now && now->restart_policy == policy;
  };
  run.Run(
      {run.Make("new-policy", has_policy, [&] { run.GivePolicy(options.new_container, policy); }),
       run.Make(
           "finished", [&] { return !journal.Fact("finished_at").empty(); },
           [&] { journal.SetFact("finished_at", FormatUtc(world.clock())); })});
  if (run.PolicyStays()) {
    world.say(fmt::format(
        "the old container still has its restart policy {}, which podman could not change{}; the "
        "new one has none: a systemd unit of its own starts it at boot",
        policy,
        policy == "always" ? fmt::format(": podman-restart.service, if it is enabled, would start "
                                         "it at the host's next boot, on the databases of the new "
                                         "version; keep it disabled until {} is removed",
                                         options.container)
                           : ""));
  }
}

}  // namespace dbomsbak
