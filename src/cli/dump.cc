#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "cli/commands.h"
#include "cli/envelope.h"
#include "cli/json.h"
#include "cli/render.h"
#include "cli/terminal.h"
#include "dbomsbak/app/dump_command.h"
#include "dbomsbak/app/names.h"
#include "dbomsbak/engine/quiet.h"

namespace dbomsbak {
namespace {

constexpr std::uint64_t kLeastMemory = std::uint64_t{16} << 20;  // one frame a stage and a reserve
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 40;

std::optional<DumpFormat> FormatOf(const CommandLine& line) {
  const auto word = line.Last("format");
  if (!word) return std::nullopt;
  if (*word == "sql") return DumpFormat::kPlainSql;
  if (*word == "archive") return DumpFormat::kArchive;
  throw Error(ErrorCode::kUsage, fmt::format("--format is sql or archive, not '{}'", *word),
              "Leave it away to let the name of the file decide.");
}

std::optional<std::int64_t> SourceDateEpoch() {
  const char* const text = std::getenv("SOURCE_DATE_EPOCH");
  if (text == nullptr || *text == '\0') return std::nullopt;
  const std::string_view view = text;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error == std::errc() && end == view.data() + view.size() && value >= 0) return value;
  throw Error(ErrorCode::kUsage,
              fmt::format("SOURCE_DATE_EPOCH is '{}', which is no number of seconds", view),
              "Unset it, or set it to seconds since 1970.");
}

int LevelOf(const CommandLine& line) {
  constexpr int kDefault = 3;
  const auto level = line.Last("compress");
  if (!level) return kDefault;
  if (*level == "true") {
    // mysqldump's --compress means the connection. A number behind it was taken for a database.
    const auto& words = line.arguments();
    const auto number = std::find_if(words.begin(), words.end(), [](const std::string& word) {
      return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
    });
    if (number != words.end()) {
      throw Error(ErrorCode::kUsage, fmt::format("is '{}' a database or a level?", *number),
                  fmt::format("Write --compress={} for a level.", *number));
    }
    return kDefault;
  }
  return static_cast<int>(*line.Number("compress", 0, 19));
}

Ddl DdlOf(const CommandLine& line) {
  const std::string word = line.Last("ddl").value_or("native");
  if (word == "native") return Ddl::kNative;
  if (word == "portable") return Ddl::kPortable;
  throw Error(ErrorCode::kUsage, fmt::format("--ddl is native or portable, not '{}'", word),
              "Leave it away for definitions as the server prints them.");
}

ThrottleLimits ThrottleOf(const CommandLine& line) {
  constexpr std::string_view kRows = "rows", kLoad = "load=";
  ThrottleLimits limits;
  for (const std::string& text : line.All("throttle")) {
    const std::string_view word = text;
    std::optional<std::uint64_t> number;
    if (word.starts_with(kLoad)) {
      number = ParseNumber(word.substr(kLoad.size()));
      limits.running_threads = number.value_or(0);
    } else if (word.ends_with(kRows)) {
      number = ParseNumber(word.substr(0, word.size() - kRows.size()));
      limits.rows_a_second = number.value_or(0);
    } else {
      number = ParseSize(word);
      limits.bytes_a_second = number.value_or(0);
    }
    if (number.value_or(0) > 0) continue;
    throw Error(
        ErrorCode::kUsage,
        fmt::format("--throttle wants a limit such as 20M, 5000rows or load=30, not '{}'", text),
        "Bytes or rows are those of one second; load= counts the threads that run on the "
        "server besides the dump's.");
  }
  return limits;
}

Scope ScopeOf(Invocation& run) {
  const CommandLine& line = run.line;
  Console& console = run.console;
  Scope scope;
  scope.databases = DatabasesAsAsked(run);
  for (const std::string& text : line.All("only")) {
    scope.only_tables.push_back(ParseTableName(text, "--only"));
  }
  if (line.Flag("tables") && scope.databases.size() > 1) {
    for (std::size_t i = 1; i < scope.databases.size(); ++i) {
      scope.only_tables.emplace_back(scope.databases.front(), scope.databases[i]);
    }
    scope.databases.resize(1);
  }
  if (scope.databases.empty()) {
    for (const auto& [database, table] : scope.only_tables) scope.databases.push_back(database);
  }
  std::sort(scope.databases.begin(), scope.databases.end());
  scope.databases.erase(std::unique(scope.databases.begin(), scope.databases.end()),
                        scope.databases.end());
  const auto is_dumped = [&](const std::string& database) {
    return std::binary_search(scope.databases.begin(), scope.databases.end(), database);
  };
  const bool all = line.Flag("all-databases");
  for (const auto& [database, table] : scope.only_tables) {
    if (is_dumped(database) || all) continue;
    throw Error(ErrorCode::kUsage,
                fmt::format("--only {}.{}: {} is not among the databases to dump", database, table,
                            database),
                fmt::format("Name {} as well, or leave the other databases away.", database));
  }
  for (const std::string& text : line.All("ignore-table")) {
    auto table = ParseTableName(text, "--ignore-table");
    if (is_dumped(table.first) || all) {
      scope.ignored_tables.push_back(std::move(table));
    } else {
      console.Note(fmt::format("--ignore-table {}: {} is not dumped at all", text, table.first));
    }
  }
  if (!line.Flag("triggers", true)) scope.excluded_kinds.push_back(ObjectKind::kTrigger);
  if (!line.Flag("routines", true)) {
    scope.excluded_kinds.insert(scope.excluded_kinds.end(),
                                {ObjectKind::kFunction, ObjectKind::kProcedure,
                                 ObjectKind::kPackage, ObjectKind::kPackageBody});
  }
  if (!line.Flag("events", true)) scope.excluded_kinds.push_back(ObjectKind::kEvent);
  if (const auto condition = line.Last("where")) scope.row_filters["*"] = *condition;
  scope.no_data = line.Flag("no-data");
  scope.no_create_info = line.Flag("no-create-info");
  if (scope.no_data && scope.no_create_info) {
    throw Error(ErrorCode::kUsage, "--no-data and --no-create-info together leave nothing to dump",
                "Leave one of them away.");
  }
  if (line.Flag("prune-heartbeat") && (scope.no_data || line.Last("where"))) {
    throw Error(ErrorCode::kUsage, "--prune-heartbeat goes with neither --where nor --no-data",
                "It says by itself which rows are dumped.");
  }
  return scope;
}

void CheckCharset(const CommandLine& line) {
  const auto name = line.Last("default-character-set");
  if (!name || *name == "utf8mb4" || *name == "utf8" || *name == "utf8mb3" || *name == "auto" ||
      *name == "binary") {
    return;
  }
  throw Error(
      ErrorCode::kUsage,
      fmt::format("--default-character-set={} cannot be honoured: the text is utf8mb4", *name),
      "Leave it away: values in other charsets are written exactly.");
}

}  // namespace

DumpOptions DumpOptionsAsAsked(Invocation& run) {
  const CommandLine& line = run.line;
  DumpOptions options;
  options.scope = ScopeOf(run);
  options.all_databases = line.Flag("all-databases");
  if (options.all_databases && !line.arguments().empty()) {
    throw Error(ErrorCode::kUsage, "--all-databases and names of databases exclude each other",
                "Leave one of them away.");
  }
  if (!options.all_databases && options.scope.databases.empty()) {
    throw Error(ErrorCode::kUsage, "no database is named",
                "Name the databases to dump, or add --all-databases.");
  }
  options.ddl = DdlOf(line);
  options.prune_heartbeat = line.Flag("prune-heartbeat");
  if (const auto jobs = line.Number("jobs", 1, 64)) options.jobs = static_cast<unsigned>(*jobs);
  options.compression_level = LevelOf(line);
  options.throttle = ThrottleOf(line);
  if (const auto bytes = line.Bytes("max-memory")) {
    options.max_memory_bytes = std::clamp(*bytes, kLeastMemory, kMostMemory);
  }
  if (const auto seconds = line.Number("lock-wait", 1, 86400)) {
    options.lock_wait_s = static_cast<unsigned>(*seconds);
  }
  options.allow_partial = line.Flag("allow-partial");
  options.add_drop_database = line.Flag("add-drop-database");
  options.with_create_database =
      (line.Flag("databases") && !line.Flag("tables")) || options.all_databases;
  options.source_date_epoch = SourceDateEpoch();
  if (const OmsConfig* const oms = OmsAsAsked(run)) {
    options.heartbeat_databases = oms->heartbeats;
    const auto missing = MissingDatabases(*oms, options.scope.databases);
    if (!missing.empty()) {
      run.console.Warning(
          fmt::format("{} not dumped, as others are named: this is a part of OMS's databases",
                      OmsDatabasesAre(*oms, missing)));
    }
  }
  return options;
}

namespace {

bool IsEncrypted(const CommandLine& line) {
  return line.Has("encrypt-to") || line.Has("recipients-file") || line.Flag("encrypt-passphrase");
}

// A dump is one snapshot whoever writes; but it is not what OMS has when it is stopped.
void TellIfInUse(Invocation& run, const Scope& scope, SessionFactory& sessions,
                 Observer& observer) {
  const OmsConfig* const oms = OmsAsAsked(run);
  if (oms == nullptr || scope.databases.empty()) return;
  const auto session = sessions.Connect();
  const std::vector<std::string> told =
      DescribeUse(*session, scope.databases, oms->heartbeats, observer, run.cancel);
  run.console.ClearStatus();
  for (const std::string& line : told) {
    run.console.Warning(line + "; what is written from now on is not in the dump");
  }
}

}  // namespace

ErrorCode RunDumpCommandLine(Invocation& run) {
  const CommandLine& line = run.line;
  DumpCommand command;
  command.options = DumpOptionsAsAsked(run);
  CheckCharset(line);
  command.target =
      ResolveOutput(line.Last("output"), FormatOf(line), StdoutIsTerminal(), IsEncrypted(line));
  command.overwrite = line.Flag("overwrite");
  if (run.json() && command.target.to_stdout) {
    throw Error(ErrorCode::kUsage, "--json needs -o FILE: standard output carries the dump",
                "Name a file with -o, or leave --json away.");
  }
  if (const auto ignored = line.ignored(); !ignored.empty()) {
    std::string names;
    for (const auto& option : ignored) names += fmt::format(" {}", option.option);
    run.console.Note(fmt::format("of no use here, ignored:{} (dbomsbak help options)", names));
  }

  if (command.target.to_stdout && line.Has("sign-key")) {
    throw Error(ErrorCode::kUsage, "--sign-key needs -o FILE: the signature stands beside it",
                "Name a file with -o, or sign what the pipe ends in with minisign -S.");
  }
  command.envelope = EnvelopeAsAsked(run);
  const auto sessions = ConnectAsAsked(run);
  const auto observer = ObserveAsAsked(run);
  run.signals.AllowForcedEnd();
  command.own_files = [&](std::vector<std::string> files) {
    run.signals.RemoveAtForcedEnd(std::move(files));
  };
  TellIfInUse(run, command.options.scope, *sessions, *observer);
  command.before_publishing = [&] { run.signals.ForbidForcedEnd(); };
  const auto start = std::chrono::steady_clock::now();
  const DumpResult result = [&] {
    try {
      return RunDumpCommand(*sessions, run.files, run.console.out(), command, *observer,
                            run.cancel);
    } catch (Error& error) {
      // There is nothing to put right; that a terminal is gone is worth more.
      const bool hangup = error.message().starts_with("stopped by SIGHUP");
      // A hint that names the file knows more of it: an upload may have been completed.
      const bool told = error.hint().find(command.target.path) != std::string::npos;
      if (run.cancel.cancelled() && !hangup && !told && !command.target.to_stdout) {
        error.set_hint(
            fmt::format("Nothing is left behind: '{}' is as it was before.", command.target.path));
      }
      // "-p SECRET shop" reads as: ask, and dump SECRET and shop.
      const auto& words = line.arguments();
      if (error.code() == ErrorCode::kUsage && run.password.ask &&
          std::find(words.begin(), words.end(), error.object()) != words.end()) {
        error.set_hint(error.hint() + " If it is the password: it follows -p without a blank.");
      }
      throw;
    }
  }();

  const ErrorCode code = result.omitted.empty() ? ErrorCode::kOk : ErrorCode::kPartial;
  run.console.ClearStatus();
  const std::string path = command.target.to_stdout ? "stdout" : command.target.path;
  if (run.json()) {
    run.console.Out(ToLine(DumpToJson(result, code, path)));
  } else if (!run.console.quiet() || code != ErrorCode::kOk) {
    const auto duration = std::chrono::steady_clock::now() - start;
    run.console.Say(DumpSummary(
        result, static_cast<std::uint64_t>(
                    std::chrono::duration_cast<std::chrono::milliseconds>(duration).count())));
    run.console.Err(RenderDump(result, path));
  }
  return code;
}

}  // namespace dbomsbak
