// check, restore, undo, purge and status.
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/envelope.h"
#include "cli/json.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "dbomsbak/app/child_process.h"
#include "dbomsbak/app/names.h"
#include "dbomsbak/app/restore_command.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/engine/check.h"
#include "dbomsbak/engine/restore.h"

namespace dbomsbak {
namespace {

// What a second Ctrl-C may leave.
constexpr char kRestoreLeft[] =
    "  staging may be left on the server, or the swap half done: dbomsbak status shows it; the "
    "same command puts the swap right, and goes on from what is loaded where that is whole";
constexpr char kSwapLeft[] =
    "  the swap may be half done: dbomsbak status shows it; the same command puts it right first";
constexpr char kPurgeLeft[] =
    "  a copy may be dropped in part: dbomsbak status shows it; the same command drops the rest";

// Of the copy that was just made alone: older ones, and those of other sets, may be there.
std::string PurgeCommand(const RestorePlan& plan) {
  return fmt::format(
      "dbomsbak purge {}{}",
      plan.generation == 1 ? std::string() : fmt::format("--generation {} ", plan.generation),
      ShellQuoted(plan.databases));
}

bool MustAsk(Invocation& run) { return !run.line.Flag("yes") && CanAsk(); }

constexpr char kHaOff[] = "ha-off";

// Shows the plan and, on a terminal, asks. `unasked`: a warning where that cannot be.
ConfirmRestore Confirm(Invocation& run, std::string question, std::string unasked = {}) {
  return [&run, question = std::move(question),
          unasked = std::move(unasked)](const RestorePlan& plan) {
    run.console.ClearStatus();
    if (!plan.problems.empty()) {  // the error that follows names them
      RestorePlan without = plan;
      without.problems.clear();
      if (!run.console.quiet()) run.console.Err(RenderPlan(without, false));
      return false;
    }
    if (!run.console.quiet() || MustAsk(run)) run.console.Err(RenderPlan(plan, false));
    if (MustAsk(run)) return AskYesNo(question + " [y/N] ", run.cancel);
    if (!unasked.empty()) run.console.Warning(unasked);
    return true;
  };
}

// Whether HA is on stands in OMS's own tables, which are not public: the operator must know. Is
// there somebody to ask, or somebody who has said so?
ConfirmRestore ConfirmLiveRestore(Invocation& run, const std::string& question) {
  const std::vector<std::string> confirmed = run.line.All("confirm");
  for (const std::string& step : confirmed) {
    if (step == kHaOff) continue;
    throw Error(ErrorCode::kUsage, fmt::format("--confirm {} confirms nothing", step),
                fmt::format("Of a restore there is --confirm {} alone.", kHaOff));
  }
  if (OmsAsAsked(run) == nullptr || !confirmed.empty()) return Confirm(run, question);
  constexpr char kWhy[] =
      "while HA is on, OMS registers tasks of stopped containers elsewhere, in these databases";
  return Confirm(
      run,
      fmt::format("OMS must be stopped on every node, with HA off (System Parameters, ha.config: "
                  "\"enable\": false): {}.\nIs it, and HA off? {}",
                  kWhy, question),
      fmt::format("nobody has confirmed that HA of OMS is off (--confirm {}): {}", kHaOff, kWhy));
}

// "5 tables with 8 rows proved, loaded in 1.9 s, proved in 29 ms"
std::string Proved(const RestoreResult& result, bool loaded) {
  const std::string what = fmt::format("{} with {} proved", Counted(result.tables_proved, "table"),
                                       Counted(result.rows_proved, "row"));
  const std::string proved = HumanDuration(result.prove_ms);
  return loaded ? fmt::format("{}, loaded in {}, proved in {}", what, HumanDuration(result.load_ms),
                              proved)
                : fmt::format("{} when they were prepared, found unchanged in {}", what, proved);
}

void SayPrepared(Invocation& run, const RestoreResult& result) {
  std::string again;
  if (result.rows_unwatched > 0) {
    again = fmt::format(
        ", after {} are read again: this server does not tell whether anybody has written them",
        Counted(result.rows_unwatched, "row"));
  }
  run.console.Say(Proved(result, true) + "; nothing live was changed");
  run.console.Say(fmt::format(
      "prepared: stop the application, then dbomsbak restore --swap makes the copy live "
      "(window about {}{}); dbomsbak restore --abort drops it",
      HumanDuration(result.plan.expected_window_ms), again));
}

void SayKept(Invocation& run, const std::vector<std::string>& kept) {
  constexpr std::size_t kShown = 5;
  const std::vector<std::string> shown(
      kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(std::min(kShown, kept.size())));
  run.console.Say(fmt::format(
      "what was live may hold more than the safety dump, and is kept in {}: {}{}; dbomsbak status "
      "tells what to do with {}",
      Counted(kept.size(), "table"), Joined(shown, ", "),
      kept.size() > kShown ? fmt::format(" and {} more", kept.size() - kShown) : "",
      kept.size() == 1 ? "it" : "them"));
}

// "stopping at the next safe point" was said: behind the RENAME that is the end. `finished`: what.
void TellTooLate(const Invocation& run, std::string_view finished) {
  if (!run.cancel.cancelled()) return;
  run.console.Say(
      fmt::format("too late to stop: the swap was under way, and the {} is finished", finished));
}

// What a restore or an undo ended with. `loaded`: by this run.
ErrorCode Report(Invocation& run, const RestoreResult& result, bool dry_run, bool rehearsed,
                 bool loaded) {
  const ErrorCode code =
      dry_run && !result.plan.problems.empty() ? ErrorCode::kRestorePreflight : ErrorCode::kOk;
  run.console.ClearStatus();
  if (result.swapped) TellTooLate(run, run.line.command().name);
  if (run.json()) {
    run.console.Out(ToLine(RestoreToJson(result, code, dry_run, rehearsed)));
    return code;
  }
  if (dry_run) {
    run.console.Out(RenderPlan(result.plan, true));
    run.console.Say("dry run: nothing was changed");
    return code;
  }
  if (result.swapped && !result.kept.empty()) {
    SayKept(run, result.kept);
  }
  if (result.swapped && !result.plan.safety_dump.empty()) {
    run.console.Say(
        fmt::format("what was live{} is in '{}'; to go back: dbomsbak restore --in-place "
                    "'{}'",
                    result.kept.empty() ? "" : " when it was dumped", result.plan.safety_dump,
                    result.plan.safety_dump));
  }
  if (result.prepared) {
    SayPrepared(run, result);
  } else if (rehearsed) {
    run.console.Say(Proved(result, true) + "; nothing live was changed");
  } else if (result.swapped) {
    if (result.tables_proved > 0) run.console.Say(Proved(result, loaded));
    run.console.Say(
        result.healed
            ? "live now: finishing the interrupted run was all that was left to do"
            : fmt::format("live now; the window was open for {}", HumanDuration(result.window_ms)));
    if (result.plan.generation > 0 && result.plan.NothingIsLive()) {
      run.console.Say(
          fmt::format("nothing was live before: dbomsbak undo {} takes the databases away again, "
                      "{} forgets that",
                      ShellQuoted(result.plan.databases), PurgeCommand(result.plan)));
    } else if (result.plan.generation > 0) {
      run.console.Say(fmt::format(
          "what was live is displaced copy {}: dbomsbak undo {} swaps it back, {} drops it",
          result.plan.generation, ShellQuoted(result.plan.databases), PurgeCommand(result.plan)));
    }
  }
  return code;
}

}  // namespace

namespace {

// The databases of --oms-config come back together.
void RequireOms(Invocation& run, RestoreOptions& options) {
  const OmsConfig* const oms = OmsAsAsked(run);
  if (oms == nullptr) return;
  options.required_databases = oms->databases;
  options.required_by = Joined(oms->paths, ", ");
}

// What a restore of these files, which make one set, would find out before it changes anything.
ErrorCode CheckRestores(Invocation& run) {
  if (run.line.arguments().empty()) {
    throw Error(ErrorCode::kUsage, "check --restore needs FILE…",
                "Name the archives or plain dumps that shall be restored.");
  }
  RestoreCommand command;
  command.options.into = run.line.Last("into").value_or("");
  command.options.dry_run = true;
  command.options.allow_partial = run.line.Flag("allow-partial");
  command.options.allow_filtered = run.line.Flag("allow-filtered");
  // Who uses the databases now says nothing about what they can hold.
  command.options.force = true;
  const auto sessions = ConnectAsAsked(run);
  const auto observer = ObserveAsAsked(run);
  run.signals.AllowForcedEnd();
  command.paths = run.line.arguments();
  RequireOms(run, command.options);
  const RestorePlan plan =
      RunRestoreCommand(*sessions, run.files, command, nullptr, *observer, run.cancel).plan;
  const ErrorCode code = plan.problems.empty() ? ErrorCode::kOk : ErrorCode::kRestorePreflight;
  run.console.ClearStatus();
  run.console.Out(run.json() ? ToLine(RestoreCheckToJson(command.paths, plan, code))
                             : RenderRestoreCheck(command.paths, plan));
  return code;
}

}  // namespace

ErrorCode RunCheckCommandLine(Invocation& run) {
  if (run.line.Flag("restore")) return CheckRestores(run);
  if (run.line.Last("into")) {
    throw Error(ErrorCode::kUsage, "--into goes with --restore",
                "It names the database of a plain dump that names none.");
  }
  const auto sessions = ConnectAsAsked(run);
  run.signals.AllowForcedEnd();
  const CheckReport report = RunCheck(*sessions, DatabasesAsAsked(run));
  run.console.Out(run.json() ? ToLine(CheckToJson(report)) : RenderCheck(report));
  return static_cast<ErrorCode>(report.exit_code);
}

namespace {

// A whole database that is named beside tables of it stays whole.
void Add(const std::string& text, ContentChoice& choice) {
  for (auto& [database, table] : ParseDatabasesAndTables(text, "--only")) {
    const auto [place, fresh] = choice.try_emplace(database);
    if (table.empty()) {
      place->second.clear();
    } else if (fresh || !place->second.empty()) {
      place->second.insert(std::move(table));
    }
  }
}

// The ways to restore exclude each other.
void RefuseTogether(const CommandLine& line) {
  std::string given;
  for (const char* way : {"rehearse", "prepare", "swap", "abort"}) {
    if (!line.Flag(way)) continue;
    if (!given.empty()) {
      throw Error(
          ErrorCode::kUsage, fmt::format("--{} and --{} exclude each other", given, way),
          "--prepare loads and proves, --swap makes that live, --abort drops it; --rehearse "
          "loads, proves and drops.");
    }
    given = way;
  }
  if (given == "rehearse" && line.Flag("dry-run")) {
    throw Error(ErrorCode::kUsage, "--dry-run and --rehearse exclude each other",
                "A rehearsal shows the plan, too.");
  }
  const bool second_act = given == "swap" || given == "abort";
  if (line.arguments().empty() && !second_act) {
    throw Error(ErrorCode::kUsage, "restore needs FILE…",
                "Name the archives or plain dumps; --swap and --abort alone can do without.");
  }
  for (const char* option : {"allow-partial", "allow-filtered"}) {
    if (!second_act || !line.Flag(option)) continue;
    throw Error(ErrorCode::kUsage, fmt::format("--{} says nothing to --{}", option, given),
                "It belongs to --prepare, which reads the files.");
  }
}

ErrorCode Abort(Invocation& run, const RestoreCommand& command) {
  const auto sessions = ConnectAsAsked(run);
  const auto observer = ObserveAsAsked(run);
  run.signals.ForbidForcedEnd(kSwapLeft);
  const auto confirm = [&](const std::vector<Leftover>& swept) {
    if (!run.console.quiet() || MustAsk(run)) run.console.Err(RenderLeftovers(swept));
    return !MustAsk(run) || AskYesNo("Drop this staging? [y/N] ", run.cancel);
  };
  const AbortResult result =
      RunAbortCommand(*sessions, run.files, command, confirm, *observer, run.cancel);
  run.console.ClearStatus();
  if (result.undone) TellTooLate(run, "abort");
  const bool dry_run = command.options.dry_run;
  if (run.json()) {
    run.console.Out(ToLine(AbortToJson(result, dry_run)));
  } else if (dry_run) {
    run.console.Out(RenderLeftovers(result.swept));
    run.console.Say("dry run: nothing was dropped");
  } else if (result.undone) {
    run.console.Say(fmt::format(
        "what was live before the restore is live again; what it brought is displaced copy {}: "
        "{} drops it",
        result.undone->plan.generation, PurgeCommand(result.undone->plan)));
  } else {
    run.console.Say("what was live is live, and nothing of the restore is left");
  }
  return ErrorCode::kOk;
}

}  // namespace

ErrorCode RunRestoreCommandLine(Invocation& run) {
  const CommandLine& line = run.line;
  RefuseTogether(line);
  RestoreCommand command;
  command.paths = line.arguments();
  RestoreOptions& options = command.options;
  options.into = line.Last("into").value_or("");
  for (const std::string& text : line.All("only")) Add(text, options.only);
  for (const std::string& text : line.All("as")) {
    auto [from, to] = ParseRenaming(text, "--as");
    if (!options.renamed.emplace(from, std::move(to)).second) {
      throw Error(ErrorCode::kUsage, fmt::format("--as names '{}' twice", from),
                  "A database is restored under one name.");
    }
  }
  options.keep_extra = line.Flag("keep-extra");
  options.repoint_foreign_keys = line.Flag("repoint-foreign-keys");
  options.in_place = line.Flag("in-place");
  command.safety_dump = line.Last("safety-dump").value_or("");
  if (!command.safety_dump.empty() && !options.in_place) {
    throw Error(ErrorCode::kUsage, "--safety-dump goes with --in-place",
                "A staged restore keeps what was live as displaced copy; dbomsbak dump dumps it.");
  }
  if (options.in_place && (line.Flag("prepare") || line.Flag("swap") || line.Flag("abort"))) {
    throw Error(ErrorCode::kUsage, "--in-place goes with none of --prepare, --swap and --abort",
                "In place nothing is left prepared: what was interrupted is put right first.");
  }
  if (options.in_place && options.repoint_foreign_keys) {
    throw Error(ErrorCode::kUsage, "--in-place and --repoint-foreign-keys exclude each other",
                "In place, drop such keys before the restore and add them again afterwards.");
  }
  command.skip_binlog = line.Flag("skip-binlog");
  command.signatures = SignaturesAsAsked(line);
  options.dry_run = line.Flag("dry-run");
  options.rehearse = line.Flag("rehearse");
  options.allow_partial = line.Flag("allow-partial");
  options.allow_filtered = line.Flag("allow-filtered");
  RequireOms(run, options);
  if (const OmsConfig* const oms = OmsAsAsked(run)) options.heartbeat_databases = oms->heartbeats;
  options.force = line.Flag("force");
  options.prepare = line.Flag("prepare");
  command.swap = line.Flag("swap");
  if (const auto jobs = line.Number("jobs", 1, 64)) options.jobs = static_cast<unsigned>(*jobs);
  if (const auto bytes = line.Bytes("max-memory")) options.max_memory_bytes = *bytes;
  if (const auto seconds = line.Number("lock-wait", 1, 86400)) {
    options.lock_wait_s = static_cast<unsigned>(*seconds);
  }
  run.files.Unlock(
      command.paths);  // later the terminal is the plan's, and Ctrl-C means another thing
  if (line.Flag("abort")) return Abort(run, command);
  const auto sessions = ConnectAsAsked(run);
  const auto observer = ObserveAsAsked(run);
  run.signals.ForbidForcedEnd(kRestoreLeft);
  const char* question = options.rehearse  ? "Rehearse this?"
                         : options.prepare ? "Prepare this?"
                         : command.swap    ? "Swap this?"
                                           : "Restore this?";
  const bool goes_live = !options.rehearse && !options.prepare;
  const RestoreResult result =
      RunRestoreCommand(*sessions, run.files, command,
                        goes_live ? ConfirmLiveRestore(run, question) : Confirm(run, question),
                        *observer, run.cancel);
  return Report(run, result, options.dry_run, options.rehearse, !command.swap);
}

ErrorCode RunUndoCommandLine(Invocation& run) {
  UndoOptions options;
  options.databases = DatabasesAsAsked(run);
  options.repoint_foreign_keys = run.line.Flag("repoint-foreign-keys");
  options.dry_run = run.line.Flag("dry-run");
  if (const OmsConfig* const oms = OmsAsAsked(run)) options.heartbeat_databases = oms->heartbeats;
  options.force = run.line.Flag("force");
  if (const auto seconds = run.line.Number("lock-wait", 1, 86400)) {
    options.lock_wait_s = static_cast<unsigned>(*seconds);
  }
  const auto sessions = ConnectAsAsked(run);
  const auto observer = ObserveAsAsked(run);
  run.signals.ForbidForcedEnd(kSwapLeft);
  const RestoreResult result =
      RunUndo(*sessions, options, Confirm(run, "Swap this back?"), *observer, run.cancel);
  return Report(run, result, options.dry_run, false, false);
}

ErrorCode RunPurgeCommandLine(Invocation& run) {
  PurgeOptions options;
  options.databases = DatabasesAsAsked(run);
  options.dry_run = run.line.Flag("dry-run");
  if (const auto generation = run.line.Number("generation", 1, 1'000'000'000)) {
    options.generation = static_cast<unsigned>(*generation);
  }
  options.force = run.line.Flag("force");
  if (const auto seconds = run.line.Number("lock-wait", 1, 86400)) {
    options.lock_wait_s = static_cast<unsigned>(*seconds);
  }
  const auto sessions = ConnectAsAsked(run);
  const auto observer = ObserveAsAsked(run);
  run.signals.ForbidForcedEnd(kPurgeLeft);
  const auto confirm = [&](const std::vector<Leftover>& copies) {
    if (!run.console.quiet() || MustAsk(run)) run.console.Err(RenderLeftovers(copies));
    return !MustAsk(run) || AskYesNo("Drop this for ever? [y/N] ", run.cancel);
  };
  const std::vector<Leftover> dropped =
      RunPurge(*sessions, options, confirm, *observer, run.cancel);
  if (run.json()) {
    Json json = LeftoversToJson(dropped, "leftovers");
    json["dry_run"] = options.dry_run;
    run.console.Out(ToLine(json));
  } else if (dropped.empty()) {
    run.console.Say("nothing is left to drop: there is no displaced copy on this server");
  } else if (options.dry_run) {
    run.console.Out(RenderLeftovers(dropped));
    run.console.Say("dry run: nothing was dropped");
  } else {
    const auto staging = static_cast<std::size_t>(std::count_if(
        dropped.begin(), dropped.end(),
        [](const Leftover& leftover) { return leftover.kind == LeftoverKind::kStaging; }));
    const std::size_t copies = dropped.size() - staging;
    std::string what;
    if (copies > 0 || staging == 0) {
      what = copies == 1 ? "1 displaced copy" : fmt::format("{} displaced copies", copies);
    }
    if (staging > 0) {
      what += fmt::format("{}the staging of {}", what.empty() ? "" : " and ",
                          Counted(staging, "interrupted restore"));
    }
    run.console.Say(what + " dropped");
  }
  return ErrorCode::kOk;
}

ErrorCode RunStatusCommandLine(Invocation& run) {
  const auto sessions = ConnectAsAsked(run);
  run.signals.AllowForcedEnd();
  const auto session = sessions->Connect();
  const std::vector<Leftover> leftovers = FindLeftovers(*session);
  const std::string unseen = UnseenLeftovers(*session);
  if (run.json()) {
    run.console.Out(ToLine(StatusToJson(leftovers, unseen)));
  } else if (leftovers.empty()) {
    run.console.Out(
        fmt::format("nothing of dbomsbak's {} ({})\n",
                    unseen.empty() ? "is left there" : "that this account may see is left there",
                    Printable(session->description())));
  } else {
    run.console.Out(RenderLeftovers(leftovers));
  }
  if (!unseen.empty()) run.console.Warning(unseen);
  return ErrorCode::kOk;
}

}  // namespace dbomsbak
