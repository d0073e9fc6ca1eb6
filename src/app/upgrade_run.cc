#include "app/upgrade_run.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

#include "dbomsbak/app/oms_config.h"
#include "dbomsbak/app/verify_command.h"
#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kLargestConfiguration = std::size_t{16} << 20;
constexpr seconds kQuick{60};
constexpr int kConnect_ms = 2000;

bool Answers(const std::string& address, unsigned port) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &where.sin_addr) != 1) return false;
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  bool connected =
      ::connect(descriptor, reinterpret_cast<const sockaddr*>(&where), sizeof where) == 0;
  if (!connected && errno == EINPROGRESS) {
    pollfd watched{descriptor, POLLOUT, 0};
    int problem = 0;
    socklen_t size = sizeof problem;
    connected = ::poll(&watched, 1, kConnect_ms) == 1 &&
                ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size) == 0 &&
                problem == 0;
  }
  ::close(descriptor);
  return connected;
}

std::string Short(const std::string& id) { return id.substr(0, 12); }

std::string SourceAt(const ContainerInfo& container, std::string_view destination) {
  const ContainerMount* const mount = container.MountAt(destination);
  return mount == nullptr ? "nothing" : mount->source;
}

std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += (joined.empty() ? "" : ", ") + text;
  return joined;
}

constexpr std::string_view kItem = "\n  - ";

// A list of problems is told by its first.
std::string InOneLine(const std::string& message) {
  const std::size_t end = message.find('\n');
  std::string line = message.substr(0, end);
  if (end == std::string::npos || message.compare(end, kItem.size(), kItem) != 0) return line;
  const std::size_t first = end + kItem.size();
  line += ' ' + message.substr(first, message.find('\n', first) - first);
  std::size_t more = 0;
  for (std::size_t at = first; (at = message.find(kItem, at)) != std::string::npos; ++at) ++more;
  return more == 0 ? line : fmt::format("{} (and {} more)", line, more);
}

class WithoutPhases final : public ForwardingObserver {
 public:
  using ForwardingObserver::ForwardingObserver;
  void Phase(std::string_view) override {}
};

// Another sentence behind what may be one already.
void AddSentence(std::string& text, const std::string& sentence) {
  constexpr std::string_view kEnds = ".:?!";
  const bool ended = !text.empty() && kEnds.find(text.back()) != std::string_view::npos;
  text += (ended ? " " : ". ") + sentence;
}

}  // namespace

void ThrowProblems(const std::vector<std::string>& problems, std::string_view what) {
  std::string message = fmt::format("{}:", what);
  for (const std::string& problem : problems) message.append(kItem) += problem;
  throw Error(ErrorCode::kUpgradePreflight, message,
              "Nothing was changed. Put these right, then run the same command again.");
}

void ThrowNoContainer(const Docker& docker, const std::string& container) {
  const std::string running = docker.TellRunning();
  throw Error(ErrorCode::kUpgradePreflight, fmt::format("there is no container '{}'", container),
              fmt::format("Name the one that runs OMS with --container.{}{}",
                          running.empty() ? "" : " ", running))
      .About(container);
}

std::string NotConfirmed(const UpgradeStep& step) {
  std::string text =
      fmt::format("not confirmed: {} ({}); --confirm {}", step.name, step.description, step.name);
  for (const std::string& line : step.instructions) AddSentence(text, line);
  return text;
}

std::string AsProblem(const Error& error) {
  std::string text = error.message();
  if (!error.hint().empty()) AddSentence(text, error.hint());
  if (text.ends_with('.')) text.pop_back();
  return text;
}

UpgradeRun::UpgradeRun(const UpgradeOptions& asked, const UpgradeWorld& with,
                       UpgradeJournal& written)
    : options(asked), world(with), journal(written), docker(asked.docker, with.cancel) {
  facts();
}

const UpgradeFacts& UpgradeRun::facts() {
  facts_ = FactsOf(options, world.files, journal);
  facts_.now = world.clock();
  plan_ = PlanUpgrade(options, facts_);
  return facts_;
}

void UpgradeRun::Guard(const std::string& action) const {
  const std::string_view state = UpgradeState(options, journal);
  const bool over = state == "rolled-back" || (state == "finished" && action != "finish");
  if (over && action != "rollback") {
    throw Error(ErrorCode::kWouldOverwrite,
                fmt::format("the upgrade in '{}' is {}", options.folder,
                            state == "finished" ? "finished" : "rolled back"),
                "One upgrade, one folder: name another one with --state DIR.")
        .About(options.folder);
  }
  if (state == "rolling-back" && action != "rollback") {
    throw Error(ErrorCode::kUpgradePreflight, "a rollback has begun, and is to be finished first",
                fmt::format("Run dbomsbak upgrade rollback --state {}.", options.folder));
  }
  if ((state == "starting" || state == "started") && (action == "check" || action == "backup")) {
    throw Error(ErrorCode::kUpgradePreflight, "the new version was started already",
                fmt::format("Go on with dbomsbak upgrade {} --state {}, or go back with rollback.",
                            state == "starting" ? "start" : "finish", options.folder));
  }
  if (action == "rollback" && !BackupHasBegun(journal)) {
    throw Error(
        ErrorCode::kUpgradePreflight,
        fmt::format("there is nothing to roll back in '{}': no backup has begun", options.folder),
        "Nothing was changed. --state DIR names the folder of the upgrade.");
  }
}

const UpgradeStep& UpgradeRun::Planned1(const std::string& name) const {
  for (const UpgradeStep& step : plan_) {
    if (step.name == name) return step;
  }
  throw Error(ErrorCode::kInternal, fmt::format("there is no step {}", name));
}

std::vector<UpgradeStep> UpgradeRun::Planned(const std::string& group,
                                             const std::string& from) const {
  std::vector<UpgradeStep> steps;
  bool reached = from.empty();
  for (const UpgradeStep& step : plan_) {
    reached = reached || step.name == from;
    if (reached && step.group == group) steps.push_back(step);
  }
  return steps;
}

Step UpgradeRun::Make(const std::string& name, std::function<bool()> done,
                      std::function<void()> run) {
  Step step;
  step.name = name;
  step.description = Planned1(name).description;
  const bool has_done = done != nullptr;
  const auto asked = std::make_shared<bool>(false);
  const auto ask = [this, name, asked, done = std::move(done)] {
    if (!*asked) at_work_.clear();
    const bool is_done = done();
    if (!std::exchange(*asked, true) && is_done) {
      if (const UpgradeStep& planned = Planned1(name); planned.operators) {
        TellConfirmed(planned);
      } else {
        world.say(fmt::format("{}: {}", name,
                              journal.Done(name) ? "done already"
                              : name == "health" ? "its services run, and the console answers"
                                                 : "nothing to do"));
      }
      // A kill between the effect and its entry. From here on the state is another one.
      if (!journal.Done(name)) {
        journal.Append("done", name, "found");
        acted_ = true;
      }
    }
    return is_done;
  };
  if (has_done) step.done = ask;
  step.run = [this, name, description = step.description, run = std::move(run)] {
    world.begin(fmt::format("{}: {}", name, description));
    acted_before_ = std::exchange(acted_, true);
    at_work_ = name;
    run();
  };
  return step;
}

void UpgradeRun::Run(const std::vector<Step>& steps) {
  at_work_.clear();
  try {
    WithoutPhases told(world.observer);  // each step tells of itself, with its name
    StepRunner(journal, told).Run(steps);
  } catch (const Error& error) {
    if (!at_work_.empty()) NoteFailure(error);
    throw;
  }
}

void UpgradeRun::NoteFailure(const Error& error) {
  std::string why = InOneLine(error.message());
  const std::string doing = Planned1(at_work_).description + ": ";
  if (why.starts_with(doing)) why.erase(0, doing.size());
  // Where it did nothing the state is that of before it.
  const bool undone = changing_ && Unchanged();
  try {
    journal.Append(undone ? "undone" : "failed", std::exchange(at_work_, ""),
                   fmt::format("{} {}", static_cast<int>(CodeOf(error)), why));
  } catch (const Error&) {  // what failed is worth more
  }
}

ErrorCode UpgradeRun::CodeOf(const Error& error) const {
  const bool stopped =
      error.code() == ErrorCode::kInterrupted || error.code() == ErrorCode::kTerminated;
  return stopped || !changing_ || Unchanged() ? error.code() : ErrorCode::kNeedsHelp;
}

void UpgradeRun::TellConfirmed(const UpgradeStep& step) const {
  if (kept_.contains(step.name)) return;  // by this command
  world.say(fmt::format("{}: confirmed at {} ({})", step.name, journal.Last(step.name)->time,
                        step.description));
}

bool UpgradeRun::Confirmed(const std::string& name, bool ask, std::int64_t holds_s) {
  if (kept_.contains(name)) return true;
  const UpgradeStep& step = Planned1(name);
  bool said_now = world.confirm(step, false);
  if (!said_now && ConfirmationStands(journal, name)) {
    const auto then = ParseUtc(journal.Last(name)->time);
    if (holds_s == 0 || (then && world.clock() - *then <= holds_s)) {
      TellConfirmed(step);
      return true;
    }
  }
  if (!said_now && ask) said_now = world.confirm(step, true);
  if (said_now) journal.Append("confirmed", name, "");
  return said_now;
}

void UpgradeRun::KeepConfirmed(const std::string& name) {
  if (!world.confirm(Planned1(name), false)) return;
  try {
    journal.Append("confirmed", name, "");
    kept_.insert(name);
  } catch (const Error&) {  // the step itself tells
  }
}

void UpgradeRun::ForgetFailure(const std::string& name) {
  const JournalEntry* const last = journal.Last(name);
  if (last != nullptr && last->event == "failed") journal.Append("undone", name, "");
}

void UpgradeRun::TakeBackConfirmation(const std::string& name) {
  kept_.erase(name);
  if (journal.Begun(name)) journal.Append("undone", name, "");
}

void UpgradeRun::KeepInspection() {
  const std::string path = Path("inspect.json"), config = Path("config.yaml");
  const auto now = docker.Inspect(options.container);
  if (!now) ThrowNoContainer(docker, options.container);
  // One that was looked at by mistake is forgotten, as long as nothing was done with it.
  const bool mistaken = facts_.old && facts_.old->name != options.container &&
                        facts_.old->id == journal.Fact("inspected_id") && !BackupHasBegun(journal);
  if (facts_.old && !mistaken) {
    if (facts_.old->id != now->info.id) {
      throw Error(ErrorCode::kWouldOverwrite,
                  fmt::format("'{}' is of another container ({}) than '{}' is now", path,
                              facts_.old->name, options.container),
                  "It may be all that tells of the mounts: name another folder with --state DIR.")
          .About(path);
    }
  } else if (!facts_.old || facts_.old->id != now->info.id) {
    WriteWholeFile(world.files, path, now->json, facts_.old.has_value());
    journal.SetFact("inspected_id", now->info.id);
  }
  const ContainerMount* const mount = now->info.MountAt(kOmsConfigMount);
  // Until the old container is stopped it may still be put right.
  if (mount != nullptr) {
    const std::string text = ReadWholeFile(world.files, mount->source, kLargestConfiguration);
    if (!world.files.Exists(config) ||
        ReadWholeFile(world.files, config, kLargestConfiguration) != text) {
      WriteWholeFile(world.files, config, text, true);
    }
  }
  facts();
}

ContainerInfo UpgradeRun::OldNow() const {
  auto now = docker.Inspect(options.container);
  if (!now) {
    throw Error(ErrorCode::kUpgradePreflight,
                fmt::format("the old container '{}' is gone", options.container),
                fmt::format("What it was is in '{}'.{}", Path("inspect.json"), WithoutOld(true)))
        .About(options.container);
  }
  if (facts_.old && facts_.old->id != now->info.id) {
    throw Error(ErrorCode::kUpgradePreflight,
                fmt::format("container '{}' is another one ({}) than the one of this upgrade ({})",
                            options.container, Short(now->info.id), Short(facts_.old->id)),
                fmt::format("What the old one was is in '{}'. Give it its name back.{}",
                            Path("inspect.json"), WithoutOld(false)))
        .About(options.container);
  }
  return std::move(now->info);
}

bool UpgradeRun::OldIsGone() const {
  const auto now = docker.Inspect(options.container);
  return !now || (facts_.old && facts_.old->id != now->info.id);
}

// How it goes back where the old container cannot.
std::string UpgradeRun::WithoutOld(bool gone) const {
  if (!BackupHasBegun(journal)) return "";
  const std::string root = journal.Fact("root");
  std::string databases;
  if (!options.other_node && !root.empty()) {
    databases = journal.Fact("restored_root") == root ? " Its databases are back already."
                : !journal.Begun("run")
                    ? " The new version was not started: its databases are as it left them."
                    : " Its databases come back without it.";
  }
  return fmt::format(
      "{} If {} gone for good: dbomsbak upgrade rollback --state {} --without-old "
      "goes back all the same, and tells how to run OMS again.",
      databases, gone ? "it is" : "the old one is", ShellQuoted({options.folder}));
}

std::optional<ContainerInfo> UpgradeRun::NewNow() const {
  auto now = docker.Inspect(options.new_container);
  if (!now) return std::nullopt;
  // Unknown where a run was killed, or the engine refused: somebody may have taken the name.
  const std::string known = journal.Fact("new_id");
  const bool ours = known.empty() ? DifferingMounts(now->info).empty() : known == now->info.id;
  if (!ours) {
    throw Error(ErrorCode::kUpgradePreflight,
                fmt::format("container '{}' ({}) is another one than that of this upgrade{}",
                            options.new_container, Short(now->info.id),
                            known.empty() ? ": it has other mounts than the old one"
                                          : fmt::format(" ({})", Short(known))),
                fmt::format("It is left alone. Rename it: {}; and give the name back to the one of "
                            "this upgrade if that is still there.",
                            ShellQuoted(docker.Command({"rename", options.new_container,
                                                        options.new_container + "_other"}))))
        .About(options.new_container);
  }
  return std::move(now->info);
}

std::string UpgradeRun::DifferingMounts(const ContainerInfo& container) const {
  std::string differing;
  const auto compare = [&](std::string_view destination) {
    const std::string was = SourceAt(old(), destination), is = SourceAt(container, destination);
    if (was == is) return;
    differing += fmt::format("; at {} '{}' was, and '{}' is", destination, was, is);
  };
  compare(kOmsConfigMount);
  for (const std::string_view destination : kOmsDiskMounts) compare(destination);
  for (const std::string_view destination : kOmsTlsMounts) compare(destination);
  return differing;
}

void UpgradeRun::CheckConfig() const {
  const std::string copy = Path("config.yaml");
  if (facts_.config_source.empty() || !world.files.Exists(copy)) return;
  const std::string hint = fmt::format("What it was is in '{}': bring that back.", copy);
  OmsNeeds needs;
  needs.user = "";  // accounts may change
  needs.password = false;
  std::vector<std::string> notices;
  OmsConfig then, now;
  try {
    if (ReadWholeFile(world.files, copy, kLargestConfiguration) ==
        ReadWholeFile(world.files, facts_.config_source, kLargestConfiguration)) {
      return;  // also where it tells less than everything: options do
    }
    then = ReadOmsConfigs({copy}, needs, notices);
    now = ReadOmsConfigs({facts_.config_source}, needs, notices);
  } catch (Error& error) {
    error.set_code(ErrorCode::kUpgradePreflight);
    error.set_hint(hint);
    throw;
  }
  std::string differing;
  const auto compare = [&](const char* what, const std::string& was, const std::string& is) {
    if (was != is) differing += fmt::format("; its {} '{}' was '{}'", what, is, was);
  };
  compare("oms_meta_host", then.host, now.host);
  compare("oms_meta_port", fmt::format("{}", then.port), fmt::format("{}", now.port));
  compare("databases", Joined(then.databases), Joined(now.databases));
  if (differing.empty()) return;
  throw Error(ErrorCode::kUpgradePreflight,
              fmt::format("'{}' no longer leads to the MetaDB that was backed up{}",
                          facts_.config_source, differing),
              hint)
      .About(facts_.config_source);
}

UpgradeTarget& UpgradeRun::target() {
  if (!target_) target_ = world.connect();
  return *target_;
}

void UpgradeRun::Sleep(milliseconds time) const {
  constexpr milliseconds kSlice{50};
  for (milliseconds slept{0}; slept < time; slept += kSlice) {
    world.cancel.ThrowIfCancelled();
    std::this_thread::sleep_for(kSlice);
  }
}

void UpgradeRun::GivePolicy(const std::string& container, const std::string& policy) {
  if (PolicyStays()) return;
  const Docker::PolicyChange change = docker.SetRestartPolicy(container, policy);
  if (change == Docker::PolicyChange::kDone) return;
  if (change == Docker::PolicyChange::kWithoutEffect) {
    acted_ = acted_before_;
    const std::string command =
        ShellQuoted(docker.Command({"update", "--restart", policy, container}));
    throw Error(ErrorCode::kUpgradePreflight,
                fmt::format("'{}' ended well, but the restart policy of container '{}' is not '{}'",
                            command, container, policy),
                "Look for what else sets it; the command can be tried by hand.")
        .About(container);
  }
  const std::string note = PolicyStaysNote(options, old().restart_policy);
  journal.Append("note", "restart-policy", note);
  journal.SetFact("policy_stays", "true");
  facts();
  world.warn(note);
}

void UpgradeRun::StopAndWait(const std::string& container) {
  const seconds patience{options.stop_timeout_s};
  docker.Run({"stop", "-t", fmt::format("{}", options.stop_timeout_s), container},
             patience + kQuick);
}

void UpgradeRun::WaitUntilStopped(const std::string& container) {
  const auto deadline = std::chrono::steady_clock::now() + kQuick;
  for (;;) {
    const auto now = docker.Inspect(container);
    if (!now || !now->info.running) return;
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("container '{}' still runs though it was stopped", container),
                  "Something starts it again: look for what does.");
    }
    Sleep(milliseconds{250});
  }
}

void UpgradeRun::CheckRunning(const std::string& container) const {
  const auto now = docker.Inspect(container);
  if (now && now->info.running) return;
  throw Error(ErrorCode::kUpgradePreflight,
              now ? fmt::format("container '{}' has stopped by itself", container)
                  : fmt::format("container '{}' is gone", container),
              now ? fmt::format("Its last words tell why: {}.",
                                ShellQuoted(docker.Command({"logs", "--tail", "50", container})))
                  : std::string("Look who has removed it."));
}

bool UpgradeRun::ConsoleAnswers() const {
  return Answers("127.0.0.1", options.console_port) ||
         Answers(HostIp(options, facts_.old), options.console_port);
}

UpgradeHealth UpgradeRun::LookAtHealth(const std::string& container) const {
  const ChildResult status = docker.Try({"exec", container, "supervisorctl", "status"}, kQuick);
  const std::vector<std::string> missing = ServicesNotRunning(status.out);
  if (!missing.empty()) {
    return {fmt::format("{}", fmt::join(missing, ", ")), false};
  }
  if (ConsoleAnswers()) return {};
  return {fmt::format("nothing answers at port {} of the console", options.console_port), true};
}

void UpgradeRun::WaitForHealth(const std::string& container) {
  const auto deadline = std::chrono::steady_clock::now() + seconds{options.health_timeout_s};
  const std::string patience = HumanDuration(std::uint64_t{options.health_timeout_s} * 1000);
  std::string told;
  for (;;) {
    CheckRunning(container);
    const auto [why, services_run] = LookAtHealth(container);
    if (why.empty()) return;
    if (told.empty()) {
      world.observer.Notice(fmt::format("{}: waiting for container '{}', {} at most: {}", at_work_,
                                        container, patience, why));
    } else if (why != told) {
      world.observer.Phase("waiting: " + why);
    }
    told = why;
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error(ErrorCode::kUpgradePreflight,
                  fmt::format("container '{}' was not well after {}: {}", container, patience, why),
                  services_run
                      ? "If the console is at another port name that: --console-port PORT; or give "
                        "it longer: --health-timeout SECONDS."
                      : "Look at its services, or give it longer: --health-timeout SECONDS.");
    }
    Sleep(milliseconds{500});
  }
}

bool UpgradeRun::ArchiveIsThere() const {
  const std::string root = journal.Fact("root");
  if (root.empty() || journal.Fact("archive").empty() || !world.files.Exists(ArchivePath())) {
    return false;
  }
  try {
    return ArchiveReader::Open(world.files.OpenForReading(ArchivePath())).receipt().root.hex() ==
           root;
  } catch (const Error&) {
    return false;
  }
}

std::string UpgradeRun::ArchiveFault() const {
  VerifyOptions verify;
  verify.expect = Sha256Digest::FromHex(journal.Fact("root"));
  const FileVerdict verdict =
      VerifyFile(world.files, ArchivePath(), verify, {}, world.observer, world.cancel);
  if (verdict.code == ErrorCode::kOk) return "";
  return verdict.error ? verdict.error->message() : "it is partial";
}

void UpgradeRun::Changed(bool anew, bool goes_back, const std::function<void()>& doing) {
  acted_ = false;
  changing_ = true;
  changes_anew_ = anew;
  try {
    doing();
    changing_ = false;
  } catch (Error& error) {
    const bool unchanged = Unchanged();
    std::string hint = error.hint();
    // True of the restore, say, but not of the upgrade.
    constexpr std::string_view kNothing = "Nothing was changed. ";
    if (hint.starts_with(kNothing)) hint.erase(0, kNothing.size());
    const bool told = hint.find("The same command may be run again") != std::string::npos;
    std::string more = unchanged && told ? "Nothing was changed"
                       : unchanged       ? "Nothing was changed; the same command goes on from here"
                       : told            ? ""
                                         : "The same command goes on from here";
    if (!goes_back && (!unchanged || IsBackedUp(options, journal))) {
      more += fmt::format("{}o go back: dbomsbak upgrade rollback --state {}",
                          more.empty() ? "T" : "; t", ShellQuoted({options.folder}));
    }
    if (!more.empty()) hint += fmt::format("{}{}.", hint.empty() ? "" : " ", more);
    error.set_hint(std::move(hint));
    error.set_code(CodeOf(error));
    changing_ = false;
    throw;
  }
}

}  // namespace dbomsbak
