#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/commands.h"
#include "cli/envelope.h"
#include "cli/json.h"
#include "cli/render.h"
#include "dbomsbak/app/hook.h"
#include "dbomsbak/app/snapshot_command.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/objects/object_path.h"

namespace dbomsbak {
namespace {

constexpr char kRehearsalLeft[] =
    "  staging may be left on the server: dbomsbak status shows it and what drops it";

// For cron one line is enough: how consistency was reached is told with --verbose.
class FewerNotes final : public ForwardingObserver {
 public:
  using ForwardingObserver::ForwardingObserver;
  void Notice(std::string_view text) override { next_.Phase(text); }
};

std::string LabelOf(const CommandLine& line) {
  std::string label = line.Last("label").value_or("snapshot");
  if (IsLabel(label)) return label;
  throw Error(ErrorCode::kUsage, fmt::format("'{}' cannot be a label", label),
              "A label has letters, digits, '.', '_' and '-', begins with a letter or digit, and "
              "has 64 of them at most.");
}

std::optional<std::string> PinOf(const CommandLine& line) {
  const auto pin = line.Last("pin");
  if (!pin ||
      (!pin->empty() && pin->size() <= 200 && std::none_of(pin->begin(), pin->end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20;
      }))) {
    return pin;
  }
  throw Error(ErrorCode::kUsage, "--pin wants one line of text, 200 bytes at most",
              "It says why the archive stays, such as --pin before-4.2.6.");
}

std::string MetricsPathOf(const CommandLine& line) {
  std::string path = line.Last("metrics").value_or("");
  if (path.empty() || path.ends_with(".prom")) return path;
  throw Error(ErrorCode::kUsage, fmt::format("--metrics '{}' does not end in .prom", path),
              "node_exporter's textfile collector reads *.prom of its folder alone.");
}

SnapshotCommand CommandOf(Invocation& run) {
  const CommandLine& line = run.line;
  SnapshotCommand command;
  command.folder = line.Last("dir").value_or("");
  if (command.folder.empty()) {
    throw Error(ErrorCode::kUsage, "snapshot needs --dir DIR",
                fmt::format("For example: {}", line.command().example));
  }
  command.label = LabelOf(line);
  command.dump = DumpOptionsAsAsked(run);
  command.envelope = EnvelopeAsAsked(run);
  command.keep = KeepRulesAsAsked(line);
  command.pin = PinOf(line);
  command.deep_every = static_cast<unsigned>(line.Number("deep", 1, 10000).value_or(0));
  command.throwaway = ThrowawayAsAsked(line);
  if (command.throwaway && command.deep_every == 0) {
    throw Error(ErrorCode::kUsage, "--throwaway goes with --deep N",
                "It says where every Nth archive is restored: --deep 7 --throwaway.");
  }
  command.check_space = line.Flag("space-check", true);
  command.connect = [&run] { return ConnectAsAsked(run); };
  command.clock = UtcNow;
  // Ended by force it leaves nothing: what is under way is removed, or swept by the next run.
  command.own_files = [&run](std::vector<std::string> files) {
    run.signals.RemoveAtForcedEnd(std::move(files));
  };
  command.before_publishing = [&run] { run.signals.ForbidForcedEnd(); };
  command.before_rehearsal = [&run] { run.signals.ForbidForcedEnd(kRehearsalLeft); };
  return command;
}

std::uint64_t Removed(const SnapshotResult& result) {
  return static_cast<std::uint64_t>(
      std::count_if(result.retention.begin(), result.retention.end(),
                    [](const Retained& retained) { return retained.removed; }));
}

std::string Outcome(const SnapshotResult& result) {
  const Receipt& receipt = result.dump->receipt;
  std::string text = fmt::format(
      "snapshot {}: {}, {}, {} with {}, verified", result.code == ErrorCode::kOk ? "ok" : "partial",
      Printable(result.file), HumanBytes(result.dump->output_bytes),
      Counted(receipt.footer.table_count, "table"), Counted(receipt.footer.row_count, "row"));
  if (result.deep) text += ", restore rehearsed" + OnThrowaway(*result.deep);
  text += fmt::format(" in {}", HumanDuration(result.duration_ms));
  if (result.pin) text += fmt::format("; pinned: {}", Printable(*result.pin));
  if (!result.retention.empty()) {
    const std::uint64_t removed = Removed(result);
    text += fmt::format("; {} kept, {} removed", result.retention.size() - removed, removed);
  }
  return text;
}

std::string Trouble(const SnapshotResult& result) {
  if (result.error) return result.error->message();
  if (result.code == ErrorCode::kOk) return "";
  std::string text = "objects were left out:";
  for (const auto& [id, reason] : result.dump->omitted) {
    text += fmt::format(" {} ({})", id.Describe(), reason);
  }
  return text;
}

// The first thing that goes wrong makes a run that went well end with it.
void WriteMetricsAsAsked(Invocation& run, const SnapshotCommand& command, const std::string& path,
                         SnapshotResult& result) {
  if (path.empty() || result.locked_out) return;  // the run that has the lock tells
  try {
    std::vector<FolderEntry> entries;
    std::optional<std::uint64_t> free;
    try {
      entries = ListFolder(run.files, command.folder);
      if (!IsObjectPath(command.folder)) free = FreeBytesOf(command.folder);
    } catch (const Error&) {  // then there is nothing good in it: that is what they tell
    }
    WriteMetrics(run.files, path, SnapshotMetrics(entries, command.label, result, free));
  } catch (Error& error) {
    error.While("the metrics could not be written");
    if (!result.error) {
      result.error = error;
      result.code = error.code();
    } else {
      run.console.Warning(error.message());
    }
  }
}

void RunHookAsAsked(Invocation& run, const SnapshotCommand& command, const SnapshotResult& result) {
  const std::string option = result.code == ErrorCode::kOk ? "hook-ok" : "hook-fail";
  const std::string hook = run.line.Last(option).value_or("");
  if (hook.empty()) return;
  const auto failure = RunHook(hook,
                               {{"DBOMSBAK_FILE", result.file},
                                {"DBOMSBAK_CODE", fmt::format("{}", static_cast<int>(result.code))},
                                {"DBOMSBAK_RESULT", std::string(Describe(result.code).name)},
                                {"DBOMSBAK_MESSAGE", Trouble(result)},
                                {"DBOMSBAK_DIR", command.folder},
                                {"DBOMSBAK_LABEL", command.label}},
                               run.cancel);
  if (failure) run.console.Warning(fmt::format("--{}: '{}' {}", option, hook, *failure));
}

}  // namespace

ErrorCode RunSnapshotCommandLine(Invocation& run) {
  const SnapshotCommand command = CommandOf(run);
  const std::string metrics = MetricsPathOf(run.line);
  const auto observer = ObserveAsAsked(run);
  FewerNotes notes(*observer);
  run.signals.AllowForcedEnd();
  SnapshotResult result = RunSnapshot(run.files, command, notes, run.cancel);
  run.signals.ForbidForcedEnd();  // what remains is told to others, and short
  run.console.ClearStatus();
  if (result.error && run.oms) TellWhereNamed(run.oms->named_at, *result.error);
  if (run.cancel.cancelled() && result.file.empty()) {
    // Whatever broke first: it was an interruption.
    try {
      run.cancel.ThrowIfCancelled();
    } catch (const Error& interruption) {
      result.error = interruption;
      result.code = interruption.code();
    }
  }
  WriteMetricsAsAsked(run, command, metrics, result);
  if (!result.file.empty() && (!run.console.quiet() || result.code != ErrorCode::kOk)) {
    const std::string outcome = Outcome(result);
    run.console.Err(fmt::format("dbomsbak: {}\n", outcome));
    if (result.code == ErrorCode::kPartial && !result.error) run.console.Warning(Trouble(result));
  }
  if (result.error) run.console.PrintError(*result.error);
  if (run.json()) run.console.Out(ToLine(SnapshotToJson(result, command.label)));
  RunHookAsAsked(run, command, result);
  return result.code;
}

}  // namespace dbomsbak
