// diff: an archive against what is live.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/html_pages.h"
#include "cli/json.h"
#include "cli/render.h"
#include "dbomsbak/app/diff_command.h"
#include "dbomsbak/app/names.h"

namespace dbomsbak {
namespace {

constexpr std::uint64_t kUsualRows = 10;
constexpr std::uint64_t kMostRows = 100'000;

ErrorCode CodeOf(const DiffReport& report) {
  if (report.Differs()) return ErrorCode::kDiffers;
  return report.not_comparable > 0 ? ErrorCode::kPartial : ErrorCode::kOk;
}

}  // namespace

ErrorCode RunDiffCommandLine(Invocation& run) {
  const CommandLine& line = run.line;
  DiffCommand command;
  command.path = line.arguments().front();
  command.into = line.Last("into").value_or("");
  DiffOptions& options = command.options;
  for (const std::string& names : line.All("only")) {
    for (auto& name : ParseTableNames(names, "--only")) options.only.push_back(std::move(name));
  }
  if (const auto rows = line.Last("rows")) {
    options.rows = *rows == "true" ? kUsualRows : *line.Number("rows", 0, kMostRows);
  }
  if (const auto jobs = line.Number("jobs", 1, 64)) options.jobs = static_cast<unsigned>(*jobs);
  if (const auto seconds = line.Number("lock-wait", 1, 86400)) {
    options.lock_wait_s = static_cast<unsigned>(*seconds);
  }
  const bool html = HtmlAsAsked(run);
  const auto sessions = ConnectAsAsked(run);
  const auto observer = ObserveAsAsked(run);
  run.signals.AllowForcedEnd();
  DiffReport report = RunDiffCommand(*sessions, run.files, command, *observer, run.cancel);
  const OmsConfig* const oms = OmsAsAsked(run);
  if (oms != nullptr && options.only.empty()) {
    const auto missing = MissingDatabases(*oms, report.databases);
    if (!missing.empty()) {
      report.notes.push_back(
          fmt::format("{} not in the file, and not compared", OmsDatabasesAre(*oms, missing)));
    }
  }
  const ErrorCode code = CodeOf(report);
  run.console.ClearStatus();
  if (run.json()) {
    run.console.Out(ToLine(DiffToJson(command.path, report, code)));
  } else if (html) {
    run.console.Out(DiffPage(command.path, report));
  } else if (!run.console.quiet()) {
    run.console.Out(RenderDiff(command.path, report));
  }
  return code;
}

}  // namespace dbomsbak
