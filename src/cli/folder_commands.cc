// list and prune: folders of archives, without a server.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "cli/commands.h"
#include "cli/html_pages.h"
#include "cli/json.h"
#include "cli/render.h"
#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/archive_gaps.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

// A folder that is looked at from another machine may be dated a little ahead.
constexpr std::int64_t kClockSlackSeconds = 300;

std::int64_t AgeOf(const CommandLine& line) {
  const std::string text = line.Last("check-age").value_or("");
  const std::map<char, std::uint64_t> units = {
      {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 7 * 86400}};
  const auto unit = text.empty() ? units.end() : units.find(text.back());
  const auto number =
      unit == units.end() ? std::nullopt : ParseNumber(text.substr(0, text.size() - 1));
  if (number && *number > 0 && *number <= 1'000'000) {
    return static_cast<std::int64_t>(*number * unit->second);
  }
  throw Error(ErrorCode::kUsage,
              fmt::format("--check-age wants an age such as 26h, not '{}'", text),
              "A number with s, m, h, d or w behind it.");
}

// Of each label the newest good one; what says that one is missing, or too old.
std::optional<Error> Staleness(const std::vector<FolderEntry>& entries, const std::string& folder,
                               const std::string& label, std::int64_t age, std::int64_t now,
                               const std::string& age_text) {
  std::map<std::string, const FolderEntry*, std::less<>> newest;
  if (!label.empty()) newest[label] = nullptr;
  for (const FolderEntry& entry : entries) {
    if (!entry.name) continue;
    const FolderEntry*& place = newest[entry.name->label];
    const bool counts =
        entry.state == ArchiveState::kGood && entry.time <= now + kClockSlackSeconds;
    if (counts && (place == nullptr || entry.time >= place->time)) place = &entry;
  }
  std::string stale;
  for (const auto& [name, entry] : newest) {
    if (entry != nullptr && entry->time >= now - age) continue;
    stale += stale.empty() ? "" : "; ";
    stale += entry == nullptr
                 ? fmt::format("'{}' holds no good archive of label {}", folder, name)
                 : fmt::format("the newest good archive of label {} in '{}' is {} old ({})", name,
                               folder, HumanAge(now - entry->time), entry->file);
  }
  if (newest.empty()) stale = fmt::format("'{}' holds no archive that snapshot made", folder);
  if (stale.empty()) return std::nullopt;
  return Error(ErrorCode::kStale, stale,
               fmt::format("Wanted is one not older than {}: see why dbomsbak snapshot does not "
                           "make it.",
                           age_text))
      .About(folder);
}

}  // namespace

KeepRules KeepRulesAsAsked(const CommandLine& line) {
  const auto number = [&](const char* option) {
    return static_cast<unsigned>(line.Number(option, 1, 100'000).value_or(0));
  };
  return {number("keep"), number("keep-days"), number("keep-daily"), number("keep-weekly"),
          number("keep-monthly")};
}

ErrorCode RunListCommandLine(Invocation& run) {
  const std::string& folder = run.line.arguments().front();
  const std::string label = run.line.Last("label").value_or("");
  const bool check = run.line.Has("check-age");
  const std::int64_t age = check ? AgeOf(run.line) : 0;
  const bool html = HtmlAsAsked(run);
  run.signals.AllowForcedEnd();
  const std::int64_t now = UtcNow();
  std::vector<FolderEntry> entries = ListFolder(run.files, folder);
  if (!label.empty()) {
    std::erase_if(entries, [&](const FolderEntry& entry) { return entry.label() != label; });
  }
  std::optional<Error> stale;
  if (check) {
    stale = Staleness(entries, folder, label, age, now, run.line.Last("check-age").value());
  }
  if (run.json() || html) {
    const std::vector<ArchiveGap> gaps = FindGaps(entries, now);
    run.console.Out(html ? FolderPage(folder, entries, gaps, now, stale)
                         : ToLine(FolderToJson(folder, entries, gaps, now, stale)));
    if (stale) run.console.PrintError(*stale);
    return stale ? stale->code() : ErrorCode::kOk;
  }
  if (stale) throw *stale;
  if (!check || !run.console.quiet()) run.console.Out(RenderFolder(folder, entries, now));
  if (std::any_of(entries.begin(), entries.end(), [](const FolderEntry& entry) {
        return entry.state == ArchiveState::kUnverified;
      })) {
    run.console.Note(
        "the contents of unverified archives were not read; dbomsbak verify proves them, but marks "
        "nothing here: only what snapshot has proved is listed as verified");
  }
  return ErrorCode::kOk;
}

ErrorCode RunPruneCommandLine(Invocation& run) {
  const std::string option = run.line.Last("dir").value_or("");
  const auto& words = run.line.arguments();
  if (option.empty() == words.empty()) {
    throw Error(ErrorCode::kUsage,
                option.empty() ? "prune needs DIR" : "prune is given two folders",
                fmt::format("For example: {}", run.line.command().example));
  }
  const std::string folder = words.empty() ? option : words.front();
  const std::string label = run.line.Last("label").value_or("");
  const KeepRules rules = KeepRulesAsAsked(run.line);
  if (!rules.any()) {
    throw Error(ErrorCode::kUsage, "prune needs at least one of the --keep options",
                "Say what stays: --keep-daily 7, for example.");
  }
  run.signals.AllowForcedEnd();  // each archive goes by itself, and what was begun is ended later
  const bool dry_run = run.line.Flag("dry-run");
  std::optional<FolderLock> lock;
  FolderKeeper keeper(run.files, folder);
  if (!dry_run) {
    lock.emplace(run.files, folder);
    keeper.Hold(*lock);
    keeper.Sweep();
  }
  std::vector<Retained> plan = PlanRetention(run.files, folder, label, rules, UtcNow());
  std::optional<Error> error;
  try {
    if (!dry_run) RemoveUnretained(keeper, plan);
  } catch (const Error& failure) {
    error = failure;
  }
  if (run.json()) {
    run.console.Out(ToLine(RetentionToJson(folder, plan, dry_run, error)));
  } else if (!run.console.quiet()) {
    run.console.Out(RenderRetention(plan, dry_run));
    if (dry_run) run.console.Say("dry run: nothing was removed");
  }
  if (error) run.console.PrintError(*error);
  return error ? error->code() : ErrorCode::kOk;
}

}  // namespace dbomsbak
