// What stands against an upgrade, all of it at once.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app/upgrade_run.h"
#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/oms_config.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/engine/check.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLeastFree = std::uint64_t{256} << 20;
constexpr std::int64_t kMostClockDifference_s = 5;

class Finder {
 public:
  explicit Finder(UpgradeRun& run) : run_(run) {}

  UpgradeFindings Find(bool ask) {
    // An engine that does not answer is told of once.
    const bool answers = Try([&] { run_.docker.Inspect(run_.options.container); });
    // What is not known of another container would be told of as if it were OMS's fault.
    const bool is_oms = answers && Try([&] { run_.KeepInspection(); }) && IsOms();
    if (is_oms) {
      Versions();
      Try([&] { Container(); });
      Mounts();
    }
    New(answers);
    if (!run_.options.other_node && (is_oms || !run_.options.connection.empty())) {
      if (Try([&] { run_.target(); })) Databases();
    }
    const bool may_ask = ask && found_.problems.empty();
    for (const UpgradeStep& step : run_.Planned("backup")) {
      if (!step.operators || run_.Confirmed(step.name, may_ask, kConfirmationHolds_s)) continue;
      // Of an OMS that is known, but not its version, it is told with the rest.
      if (!is_oms && !IsWantedForSure(step, run_.facts())) continue;
      found_.problems.push_back(fmt::format("not confirmed: {} ({}); --confirm {}", step.name,
                                            step.description, step.name));
    }
    return std::move(found_);
  }

 private:
  // What goes wrong becomes a problem; but for interruptions, and a folder that is another's.
  bool Try(const std::function<void()>& looking) {
    try {
      looking();
      return true;
    } catch (const Error& error) {
      const ErrorCode code = error.code();
      if (code == ErrorCode::kInterrupted || code == ErrorCode::kTerminated ||
          code == ErrorCode::kWouldOverwrite || code == ErrorCode::kInternal) {
        throw;
      }
      Problem(AsProblem(error));
      return false;
    }
  }
  // As a message, which it is when it is the only one.
  void Problem(std::string text) {
    if (text.ends_with('.')) text.pop_back();
    found_.problems.push_back(std::move(text));
  }
  void Warning(std::string text) { found_.warnings.push_back(std::move(text)); }

  bool IsOms() {
    const ContainerInfo& old = run_.old();
    const auto mounts = [&](std::string_view destination) {
      return old.MountAt(destination) != nullptr;
    };
    if (mounts(kOmsConfigMount) || old.Variable("OMS_HOST_IP") ||
        std::any_of(std::begin(kOmsDiskMounts), std::end(kOmsDiskMounts), mounts)) {
      return true;
    }
    std::string running = run_.docker.TellRunning();
    if (!running.empty()) running.insert(0, ". ");
    Problem(fmt::format(
        "container '{}' ({}) does not look like OMS: it has no OMS_HOST_IP, and nothing mounted at "
        "{}, {} or {}; --container names the one that runs OMS{}",
        old.name, old.image, kOmsConfigMount, kOmsDiskMounts[0], kOmsDiskMounts[1], running));
    return false;
  }

  void Versions() {
    const UpgradeOptions& options = run_.options;
    const UpgradeFacts& facts = run_.facts();
    if (!facts.from && facts.old) {
      Problem(fmt::format("the tag of image '{}' tells no version: --from VERSION names it",
                          facts.old->image));
    }
    if (!facts.to) {
      Problem(fmt::format("the tag of image '{}' tells no version: --to VERSION names it",
                          options.image));
    }
    if (!facts.from || !facts.to || options.allow_path ||
        IsDocumentedPath(*facts.from, *facts.to)) {
      return;
    }
    std::string way;
    for (const OmsVersion& version : WayBetween(*facts.from, *facts.to)) {
      way += (way.empty() ? "; the way is " : " → ") + version.text();
    }
    Problem(
        fmt::format("no upgrade from {} to {} is documented{}; --allow-path if OMS's manual has it",
                    facts.from->text(), facts.to->text(), way));
  }

  void Container() {
    const ContainerInfo now = run_.OldNow();
    if (!now.running) {
      Warning(
          fmt::format("container '{}' does not run: T1 is when it stopped, or else now", now.name));
    } else if (!run_.ConsoleAnswers()) {
      // Neither start nor rollback would come to its end.
      Problem(fmt::format(
          "container '{}' runs, and nothing answers at port {} of the console: "
          "--console-port PORT names another one; if it is this one look at its services",
          now.name, run_.options.console_port));
    }
    if (now.auto_remove) {
      Problem(
          fmt::format("container '{}' was started with --rm: stopped it would be gone, and with "
                      "it the way back; start it without",
                      now.name));
    }
    if (HostIp(run_.options, now).empty()) {
      Problem(fmt::format("container '{}' has no OMS_HOST_IP: --host-ip IP names it", now.name));
    }
    if (now.network != "host") {
      Warning(
          fmt::format("container '{}' has network '{}'; the new one gets the host's, as the "
                      "manual says",
                      now.name, now.network));
    }
  }

  void Mounts() {
    const ContainerInfo& old = run_.old();
    std::vector<std::string_view> wanted(std::begin(kOmsDiskMounts), std::end(kOmsDiskMounts));
    wanted.insert(wanted.begin(), kOmsConfigMount);
    for (const std::string_view destination : wanted) {
      const ContainerMount* const mount = old.MountAt(destination);
      if (mount == nullptr) {
        Problem(
            fmt::format("container '{}' has nothing mounted at {}: what is there would stay "
                        "behind in it. Run OMS with its mounts first, as its manual has it",
                        old.name, destination));
        continue;
      }
      if (destination == kOmsConfigMount) continue;  // it was read just now
      std::error_code error;
      if (!fs::is_directory(mount->source, error)) {
        Problem(fmt::format("'{}', mounted at {}, is no folder here", mount->source, destination));
        continue;
      }
      Try([&, source = mount->source] {
        const std::uint64_t free = FreeBytesOf(source);
        if (free < kLeastFree) {
          Problem(
              fmt::format("{} are free in '{}', mounted at {}; {} are the least: free some there",
                          HumanBytes(free), source, destination, HumanBytes(kLeastFree)));
        }
      });
    }
    const bool crt = old.MountAt(kOmsTlsMounts[0]) != nullptr;
    const bool key = old.MountAt(kOmsTlsMounts[1]) != nullptr;
    if (crt != key) {
      Problem(fmt::format("container '{}' mounts only one of {} and {}: TLS needs both", old.name,
                          kOmsTlsMounts[0], kOmsTlsMounts[1]));
    }
    for (const ContainerMount& mount : old.mounts) {
      const auto is = [&](std::string_view known) { return known == mount.destination; };
      if (std::any_of(wanted.begin(), wanted.end(), is) ||
          std::any_of(std::begin(kOmsTlsMounts), std::end(kOmsTlsMounts), is)) {
        continue;
      }
      Warning(fmt::format("the mount at {} is none of OMS's, and the new container gets none there",
                          mount.destination));
    }
  }

  void New(bool engine_answers) {
    const UpgradeOptions& options = run_.options;
    if (options.new_container == options.container) {
      Problem(
          fmt::format("old and new container are both called '{}': --new-container names another",
                      options.container));
    } else if (engine_answers) {
      Try([&] {
        if (run_.docker.Inspect(options.new_container)) {
          Problem(
              fmt::format("there is a container '{}' already: choose another --new-container, "
                          "or give that one another name",
                          options.new_container));
        }
      });
    }
    if (!engine_answers) return;
    Try([&] {
      if (!run_.docker.HasImage(options.image)) {
        Problem(fmt::format("image '{}' is not here: load it first ({} load -i FILE)",
                            options.image, options.docker));
      }
    });
  }

  void Databases() {
    Try([&] {
      UpgradeTarget& target = run_.target();
      const CheckReport report = Check(target);
      for (const CheckFinding& finding : report.findings) {
        if (finding.level == CheckFinding::Level::kOk || finding.topic == "space") continue;
        std::string text = finding.message;
        if (!finding.remedy.empty()) text += ": " + finding.remedy;
        // The rehearsal would find it, with OMS stopped.
        const bool stands = finding.level == CheckFinding::Level::kProblem ||
                            (finding.refuses_restore && run_.options.rehearse);
        stands ? Problem(std::move(text)) : Warning(std::move(text));
      }
      RoomOnServer(report);
      const std::uint64_t free = FreeBytesOf(run_.options.folder);
      if (const std::uint64_t wanted = report.data_bytes + kLeastFree; free < wanted) {
        Problem(
            fmt::format("{} are free in '{}', and {} are wanted: for the databases {}, and {} "
                        "beside; free some there, or name another folder with --state",
                        HumanBytes(free), run_.options.folder, HumanBytes(wanted),
                        HumanBytes(report.data_bytes), HumanBytes(kLeastFree)));
      }
      const auto session = target.sessions->Connect();
      const std::int64_t before = run_.world.clock();
      const std::string told = session->QueryValue("SELECT UNIX_TIMESTAMP()").value_or("");
      const std::int64_t theirs = std::stoll(told.empty() ? "0" : told);
      const std::int64_t after = run_.world.clock();
      if (theirs < before - kMostClockDifference_s || theirs > after + kMostClockDifference_s) {
        Problem(fmt::format(
            "the clock of the MetaDB's server differs from this host's by {} s: set both by NTP",
            theirs - after));
      }
      for (const Leftover& leftover : FindLeftovers(*session)) {
        if (leftover.kind == LeftoverKind::kOpenWindow) {
          Problem("an interrupted restore waits to be put right on the server. " + leftover.advice);
        }
      }
    });
  }

  static CheckReport Check(UpgradeTarget& target) {
    try {
      return RunCheck(*target.sessions, target.databases);
    } catch (Error& error) {
      TellWhereNamed(target.named_at, error);
      throw;
    }
  }

  // The rehearsal and the way back load beside the live databases.
  void RoomOnServer(const CheckReport& report) {
    const std::uint64_t needed = report.data_bytes + report.index_bytes;
    if (!report.disk_free_bytes) {
      Warning(
          fmt::format("a restore needs about {} beside the live databases; how much is free on the "
                      "server cannot be known from here: look there",
                      HumanBytes(needed)));
      return;
    }
    if (*report.disk_free_bytes >= needed) return;
    if (report.disk_is_servers && run_.options.rehearse) {
      Problem(
          fmt::format("a restore needs about {} beside the live databases, and {} are free on the "
                      "server: free disk space there",
                      HumanBytes(needed), HumanBytes(*report.disk_free_bytes)));
      return;
    }
    Warning(
        fmt::format("a restore needs about {} beside the live databases, and {} are free on the "
                    "server{}",
                    HumanBytes(needed), HumanBytes(*report.disk_free_bytes),
                    report.disk_is_servers
                        ? ": free disk space there before a rollback"
                        : " if the folder of its name on this machine is its own: look there"));
  }

  UpgradeRun& run_;
  UpgradeFindings found_;
};

}  // namespace

UpgradeFindings FindProblems(UpgradeRun& run, bool ask) {
  UpgradeFindings found = Finder(run).Find(ask);
  run.journal.SetFact("problems", fmt::format("{}", found.problems.size()));
  return found;
}

UpgradeFindings CheckUpgrade(const UpgradeOptions& options, const UpgradeWorld& world,
                             UpgradeJournal& journal) {
  UpgradeRun run(options, world, journal);
  run.Guard("check");
  if (BackupHasBegun(journal)) {
    throw Error(ErrorCode::kUpgradePreflight, "the backup has begun already",
                fmt::format("Go on with dbomsbak upgrade backup --state {}, or go back with "
                            "rollback.",
                            options.folder));
  }
  UpgradeFindings found = FindProblems(run, true);
  // What an earlier backup failed with is told no longer.
  run.ForgetFailure("preflight");
  if (found.problems.empty()) run.ForgetFailure("inspect");
  return found;
}

}  // namespace dbomsbak
