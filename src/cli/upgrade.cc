// upgrade: OMS from one version to the next, and back.
#include "dbomsbak/app/upgrade.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include "cli/commands.h"
#include "cli/json.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/upgrade_view.h"
#include "dbomsbak/app/diff_command.h"
#include "dbomsbak/base/near_names.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

constexpr char kDefaultFolder[] = "/var/lib/dbomsbak/upgrade";

// Options of one run alone; passwords are none at all.
constexpr std::string_view kPassing[] = {"state",
                                         "confirm",
                                         "yes",
                                         "json",
                                         "progress",
                                         "quiet",
                                         "verbose",
                                         "help",
                                         "no-rehearse",
                                         "force",
                                         "rollback-on-failure",
                                         "without-old",
                                         "password"};
// What the upgrade is of: told otherwise it is another one.
constexpr std::string_view kIdentity[] = {"container", "new-container", "image",   "from",
                                          "to",        "node-role",     "host-ip", "oms-config",
                                          "host",      "port",          "socket"};
// Their values mean the same from any folder.
constexpr std::string_view kPaths[] = {
    "oms-config", "password-file", "defaults-file", "defaults-extra-file",
    "ssl-ca",     "ssl-cert",      "ssl-key"};
constexpr char kLeftBehind[] =
    "  the upgrade stands between two steps: dbomsbak upgrade status shows where; the same command "
    "goes on";

template <typename Names>
bool Among(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string Absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

using Options = UpgradeJournal::Options;

Options GivenOptions(const CommandLine& line) {
  Options given;
  for (const OptionInfo& option : OptionTable()) {
    if ((option.commands & kCommandUpgrade) == 0) continue;
    const std::string id(option.id());
    if (Among(kPassing, id) || !line.Has(id)) continue;
    std::vector<std::string> values = line.All(id);
    const bool program = id == "docker" && values.back().find('/') != std::string::npos;
    if (Among(kPaths, id) || program) {
      for (std::string& value : values) value = Absolute(value);
    }
    if (id == "node-role" && values.back() == "database") continue;  // the default
    given[id] = std::move(values);
  }
  return given;
}

// Those of the journal, and what was given now.
Options Effective(const Options& given, const UpgradeJournal& journal, bool may_change) {
  Options options = journal.options();
  for (const auto& [id, values] : given) {
    const auto kept = options.find(id);
    const bool other = journal.exists() && (kept == options.end() || kept->second != values);
    if (other && !may_change && Among(kIdentity, id)) {
      throw Error(ErrorCode::kUsage,
                  kept == options.end()
                      ? fmt::format("--{} was not given when this upgrade began", id)
                      : fmt::format("--{} is '{}' in this upgrade, not '{}'", id,
                                    kept->second.back(), values.back()),
                  fmt::format("Leave it away: what it is is in '{}'.",
                              UpgradeFile(journal.folder(), "journal.json")));
    }
    options[id] = values;
  }
  return options;
}

// Tells where host, account and password are from when they do not lead anywhere.
class FromCopy : public SessionFactory {
 public:
  FromCopy(std::unique_ptr<SessionFactory> sessions, std::string path)
      : sessions_(std::move(sessions)), path_(std::move(path)) {}

  std::unique_ptr<Session> Connect() override {
    try {
      return sessions_->Connect();
    } catch (Error& error) {
      if (error.code() == ErrorCode::kConnect) {
        error.set_hint(fmt::format(
            "{}{}They are from '{}', which check and backup copy from OMS's own; options count "
            "more, such as --password-file FILE.",
            error.hint(), error.hint().empty() ? "" : " ", path_));
      }
      throw;
    }
  }

 private:
  const std::unique_ptr<SessionFactory> sessions_;
  const std::string path_;
};

class UpgradeCommandLine {
 public:
  explicit UpgradeCommandLine(Invocation& run) : run_(run), line_(run.line) {
    view_.action = line_.arguments().front();
    view_.options.folder = Absolute(line_.Last("state").value_or(kDefaultFolder));
    if (view_.options.folder.size() > 1 && view_.options.folder.ends_with('/')) {
      view_.options.folder.pop_back();
    }
    CheckUpgradeFolder(folder());
    for (const std::string& names : line_.All("confirm")) Confirm(names);
  }

  ErrorCode Plan() {
    UpgradeJournal journal(run_.files, folder());
    Read(Effective(GivenOptions(line_), journal, !BackupHasBegun(journal)));
    Require();
    run_.signals.AllowForcedEnd();
    view_.facts =
        FactsForPlan(view_.options, run_.files, journal, run_.cancel, view_.found.problems);
    if (!view_.found.problems.empty()) view_.code = ErrorCode::kUpgradePreflight;
    Fill(journal, true);
    run_.console.Out(run_.json() ? ToLine(UpgradeToJson(view_)) : RenderUpgradePlan(view_));
    return view_.code;
  }

  ErrorCode Status() {
    UpgradeJournal journal(run_.files, folder());
    Read(Effective(GivenOptions(line_), journal, false));
    run_.signals.AllowForcedEnd();
    if (journal.exists()) view_.facts = FactsOf(view_.options, run_.files, journal);
    Fill(journal, false);
    const std::string problems = journal.Fact("problems");
    view_.next_command = NextCommand();
    if (journal.exists()) LookAtServer(journal);
    if (view_.state == "not-ready" && !problems.empty()) {
      view_.found.warnings.push_back(
          fmt::format("problems stood against it when it was last checked ({}): dbomsbak upgrade "
                      "check --state {} tells them",
                      problems, ShellQuoted({folder()})));
    }
    run_.console.ClearStatus();
    run_.console.Out(run_.json() ? ToLine(UpgradeToJson(view_)) : RenderUpgradeStatus(view_));
    return ErrorCode::kOk;
  }

  ErrorCode Check() {
    return Locked([&](UpgradeJournal& journal, const UpgradeWorld& world) {
      run_.signals.AllowForcedEnd();
      view_.options.rehearse = !line_.Flag("no-rehearse");
      bool begun = false;
      before_question_ = [&] {
        if (std::exchange(begun, true)) return;
        view_.facts = FactsOf(view_.options, run_.files, journal);
        run_.console.Out(RenderUpgradeHeading(view_));
      };
      view_.found = CheckUpgrade(view_.options, world, journal);
      view_.code = view_.found.problems.empty() ? ErrorCode::kOk : ErrorCode::kUpgradePreflight;
      Finish(journal);
      if (run_.json()) return;
      if (!begun) run_.console.Out(RenderUpgradeHeading(view_));
      run_.console.Out(RenderUpgradeCheck(view_));
    });
  }

  ErrorCode Backup() {
    view_.options.rehearse = !line_.Flag("no-rehearse");
    return Locked([&](UpgradeJournal& journal, const UpgradeWorld& world) {
      run_.signals.ForbidForcedEnd(kLeftBehind);
      BackUpForUpgrade(view_.options, world, journal);
      Finish(journal);
      if (!view_.receipt.empty()) run_.console.Say("receipt: " + view_.receipt);
      run_.console.Say(
          fmt::format("next: dbomsbak upgrade start --state {}", ShellQuoted({folder()})));
    });
  }

  ErrorCode Start() {
    view_.options.rollback_on_failure = line_.Flag("rollback-on-failure");
    view_.options.force = line_.Flag("force");
    return Locked([&](UpgradeJournal& journal, const UpgradeWorld& world) {
      run_.signals.ForbidForcedEnd(kLeftBehind);
      StartUpgrade(view_.options, world, journal);
      Finish(journal);
      run_.console.Say(fmt::format("the new version runs; next: dbomsbak upgrade finish --state {}",
                                   ShellQuoted({folder()})));
    });
  }

  ErrorCode End() {
    return Locked([&](UpgradeJournal& journal, const UpgradeWorld& world) {
      FinishUpgrade(view_.options, world, journal);
      Finish(journal);
      run_.console.Say("the upgrade is finished; its archive stays pinned");
    });
  }

  ErrorCode Rollback() {
    view_.options.force = line_.Flag("force");
    view_.options.without_old = line_.Flag("without-old");
    return Locked([&](UpgradeJournal& journal, const UpgradeWorld& world) {
      run_.signals.ForbidForcedEnd(kLeftBehind);
      const bool over = UpgradeState(view_.options, journal) == "rolled-back";
      RollBackUpgrade(view_.options, world, journal);
      Finish(journal);
      run_.console.Say(over ? "rolled back already: nothing was done"
                       : view_.facts.old_gone
                           ? "rolled back, but OMS does not run here yet: run it "
                             "as the advice has it"
                           : "rolled back: the old version runs");
    });
  }

  // What the upgrade changed: told from the live databases, or, once these were rolled back, as it
  // was kept then.
  ErrorCode Report() {
    UpgradeJournal journal(run_.files, folder());
    RequireBegun();
    Read(Effective(GivenOptions(line_), journal, false));
    if (journal.Fact("root").empty()) {
      throw Error(
          ErrorCode::kUpgradePreflight, "there is no archive to compare with yet",
          fmt::format("dbomsbak upgrade backup --state {} makes it.", ShellQuoted({folder()})));
    }
    run_.signals.AllowForcedEnd();
    if (!journal.Fact("restore_begun").empty()) {
      const JournalEntry* const kept = journal.Last("restore-preflight");
      const bool restored = journal.Fact("restored_root") == journal.Fact("root");
      const std::string told = fmt::format(
          "kept before the rollback{}: what the new version had changed since the archive; the "
          "databases {} since, and what they hold now is not told here",
          kept == nullptr ? "" : ", at " + kept->time,
          restored ? "were restored" : "are being restored");
      run_.json() ? run_.console.Note(told) : run_.console.Out(told + "\n");
      run_.console.Out(ReadWholeFile(run_.files,
                                     UpgradeFile(folder(), run_.json() ? kReportJson : kReportText),
                                     kLargestReport));
      return ErrorCode::kOk;
    }
    DiffCommand diff;
    diff.path = UpgradeFile(folder(), journal.Fact("archive"));
    const auto observer = ObserveAsAsked(run_);
    const DiffReport report =
        RunDiffCommand(*Connect().sessions, run_.files, diff, *observer, run_.cancel);
    run_.console.ClearStatus();
    run_.console.Out(run_.json() ? ToLine(DiffToJson(diff.path, report, ErrorCode::kOk))
                                 : RenderDiff(diff.path, report));
    return ErrorCode::kOk;
  }

 private:
  static constexpr char kReportText[] = "report.txt", kReportJson[] = "report.json";
  static constexpr std::size_t kLargestReport = std::size_t{1} << 30;

  void KeepReport(const std::string& archive, const DiffReport& report) {
    const auto write = [&](const char* name, const std::string& text) {
      WriteWholeFile(run_.files, UpgradeFile(folder(), name), text, true);
    };
    write(kReportText, RenderDiff(archive, report));
    write(kReportJson, ToLine(DiffToJson(archive, report, ErrorCode::kOk)));
  }

  void RequireBegun() const {
    if (run_.files.Exists(UpgradeFile(folder(), "journal.json"))) return;
    throw Error(
        ErrorCode::kUpgradePreflight, fmt::format("no upgrade has begun in '{}'", folder()),
        "Begin with dbomsbak upgrade check; --state DIR names the folder of another one. If "
        "it was lost with an upgrade under way, the way back is by hand: stop the new "
        "container, dbomsbak verify and dbomsbak restore a copy of the archive with "
        "--oms-config of OMS's own config.yaml, start the old container (README: Without "
        "the folder of the upgrade).")
        .About(folder());
  }

  const std::string& folder() const { return view_.options.folder; }

  void Confirm(std::string_view names) {
    while (!names.empty()) {
      const std::string name(names.substr(0, names.find(',')));
      names.remove_prefix(std::min(name.size() + 1, names.size()));
      const auto steps = OperatorSteps();
      if (!Among(steps, name)) {
        const std::vector<std::string> known(steps.begin(), steps.end());
        std::string hint = DidYouMean(name, known);
        if (hint.empty()) hint = fmt::format("They are: {}.", Joined(known, ", "));
        throw Error(ErrorCode::kUsage,
                    fmt::format("--confirm: '{}' is no step of the operator's", name),
                    std::move(hint));
      }
      confirmed_.insert(name);
    }
  }

  std::string One(const char* id) const {
    const auto found = given_.find(id);
    return found == given_.end() ? "" : found->second.back();
  }
  unsigned Number(const char* id, unsigned otherwise, unsigned most) const {
    const std::string text = One(id);
    if (text.empty()) return otherwise;
    const auto number = ParseNumber(text);
    if (number && *number >= 1 && *number <= most) return static_cast<unsigned>(*number);
    throw Error(ErrorCode::kUsage,
                fmt::format("--{} wants a number from 1 to {}, not '{}'", id, most, text),
                "See dbomsbak upgrade --help.");
  }

  void Read(Options given) {
    given_ = std::move(given);
    UpgradeOptions& options = view_.options;
    if (const std::string program = One("docker"); !program.empty()) options.docker = program;
    options.container = One("container");
    options.new_container = One("new-container");
    options.image = One("image");
    options.from = One("from");
    options.to = One("to");
    options.host_ip = One("host-ip");
    options.allow_path = One("allow-path") == "true";
    const std::string role = One("node-role");
    if (!role.empty() && role != "database" && role != "other") {
      throw Error(ErrorCode::kUsage,
                  fmt::format("--node-role is database or other, not '{}'", role),
                  "One node does the databases' steps, the others do none.");
    }
    options.other_node = role == "other";
    options.stop_timeout_s = Number("stop-timeout", options.stop_timeout_s, 86400);
    options.health_timeout_s = Number("health-timeout", options.health_timeout_s, 86400);
    options.console_port = Number("console-port", options.console_port, 65535);
    options.connection = ConnectionWords();
  }

  // As given; what the copied configuration says stands behind it.
  std::vector<std::string> ConnectionWords() const {
    std::vector<std::string> words;
    for (const auto& [id, values] : given_) {
      const OptionInfo* const option = FindOption(kCommandUpgrade, "--" + id);
      if (option == nullptr || option->group != OptionGroup::kConnection) continue;
      for (const std::string& value : values) words.push_back(fmt::format("--{}={}", id, value));
    }
    if (!words.empty() && !given_.contains("oms-config")) {
      words.push_back("--oms-config=" + UpgradeFile(folder(), "config.yaml"));
    }
    return words;
  }

  void Require() {
    std::string missing;
    for (const char* id : {"container", "new-container", "image"}) {
      if (One(id).empty()) missing += fmt::format("{}--{}", missing.empty() ? "" : ", ", id);
    }
    if (missing.empty()) return;
    std::string hint = fmt::format("For example: {}", line_.command().example);
    if (One("container").empty()) {
      const std::string running = Docker(view_.options.docker, run_.cancel).TellRunning();
      if (!running.empty()) hint = running;
    }
    throw Error(ErrorCode::kUsage, fmt::format("upgrade {} needs {}", view_.action, missing),
                std::move(hint));
  }

  // Databases and sessions are those of the commands that know nothing of upgrades.
  UpgradeTarget Connect() {
    Words words;
    words.words = ConnectionWords();
    if (words.words.empty()) {
      words.words.push_back("--oms-config=" + UpgradeFile(folder(), "config.yaml"));
    }
    const CommandLine line(*FindCommand("check"), std::move(words));
    Invocation inner{line,        run_.password, run_.console,      run_.files,
                     run_.cancel, run_.signals,  run_.make_sessions};
    UpgradeTarget target;
    target.databases = DatabasesAsAsked(inner);
    if (const OmsConfig* const oms = OmsAsAsked(inner)) {
      target.heartbeats = oms->heartbeats;
      target.named_by = Joined(oms->paths, ", ");
      target.named_at = oms->named_at;
    }
    target.sessions = ConnectAsAsked(inner);
    if (const std::string copy = UpgradeFile(folder(), "config.yaml"); target.named_by == copy) {
      target.sessions = std::make_unique<FromCopy>(std::move(target.sessions), copy);
    }
    return target;
  }

  bool CanAskNow() const { return CanAsk() && !line_.Flag("yes"); }

  bool IsConfirmed(const UpgradeStep& step, bool ask) {
    if (confirmed_.contains(step.name)) return true;
    if (!ask || !CanAskNow()) return false;
    run_.console.ClearStatus();
    if (before_question_ && !run_.json()) before_question_();
    run_.console.Err("\n" + RenderUpgradeSteps({step}));
    return AskYesNo("Is that so? [y/N] ", run_.cancel);
  }

  bool Proceed(const std::vector<UpgradeStep>& steps) {
    run_.console.ClearStatus();
    if (!run_.console.quiet() || CanAskNow()) run_.console.Err(RenderUpgradeSteps(steps));
    return !CanAskNow() || AskYesNo("Do this? [y/N] ", run_.cancel);
  }

  template <typename Work>
  ErrorCode Locked(const Work& work) {
    const bool begins = view_.action == "check" || view_.action == "backup";
    if (!begins) RequireBegun();
    if (begins && !run_.files.Exists(UpgradeFile(folder(), "journal.json"))) {
      Read(GivenOptions(line_));
      Require();  // before anything is made
    }
    MakeUpgradeFolder(folder(), folder() == kDefaultFolder);
    const UpgradeLock lock(folder());
    UpgradeJournal journal(run_.files, folder());
    const bool may_change = begins && !BackupHasBegun(journal);
    Read(Effective(GivenOptions(line_), journal, may_change));
    Require();
    KeepOptions(journal, may_change);
    const auto observer = ObserveAsAsked(run_);
    const UpgradeWorld world{
        run_.files,
        *observer,
        run_.cancel,
        UtcNow,
        [&] { return Connect(); },
        [&](const UpgradeStep& step, bool ask) { return IsConfirmed(step, ask); },
        [&](const std::vector<UpgradeStep>& steps) { return Proceed(steps); },
        [&](std::string_view text) {
          run_.console.ClearStatus();
          observer->Phase(text);
          if (!ShowsPhases(run_)) run_.console.Say(text);
        },
        [&](std::string_view text) {
          run_.console.ClearStatus();
          run_.console.Say(text);
        },
        [&](std::string_view text) {
          view_.found.warnings.emplace_back(text);
          run_.console.ClearStatus();
          run_.console.Warning(text);
        },
        [](const Receipt& receipt) { return RenderReceipt(receipt, true); },
        [&](const RestorePlan& plan) {
          run_.console.ClearStatus();
          if (!run_.console.quiet()) run_.console.Err(RenderPlan(plan, false));
        },
        [&](const std::string& archive, const DiffReport& report) { KeepReport(archive, report); },
    };
    work(journal, world);
    if (run_.json()) run_.console.Out(ToLine(UpgradeToJson(view_)));
    return view_.code;
  }

  // Where the console is may prove to be otherwise at any time, and holds from then on.
  void KeepOptions(UpgradeJournal& journal, bool all) const {
    Options kept = all ? given_ : journal.options();
    if (const auto now = given_.find("console-port"); now != given_.end()) {
      kept[now->first] = now->second;
    }
    if (kept != journal.options()) journal.SetOptions(std::move(kept));
  }

  void Finish(const UpgradeJournal& journal) {
    run_.console.ClearStatus();
    view_.facts = FactsOf(view_.options, run_.files, journal);
    Fill(journal, false);
  }

  void Fill(const UpgradeJournal& journal, bool whole) {
    view_.state = UpgradeState(view_.options, journal);
    view_.t3 = journal.Fact("t3");
    view_.root = journal.Fact("root");
    view_.receipt = journal.Fact("receipt");
    const bool rolls_back = view_.state.starts_with("roll");
    view_.steps = UpgradeSteps(view_.options, view_.facts, journal, whole || rolls_back);
    if (rolls_back && !whole) {  // they do not come any more
      std::erase_if(view_.steps, [](const UpgradeStepState& state) {
        return state.step.group != "rollback" && state.state == "pending";
      });
    }
    if (view_.state == "none" || view_.state == "finished" || view_.state == "rolled-back") return;
    for (const UpgradeStepState& state : view_.steps) {
      if (state.state == "done" || state.state == "skipped") continue;
      if (rolls_back && state.step.group != "rollback") continue;
      if (!IsWantedForSure(state.step, view_.facts)) continue;
      view_.next = state.step.name;
      break;
    }
  }

  std::string NextCommand() const {
    const std::string& state = view_.state;
    const char* const action = state == "not-ready"                          ? "check"
                               : state == "checked" || state == "backing-up" ? "backup"
                               : state == "backed-up" || state == "starting" ? "start"
                               : state == "started"                          ? "finish"
                               : state == "rolling-back"                     ? "rollback"
                                                                             : nullptr;
    if (action == nullptr) return "";
    return fmt::format("dbomsbak upgrade {} --state {}", action, ShellQuoted({folder()}));
  }

  // Commands within it reach the MetaDB; but what the next step is at work on is left to it.
  std::string AdviceHere(const Leftover& left, const UpgradeTarget& target,
                         const UpgradeJournal& journal) const {
    if (left.at_work) return left.advice;
    const bool ours =
        std::any_of(left.databases.begin(), left.databases.end(),
                    [&](const std::string& name) { return Among(target.databases, name); });
    constexpr std::size_t kToSeconds = 19;  // "2026-11-27T10:15:34"
    const std::string begun = journal.Fact("restore_begun");
    if (ours && view_.state == "rolling-back" && left.kind == LeftoverKind::kDisplacedCopy &&
        (begun.empty() || left.created.substr(0, kToSeconds) < begun.substr(0, kToSeconds))) {
      return "It is older than this rollback, which leaves it alone.";
    }
    if (ours && (view_.state == "rolling-back" ||
                 (view_.state == "backing-up" && left.kind == LeftoverKind::kStaging))) {
      return fmt::format("Leave it to `{}`, which goes on from here.", view_.next_command);
    }
    std::vector<std::string> words = ConnectionWords();
    if (words.empty()) words = {"--oms-config", UpgradeFile(folder(), "config.yaml")};
    constexpr std::string_view kCommand = "`dbomsbak ";
    std::string advice = left.advice;
    for (std::size_t at = advice.find(kCommand); at != std::string::npos;
         at = advice.find(kCommand, at)) {
      at = advice.find('`', at + kCommand.size());
      if (at == std::string::npos) break;
      const std::string more = " " + ShellQuoted(words);
      advice.insert(at, more);
      at += more.size() + 1;
    }
    return advice;
  }

  void LookAtServer(const UpgradeJournal& journal) {
    if (view_.options.other_node || !run_.files.Exists(UpgradeFile(folder(), "config.yaml"))) {
      return;
    }
    try {
      const UpgradeTarget target = Connect();
      for (Leftover& left : FindLeftovers(*target.sessions->Connect())) {
        left.advice = AdviceHere(left, target, journal);
        std::string text = RenderLeftovers({left});
        while (text.ends_with('\n')) text.pop_back();
        view_.on_server.push_back(std::move(text));
      }
    } catch (const Error& error) {
      run_.cancel.ThrowIfCancelled();
      view_.found.warnings.push_back(fmt::format("the MetaDB was not asked: {}", error.message()));
    }
  }

  Invocation& run_;
  const CommandLine& line_;
  Options given_;
  std::set<std::string> confirmed_;
  std::function<void()> before_question_;
  UpgradeView view_;
};

struct Action {
  std::string_view name;
  ErrorCode (*run)(Invocation& run);
};

constexpr std::array kActions{
    Action{"plan", [](Invocation& run) { return UpgradeCommandLine(run).Plan(); }},
    Action{"check", [](Invocation& run) { return UpgradeCommandLine(run).Check(); }},
    Action{"backup", [](Invocation& run) { return UpgradeCommandLine(run).Backup(); }},
    Action{"start", [](Invocation& run) { return UpgradeCommandLine(run).Start(); }},
    Action{"finish", [](Invocation& run) { return UpgradeCommandLine(run).End(); }},
    Action{"rollback", [](Invocation& run) { return UpgradeCommandLine(run).Rollback(); }},
    Action{"report", [](Invocation& run) { return UpgradeCommandLine(run).Report(); }},
    Action{"status", [](Invocation& run) { return UpgradeCommandLine(run).Status(); }},
};

}  // namespace

ErrorCode RunUpgradeCommandLine(Invocation& run) {
  const std::vector<std::string>& words = run.line.arguments();
  for (const Action& action : kActions) {
    if (action.name != words.front()) continue;
    if (words.size() > 1) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("upgrade {} takes no argument '{}'", words[0], words[1]),
                  "See dbomsbak upgrade --help.")
          .About(words[1]);
    }
    return action.run(run);
  }
  std::vector<std::string> known;
  for (const Action& action : kActions) known.emplace_back(action.name);
  std::string hint = DidYouMean(words.front(), known);
  if (hint.empty()) hint = fmt::format("There are: {}.", Joined(known, ", "));
  throw Error(ErrorCode::kUsage, fmt::format("upgrade has no part '{}'", words.front()),
              std::move(hint))
      .About(words.front());
}

}  // namespace dbomsbak
