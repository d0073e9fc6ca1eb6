// upgrade ha-config and upgrade connectors: JSON of OMS's console, without a server.
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "cli/commands.h"
#include "cli/json.h"
#include "dbomsbak/app/oms_json.h"
#include "dbomsbak/base/units.h"

namespace dbomsbak {
namespace {

std::string NameOf(const std::string& path) { return path == "-" ? "standard input" : path; }

std::string ReadAsAsked(Invocation& run, const std::string& path) {
  run.signals.AllowForcedEnd();
  if (path == "-" && isatty(STDIN_FILENO) == 1) {
    run.console.Say("paste the JSON here, then Enter and Ctrl-D");
  }
  return ReadOmsJson(path);
}

HaChange ChangeAsAsked(const CommandLine& line) {
  const bool enable = line.Flag("enable"), disable = line.Flag("disable");
  if (enable == disable) {
    throw Error(ErrorCode::kUsage,
                enable ? "--enable and --disable are both given"
                       : "upgrade ha-config needs --enable or --disable",
                fmt::format("For example: {}", line.command().example));
  }
  return {enable, line.Number("refetch", 1, 100'000)};
}

std::string RenderSource(const std::string& path, const ConnectorSource& source) {
  std::string line = source.connector.empty()
                         ? fmt::format("{}: source at {}", Printable(path), Printable(source.where))
                         : fmt::format("{}: connector {}: source at {}", Printable(path),
                                       Printable(source.connector), Printable(source.where));
  if (!source.lacks_type()) {
    return fmt::format("{}: {} {}\n", line, source.key, Printable(source.db_type));
  }
  line +=
      ": lacks dbType\n  add \"dbType\" with its source database, such as \"OB_MYSQL\" or "
      "\"mysql\", to this object\n";
  if (!source.checkpoint) line += "  no checkpoint is in it: it must be given with the update\n";
  return line;
}

}  // namespace

ErrorCode RunUpgradeHaConfigCommandLine(Invocation& run) {
  const auto& words = run.line.arguments();
  const std::string path = words.empty() ? "-" : words.front();
  const HaChange change = ChangeAsAsked(run.line);
  const ChangedHaConfig changed = ChangeHaConfig(ReadAsAsked(run, path), NameOf(path), change);
  if (run.json()) {
    run.console.Out(ToLine(HaConfigToJson(path, changed)));
    return ErrorCode::kOk;
  }
  for (const ChangedHaConfig::Key& key : changed.keys) {
    run.console.Say(key.from == key.to ? fmt::format("{} is {} already", key.key, key.to)
                    : key.from.empty() ? fmt::format("{}: {}", key.key, key.to)
                                       : fmt::format("{}: {}, was {}", key.key, key.to, key.from));
  }
  for (const std::string& note : changed.notes) run.console.Note(note);
  run.console.Out(changed.text + "\n");
  return ErrorCode::kOk;
}

ErrorCode RunUpgradeConnectorsCommandLine(Invocation& run) {
  ErrorCode code = ErrorCode::kOk;
  std::vector<OmsConnectors> files;
  std::size_t sources = 0, lacking = 0;
  for (const std::string& path : run.line.arguments()) {
    OmsConnectors file{path, {}, std::nullopt};
    try {
      file.sources = ReadConnectors(ReadAsAsked(run, path), NameOf(path));
    } catch (const Error& error) {
      code = Worse(code, error.code());
      file.error = error;
    }
    for (const ConnectorSource& source : file.sources) {
      ++sources;
      if (source.lacks_type()) ++lacking;
      if (!run.json() && (source.lacks_type() || !run.console.quiet())) {
        run.console.Out(RenderSource(path, source));
      }
    }
    if (file.error) run.console.PrintError(*file.error);
    files.push_back(std::move(file));
  }
  if (lacking > 0) code = Worse(code, ErrorCode::kDiffers);
  if (run.json()) {
    run.console.Out(ToLine(ConnectorsToJson(files, code)));
  } else if (lacking > 0) {
    run.console.Warning(
        fmt::format("{} of {} lack their dbType: update them in OMS's console before the upgrade",
                    lacking, Counted(sources, "source")));
  } else if (code == ErrorCode::kOk) {
    run.console.Say(fmt::format("{}: each has its dbType", Counted(sources, "source")));
  }
  return code;
}

}  // namespace dbomsbak
