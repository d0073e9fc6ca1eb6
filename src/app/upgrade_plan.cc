#include "dbomsbak/app/upgrade_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "dbomsbak/app/upgrade_journal.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::uint64_t kRefetchMargin = 30;
constexpr char kConnectors[] = "connectors";

std::optional<OmsVersion> Version(const std::string& given, const char* option,
                                  const std::string& image) {
  if (given.empty()) return VersionOfImage(image);
  if (const auto version = ParseOmsVersion(given)) return version;
  throw Error(ErrorCode::kUsage, fmt::format("--{} '{}' is no version", option, given),
              "A version is three numbers, such as 4.0.0.");
}

// Builds the list; `Add` begins a step that the other calls then fill.
class Planner {
 public:
  Planner(const UpgradeOptions& options, const UpgradeFacts& facts)
      : options_(options),
        facts_(facts),
        config_(UpgradeFile(options.folder, "config.yaml")),
        archive_(facts.archive.empty() ? UpgradeFile(options.folder, "oms-TIME.sql.zst")
                                       : facts.archive) {}

  std::vector<UpgradeStep> Plan() {
    Backup();
    Start();
    Finish();
    Rollback();
    return std::move(steps_);
  }

 private:
  void Add(const char* group, const char* name, std::string description, bool operators = false) {
    steps_.push_back({group, name, operators, std::move(description), {}, {}});
  }
  void Engine(const std::vector<std::string>& words) {
    std::vector<std::string> argv{options_.docker};
    argv.insert(argv.end(), words.begin(), words.end());
    Shell(ShellQuoted(argv));
  }
  void GiveBackPolicy(const std::string& container) {
    if (facts_.old) {
      Engine({"update", "--restart", facts_.old->restart_policy, container});
      return;
    }
    Tell(fmt::format(
        "Not known yet: what stands in <> here. The engine tells it of the old container: {}",
        ShellQuoted({options_.docker, "update", "--restart", "<its restart policy>", container})));
  }
  std::string OurCommand(std::vector<std::string> words, const std::vector<std::string>& operands,
                         bool connects) const {
    words.insert(words.begin(), "dbomsbak");
    if (connects) {
      if (options_.connection.empty()) {
        words.insert(words.end(), {"--oms-config", config_});
      } else {
        words.insert(words.end(), options_.connection.begin(), options_.connection.end());
      }
    }
    words.insert(words.end(), operands.begin(), operands.end());
    return ShellQuoted(words);
  }
  void Self(std::vector<std::string> words, const std::vector<std::string>& operands,
            bool connects) {
    Shell(OurCommand(std::move(words), operands, connects));
  }
  void Shell(std::string line) { steps_.back().commands.push_back(std::move(line)); }
  void Tell(std::string line) { steps_.back().instructions.push_back(std::move(line)); }

  void HaOff(const char* group, const char* name, const std::string& why) {
    Add(group, name, "high availability is off", true);
    Tell(
        "In the console: System Parameters, ha.config: set \"enable\" to false, and nothing else.");
    Tell("dbomsbak upgrade ha-config FILE --disable prints the value to paste, from a copy of it.");
    Tell(why);
  }

  void Backup() {
    constexpr const char* kGroup = "backup";
    Add(kGroup, "lag", "synchronisation is near real time", true);
    Tell("In the console: every synchronisation project lags behind by seconds, no more.");
    Add(kGroup, "switchover", "no forward switchover is open", true);
    Tell("Forward switchover of migration projects is done; none is begun until the upgrade is.");
    if (!facts_.from || MayLackDbType(*facts_.from)) {
      Add(kGroup, kConnectors, "connectors that synchronise DDL name their kind of database", true);
      Tell(
          "Projects made by 3.2.x: the source part of the connector's configuration holds dbType "
          "or db_type, such as OB_MYSQL or mysql.");
      if (!facts_.from) {
        Tell("Not known yet: the version that runs now. Those from 3.3.1 on do not want this.");
      }
      Tell("dbomsbak upgrade connectors FILE… tells which exported configurations lack it.");
    }
    Add(kGroup, "clocks", "the clocks of all hosts and the time zone of the MetaDB agree", true);
    Tell("date on each host, and SELECT NOW() on the MetaDB, tell the same time.");
    HaOff(kGroup, "ha-off",
          "While it is on, tasks of stopped containers are registered elsewhere in the MetaDB.");

    Add(kGroup, "inspect", "keep what the engine and OMS's configuration tell");
    const std::string inspect = UpgradeFile(options_.folder, "inspect.json");
    Shell(fmt::format(
        "{} > {}",
        ShellQuoted({options_.docker, "inspect", "--type", "container", options_.container}),
        ShellQuoted({inspect})));
    if (!facts_.old) {
      Tell(fmt::format("Not known yet: the file mounted at {}, which is copied to {}.",
                       kOmsConfigMount, config_));
    } else if (!facts_.config_source.empty()) {
      Shell(ShellQuoted({"install", "-m", "600", facts_.config_source, config_}));
    }
    Add(kGroup, "preflight", "check everything that can be checked");
    Self({"upgrade", "check", "--state", options_.folder}, {}, false);
    Add(kGroup, "restart-policy", "keep the engine from starting the old container again");
    if (facts_.policy_stays) {
      Tell(PolicyStaysNote(options_, facts_.old ? facts_.old->restart_policy : "not known"));
    } else {
      Engine({"update", "--restart", "no", options_.container});
    }
    Add(kGroup, "stop", "stop the old container (T1)");
    Engine({"stop", "-t", fmt::format("{}", options_.stop_timeout_s), options_.container});
    Add(kGroup, "stopped", "wait until it is stopped");
    Engine({"inspect", "--type", "container", options_.container});
    if (options_.other_node) return;
    Add(kGroup, "dump", "dump the databases");
    Self({"dump"}, {"-o", archive_}, true);
    Add(kGroup, "verify", "prove the archive");
    Self({"verify"}, {archive_}, false);
    if (options_.rehearse) {
      Add(kGroup, "rehearse",
          "rehearse the rollback: restore beside the live databases, and sweep");
      Self({"restore", "--rehearse", "--force"}, {archive_}, true);
    }
    Add(kGroup, "pin", "keep it from being pruned");
    Shell(fmt::format("echo 'before the upgrade' > {}", ShellQuoted({archive_ + ".pin"})));
    Add(kGroup, "receipt", "write the receipt for the change ticket");
    Shell(ShellQuoted({"cat", UpgradeFile(options_.folder, "receipt.txt")}));
  }

  void Start() {
    constexpr const char* kGroup = "start";
    if (options_.other_node) {
      Add(kGroup, "databases-backed-up", "the databases are backed up, by another node", true);
      Tell("On the node with --node-role database, dbomsbak upgrade backup has ended well.");
    }
    Add(kGroup, "run", "run the new container with the old one's mounts");
    if (facts_.old) {
      Engine(RunArguments(options_, facts_));
    } else {
      Tell(fmt::format(
          "Not known yet: what stands in <> here, and whether there are mounts of certificates "
          "({}). The engine tells it of the old container: {}",
          fmt::join(kOmsTlsMounts, ", "), ShellQuoted(RunWithGaps())));
    }
    if (!options_.other_node) {
      Add(kGroup, "init", "let the new version change the databases");
      Engine({"exec", options_.new_container, "bash", "/root/docker_init.sh"});
    }
    Add(kGroup, "health", "wait until its services run and the console answers");
    Engine({"exec", options_.new_container, "supervisorctl", "status"});
    Add(kGroup, "mounts", "its mounts are those of the old one (T2)");
    Engine({"inspect", "--type", "container", options_.new_container});
  }

  // What `run` comes to as far as it is known without the old container. No shell takes it.
  std::vector<std::string> RunWithGaps() const {
    UpgradeFacts guessed = facts_;
    ContainerInfo& old = guessed.old.emplace();
    old.environment = {"OMS_HOST_IP=<OMS_HOST_IP of the old one>"};
    const auto mount = [&](std::string_view destination) {
      ContainerMount& made = old.mounts.emplace_back();
      made.source = fmt::format("<source of {}>", destination);
      made.destination = destination;
    };
    mount(kOmsConfigMount);
    for (const std::string_view destination : kOmsDiskMounts) mount(destination);
    std::vector<std::string> words = RunArguments(options_, guessed);
    words.insert(words.begin(), options_.docker);
    return words;
  }

  std::uint64_t MinutesSinceT1(const std::string& until) const {
    const auto from = ParseUtc(facts_.t1);
    return RefetchMinutes(from.value_or(facts_.now), ParseUtc(until).value_or(facts_.now));
  }

  void Refetch(const std::string& since, const std::string& until) {
    if (facts_.t1.empty()) {
      Tell(fmt::format("refetchStoreIntervalMin: the minutes {}, rounded up, and 30.", since));
      Self({"upgrade", "ha-config", "FILE", "--enable", "--refetch", "MINUTES"}, {}, false);
      return;
    }
    const std::uint64_t minutes = MinutesSinceT1(until);
    Tell(fmt::format("refetchStoreIntervalMin: {} (the minutes {}, rounded up, and 30).", minutes,
                     since));
    Self({"upgrade", "ha-config", "FILE", "--enable", "--refetch", fmt::format("{}", minutes)}, {},
         false);
  }

  void Finish() {
    constexpr const char* kGroup = "finish";
    Add(kGroup, "ha-on", "high availability is on again", true);
    Tell(
        "In the console all hosts are Online. Then: System Parameters, ha.config: \"enable\" is "
        "true again.");
    Tell("With perceiveStoreClientCheckpoint true, refetchStoreIntervalMin 30 is right; else:");
    Refetch("from T1 to T2", facts_.t2);
    Add(kGroup, "browser-cache", "nobody sees pages of the old version", true);
    Tell("Clear the browser's cache, and tell the others who use the console to do so.");
    Add(kGroup, "new-policy", "give the new container the old one's restart policy");
    if (facts_.policy_stays) {
      Tell("This podman cannot; a systemd unit of its own starts the new container at boot.");
    } else {
      GiveBackPolicy(options_.new_container);
    }
    Add(kGroup, "finished", "the upgrade is done; the archive stays pinned");
  }

  void Rollback() {
    constexpr const char* kGroup = "rollback";
    const bool database = !options_.other_node;
    HaOff(kGroup, "ha-off-rollback",
          "If the new version's console does not answer, it is as it "
          "was before the upgrade: off, unless finish was confirmed.");
    if (database) {
      Add(kGroup, "restore-preflight", "check the restore before anything is stopped");
      Self({"restore", "--dry-run", "--force"}, {archive_}, true);
    }
    Add(kGroup, "stop-new", "stop the new container (T3); it is kept");
    if (!facts_.policy_stays) Engine({"update", "--restart", "no", options_.new_container});
    Engine({"stop", "-t", fmt::format("{}", options_.stop_timeout_s), options_.new_container});
    if (database) {
      Add(kGroup, "restore", "bring the databases back exactly, all or nothing");
      Self({"restore"}, {archive_}, true);
    }
    if (!database) {
      Add(kGroup, "databases-restored", "the databases are restored, by another node", true);
      Tell("On the node with --node-role database, dbomsbak upgrade rollback has ended well.");
    }
    Add(kGroup, "restart-old", "start the old container with its restart policy");
    if (facts_.old_gone) {
      Tell("It is gone for good: how to run OMS again is in the advice.");
    } else {
      if (!facts_.policy_stays) GiveBackPolicy(options_.container);
      Engine({"start", options_.container});
    }
    Add(kGroup, "advice", "what remains by hand");
    if (facts_.old_gone && facts_.old) {
      std::vector<std::string> run{options_.docker};
      for (std::string& word : RunOldArguments(*facts_.old)) run.push_back(std::move(word));
      Tell(fmt::format("Run OMS again, as '{}' was ({} has all that is known of it): {}",
                       options_.container, UpgradeFile(options_.folder, "inspect.json"),
                       ShellQuoted(run)));
    }
    Tell(
        "In the console all hosts are Online. Then: System Parameters, ha.config: \"enable\" is "
        "true again.");
    Refetch("since T1", "");
    Tell("JDBCWriter connectors may need to be recovered by hand.");
    Tell("Clear the browser's cache.");
    if (!facts_.generation.empty()) {
      Tell(fmt::format(
          "What the new version had stays on the server, as displaced copy {}; once nobody wants "
          "to look at it: {}",
          facts_.generation, OurCommand({"purge", "--generation", facts_.generation}, {}, true)));
    }
    // One upgrade, one folder, and one container of a name.
    Tell(fmt::format(
        "To try the upgrade again: rename the new container, or remove it ({}), and begin in "
        "another "
        "folder, with the options of before: {} …",
        ShellQuoted({options_.docker, "rename", options_.new_container,
                     options_.new_container + "_failed"}),
        ShellQuoted({"dbomsbak", "upgrade", "check", "--state", options_.folder + "-2"})));
  }

  const UpgradeOptions& options_;
  const UpgradeFacts& facts_;
  std::string config_, archive_;
  std::vector<UpgradeStep> steps_;
};

void AddMount(const ContainerInfo& old, std::string_view destination,
              std::vector<std::string>& words) {
  const ContainerMount* const mount = old.MountAt(destination);
  if (mount == nullptr) return;
  words.insert(words.end(), {"-v", fmt::format("{}:{}{}", mount->source, destination,
                                               mount->writable ? "" : ":ro")});
}

}  // namespace

std::optional<OmsVersion> OldVersion(const UpgradeOptions& options,
                                     const std::optional<ContainerInfo>& old) {
  return Version(options.from, "from", old ? old->image : "");
}

std::optional<OmsVersion> NewVersion(const UpgradeOptions& options) {
  return Version(options.to, "to", options.image);
}

std::string HostIp(const UpgradeOptions& options, const std::optional<ContainerInfo>& old) {
  if (!options.host_ip.empty() || !old) return options.host_ip;
  return old->Variable("OMS_HOST_IP").value_or("");
}

std::string PolicyStaysNote(const UpgradeOptions& options, const std::string& policy) {
  std::string note = fmt::format(
      "restart-policy is skipped: this podman cannot change the policy ({}) of a container that is "
      "there (from 5.1 on it can). It has no daemon that starts a stopped container again",
      policy);
  if (policy == "always") {
    note += fmt::format(
        "; but podman-restart.service, where it is enabled, starts '{}' at the host's next boot: "
        "systemctl disable podman-restart.service until the upgrade is finished or rolled back",
        options.container);
  }
  return note + ". Where a systemd unit of its own starts it, that is to be disabled as well.";
}

std::vector<UpgradeStep> PlanUpgrade(const UpgradeOptions& options, const UpgradeFacts& facts) {
  return Planner(options, facts).Plan();
}

bool IsWantedForSure(const UpgradeStep& step, const UpgradeFacts& facts) {
  return step.name != kConnectors || facts.from;
}

std::vector<std::string> RunArguments(const UpgradeOptions& options, const UpgradeFacts& facts) {
  const ContainerInfo& old = facts.old.value();
  std::vector<std::string> words{"run", "-dit", "--net", "host"};
  AddMount(old, kOmsConfigMount, words);
  for (const std::string_view mount : kOmsDiskMounts) AddMount(old, mount, words);
  for (const std::string_view mount : kOmsTlsMounts) AddMount(old, mount, words);
  words.insert(words.end(), {"-e", "OMS_HOST_IP=" + HostIp(options, old)});
  if (!facts.to || NeedsIsUpgrade(*facts.to)) words.insert(words.end(), {"-e", "IS_UPGRADE=true"});
  words.insert(words.end(), {"--privileged=true", "--pids-limit", "-1", "--ulimit",
                             "nproc=65535:65535", "--name", options.new_container, options.image});
  return words;
}

std::vector<std::string> RunOldArguments(const ContainerInfo& old) {
  constexpr std::string_view kOfEngine[] = {"PATH", "HOME", "HOSTNAME", "TERM", "container"};
  constexpr std::string_view kSecret[] = {"pass", "pwd", "secret", "token", "key"};
  std::vector<std::string> words{"run", "-dit", "--net",
                                 old.network.empty() ? "host" : old.network};
  if (old.restart_policy != "no") words.insert(words.end(), {"--restart", old.restart_policy});
  for (const ContainerMount& mount : old.mounts) AddMount(old, mount.destination, words);
  for (const std::string& entry : old.environment) {
    const std::string name = entry.substr(0, entry.find('='));
    if (std::find(std::begin(kOfEngine), std::end(kOfEngine), name) != std::end(kOfEngine)) {
      continue;
    }
    const std::string lower = LowerAscii(name);
    const bool secret =
        std::any_of(std::begin(kSecret), std::end(kSecret),
                    [&](std::string_view word) { return lower.find(word) != std::string::npos; });
    words.insert(words.end(), {"-e", secret ? name : entry});
  }
  words.insert(words.end(), {"--privileged=true", "--pids-limit", "-1", "--ulimit",
                             "nproc=65535:65535", "--name", old.name, old.image});
  return words;
}

std::uint64_t RefetchMinutes(std::int64_t from, std::int64_t to) {
  const std::int64_t seconds = std::max<std::int64_t>(to - from, 0);
  return static_cast<std::uint64_t>((seconds + kMinute - 1) / kMinute) + kRefetchMargin;
}

std::vector<std::string> ServicesNotRunning(std::string_view status) {
  constexpr std::string_view kBlanks = " \t\r";
  std::vector<std::pair<std::string_view, std::string>> states;
  while (!status.empty()) {
    std::string_view line = status.substr(0, status.find('\n'));
    status.remove_prefix(std::min(line.size() + 1, status.size()));
    const std::size_t end = line.find_first_of(kBlanks);
    if (end == std::string_view::npos) continue;
    std::string_view name = line.substr(0, end);
    if (const std::size_t colon = name.rfind(':'); colon != std::string_view::npos) {
      name.remove_prefix(colon + 1);  // "group:name"
    }
    const std::size_t begin = line.find_first_not_of(kBlanks, end);
    if (begin == std::string_view::npos) continue;
    line.remove_prefix(begin);
    states.emplace_back(name, line.substr(0, line.find_first_of(kBlanks)));
  }
  std::vector<std::string> missing;
  for (const std::string_view service : kOmsServices) {
    const auto found = std::find_if(states.begin(), states.end(),
                                    [&](const auto& state) { return state.first == service; });
    if (found == states.end()) {
      missing.push_back(fmt::format("{} is not listed", service));
    } else if (found->second != "RUNNING") {
      missing.push_back(fmt::format("{} is {}", service, found->second));
    }
  }
  return missing;
}

}  // namespace dbomsbak
