// How far an upgrade is, by its journal.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "app/upgrade_run.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kLargestInspection = std::size_t{16} << 20;

// The step, and the fact that holds the root of the archive it was done for.
constexpr std::pair<std::string_view, std::string_view> kStepsOfAnArchive[] = {
    {"dump", "root"},
    {"verify", "verified_root"},
    {"rehearse", "rehearsed_root"},
    {"pin", "pinned_root"},
    {"receipt", "receipt_root"}};

std::string ConfigSource(const std::optional<ContainerInfo>& old) {
  const ContainerMount* const mount = old ? old->MountAt(kOmsConfigMount) : nullptr;
  return mount == nullptr ? "" : mount->source;
}

// What was done once, and is to be done anew: for another archive, another container, or because
// the opposite was done since.
bool IsStale(const UpgradeStep& step, const UpgradeJournal& journal) {
  const std::string root = journal.Fact("root");
  const bool dumped = !root.empty() && journal.Fact("archive_t1") == journal.Fact("t1");
  for (const auto& [name, fact] : kStepsOfAnArchive) {
    if (step.name == name) return !dumped || journal.Fact(fact) != root;
  }
  if (step.name == "stopped") return journal.Fact("stopped_t1") != journal.Fact("t1");
  if (step.name == "mounts") return journal.Fact("t2").empty();
  return step.name == "ha-on" && !ConfirmationStands(journal, step.name);
}

// "42 it ended with 1"
void TakeFailure(std::string_view payload, UpgradeStepState& state) {
  unsigned code = 0;
  const auto [end, problem] =
      std::from_chars(payload.data(), payload.data() + payload.size(), code);
  if (problem == std::errc()) {
    state.failed_with = code;
    payload.remove_prefix(static_cast<std::size_t>(end - payload.data()));
    if (payload.starts_with(' ')) payload.remove_prefix(1);
  }
  state.failure = payload;
}

// The next run asks for it again.
bool HasExpired(const UpgradeStepState& state, const UpgradeStep& step, const UpgradeFacts& facts,
                const UpgradeJournal& journal) {
  if (!step.operators || step.group != "backup" || BackupHasBegun(journal)) return false;
  const auto then = ParseUtc(state.ended);
  return then && facts.now - *then > kConfirmationHolds_s;
}

// Nothing is done by these yet: they come before what the operator confirms is used.
bool OnlyLooks(const UpgradeStep& step) {
  return step.name == "inspect" || step.name == "preflight" || step.name == "restore-preflight";
}

// Rehearsing with --no-rehearse, say: what stands behind a step was done without it.
void SkipThosePassedOver(const UpgradeJournal& journal, std::vector<UpgradeStepState>& states) {
  std::string reached, acted;  // the group's steps before here are passed over; the operator's
  for (auto state = states.rbegin(); state != states.rend(); ++state) {
    const UpgradeStep& step = state->step;
    const bool pending = state->state == "pending";
    const bool wanted = step.operators && journal.Last(step.name) != nullptr;
    const std::string& passed = step.operators ? acted : reached;
    if (pending && !wanted && step.group == passed) state->state = "skipped";
    if (pending || step.operators) continue;
    reached = step.group;
    if (!OnlyLooks(step)) acted = step.group;
  }
}

}  // namespace

UpgradeFacts FactsOf(const UpgradeOptions& options, FileSystem& files,
                     const UpgradeJournal& journal) {
  UpgradeFacts facts;
  const std::string inspection = UpgradeFile(options.folder, "inspect.json");
  if (files.Exists(inspection)) {
    facts.old = ParseContainer(ReadWholeFile(files, inspection, kLargestInspection));
  }
  facts.from = OldVersion(options, facts.old);
  facts.to = NewVersion(options);
  facts.t1 = journal.Fact("t1");
  facts.t2 = journal.Fact("t2");
  if (!journal.Fact("archive").empty()) {
    facts.archive = UpgradeFile(options.folder, journal.Fact("archive"));
  }
  facts.config_source = ConfigSource(facts.old);
  facts.generation = journal.Fact("generation");
  facts.old_gone = !journal.Fact("old_gone").empty();
  facts.policy_stays = !journal.Fact("policy_stays").empty();
  facts.now = UtcNow();
  return facts;
}

UpgradeFacts FactsForPlan(const UpgradeOptions& options, FileSystem& files,
                          const UpgradeJournal& journal, const CancelToken& cancel,
                          std::vector<std::string>& problems) {
  UpgradeFacts facts = FactsOf(options, files, journal);
  if (facts.old) return facts;
  const Docker docker(options.docker, cancel);
  std::optional<Docker::Inspected> now;
  try {
    now = docker.Inspect(options.container);
  } catch (const Error& error) {
    cancel.ThrowIfCancelled();
    problems.push_back(AsProblem(error));
    return facts;
  }
  if (!now) ThrowNoContainer(docker, options.container);
  facts.old = std::move(now->info);
  facts.from = OldVersion(options, facts.old);
  facts.config_source = ConfigSource(facts.old);
  return facts;
}

bool BackupHasBegun(const UpgradeJournal& journal) { return journal.Begun("restart-policy"); }

bool ConfirmationStands(const UpgradeJournal& journal, std::string_view name) {
  const auto opposite = [&](const std::string& other) {
    return name == "ha-on" ? other == "ha-off" || other == "ha-off-rollback"
                           : name.starts_with("ha-off") && other == "ha-on";
  };
  for (auto entry = journal.entries().rbegin(); entry != journal.entries().rend(); ++entry) {
    if (entry->event == "note") continue;
    if (entry->step == name) return entry->event == "confirmed" || entry->event == "done";
    if (entry->event == "confirmed" && opposite(entry->step)) return false;
  }
  return false;
}

bool IsBackedUp(const UpgradeOptions& options, const UpgradeJournal& journal) {
  const std::string t1 = journal.Fact("t1"), root = journal.Fact("root");
  if (options.other_node) return journal.Done("stopped") && journal.Fact("stopped_t1") == t1;
  return journal.Done("receipt") && !root.empty() && journal.Fact("receipt_root") == root &&
         journal.Fact("archive_t1") == t1;
}

std::string_view UpgradeState(const UpgradeOptions& options, const UpgradeJournal& journal) {
  if (!journal.exists()) return "none";
  if (journal.Done("advice")) return "rolled-back";
  if (journal.Begun("stop-new") || journal.Begun("restart-old")) return "rolling-back";
  if (journal.Done("finished")) return "finished";
  if (journal.Done("mounts") && !journal.Fact("t2").empty()) return "started";
  if (journal.Begun("run")) return "starting";
  if (IsBackedUp(options, journal)) return "backed-up";
  if (BackupHasBegun(journal)) return "backing-up";
  return journal.Fact("problems") == "0" ? "checked" : "not-ready";
}

std::vector<UpgradeStepState> UpgradeSteps(const UpgradeOptions& options, const UpgradeFacts& facts,
                                           const UpgradeJournal& journal, bool rollback) {
  std::vector<UpgradeStepState> states;
  for (UpgradeStep& step : PlanUpgrade(options, facts)) {
    if (step.group == "rollback" && !rollback) continue;
    UpgradeStepState state;
    state.state = "pending";
    for (const JournalEntry& entry : journal.entries()) {
      if (entry.step != step.name || entry.event == "note") continue;
      if (entry.event == "begin") {
        state.state = "begun";
        state.began = entry.time;
        state.ended.clear();
      } else if (entry.event == "failed" ||
                 (entry.event == "undone" && !entry.payload.empty())) {  // it has done nothing
        state.state = "failed";
        TakeFailure(entry.payload, state);
      } else if (entry.event == "undone") {
        state.state = "pending";
        state.began.clear();
        state.ended.clear();
      } else {
        state.state = "done";
        // Found done by a later run: when it was is not known.
        if (state.began.empty() || entry.payload == "found") state.began = entry.time;
        state.ended = entry.time;
      }
    }
    if (state.state == "done" &&
        (IsStale(step, journal) || HasExpired(state, step, facts, journal))) {
      state.state = "pending";
      state.began.clear();
      state.ended.clear();
    }
    if (state.state != "failed") state.failure.clear();
    const bool of_policy = step.name == "restart-policy" || step.name == "new-policy";
    if (of_policy && state.state == "done" && facts.policy_stays) {
      state.state = "skipped";
    }
    const auto began = ParseUtc(state.began), ended = ParseUtc(state.ended);
    if (began && ended && *ended > *began) {
      state.seconds = static_cast<std::uint64_t>(*ended - *began);
    }
    state.step = std::move(step);
    states.push_back(std::move(state));
  }
  SkipThosePassedOver(journal, states);
  return states;
}

}  // namespace dbomsbak
