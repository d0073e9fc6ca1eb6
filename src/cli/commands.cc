#include "cli/commands.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "cli/completion.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/man_page.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/connection_options.h"

namespace dbomsbak {
namespace {

std::optional<std::string> SslMode(const CommandLine& line) {
  if (const auto mode = line.Last("ssl-mode")) return mode;
  if (line.Flag("ssl-verify-server-cert")) return "VERIFY_IDENTITY";
  if (line.Has("ssl")) return line.Flag("ssl") ? "REQUIRED" : "DISABLED";
  return std::nullopt;
}

ConnectionArguments ConnectionOf(const CommandLine& line, const PasswordArguments& password) {
  ConnectionArguments arguments;
  arguments.host = line.Last("host");
  arguments.user = line.Last("user");
  arguments.socket = line.Last("socket");
  arguments.protocol = line.Last("protocol");
  arguments.ssl_mode = SslMode(line);
  arguments.ssl_ca = line.Last("ssl-ca");
  arguments.ssl_cert = line.Last("ssl-cert");
  arguments.ssl_key = line.Last("ssl-key");
  if (const auto port = line.Number("port", 1, 65535)) {
    arguments.port = static_cast<std::uint16_t>(*port);
  }
  if (const auto timeout = line.Number("connect-timeout", 1, 3600)) {
    arguments.connect_timeout_s = static_cast<unsigned>(*timeout);
  }
  arguments.password = password.password;
  arguments.ask_password = password.ask;
  arguments.password_file = line.Last("password-file");
  arguments.defaults_file = line.Last("defaults-file");
  arguments.defaults_extra_file = line.Last("defaults-extra-file");
  arguments.defaults_group_suffix = line.Last("defaults-group-suffix").value_or("");
  arguments.no_defaults = line.Flag("no-defaults");
  return arguments;
}

ProgressStyle StyleOf(Invocation& run) {
  if (const auto style = run.line.Last("progress")) {
    if (*style == "json") return ProgressStyle::kJson;
    if (*style == "bar" || *style == "true") return ProgressStyle::kBar;
    if (*style == "none" || *style == "false") return ProgressStyle::kNone;
    throw Error(ErrorCode::kUsage, fmt::format("--progress is json, bar or none, not '{}'", *style),
                "Without --progress a bar is shown on a terminal.");
  }
  const bool bar = StderrIsTerminal() && !run.console.quiet();
  return bar ? ProgressStyle::kBar : ProgressStyle::kNone;
}

Error Misplaced(const CommandOption& option, const CommandInfo& command) {
  const OptionInfo* const known = FindOption(command.command, "--" + option.name);
  const bool of_connection = known != nullptr && known->group == OptionGroup::kConnection;
  return Error(ErrorCode::kUsage,
               of_connection ? fmt::format("{}: {} does not belong in [dbomsbak-{}]", option.where,
                                           option.name, command.name)
                             : fmt::format("{}: {} has no option {}", option.where, command.name,
                                           option.name),
               of_connection ? "Options of the connection stand in [client] or [dbomsbak]."
                             : fmt::format("See dbomsbak {} --help.", command.name));
}

// What dump then takes its databases from.
bool ChoosesTables(const CommandLine& line) {
  return line.Flag("all-databases") || line.Flag("tables") ||
         (line.Has("only") && line.arguments().empty());
}

}  // namespace

CommandLine WithCommandOptions(const CommandInfo& command, Words words) {
  CommandLine given(command, words);
  if (command.command != kCommandSnapshot || given.help()) return given;
  std::vector<std::string> options, databases;
  for (const CommandOption& option :
       ReadCommandOptions(ConnectionOf(given, {}), fmt::format("dbomsbak-{}", command.name))) {
    if (option.name == "database") {
      databases.push_back(option.value.value_or(""));
      continue;
    }
    const OptionInfo* const known = FindOption(command.command, "--" + option.name);
    if (known == nullptr ||
        (known->group == OptionGroup::kConnection && option.name != "oms-config")) {
      throw Misplaced(option, command);
    }
    options.push_back("--" + option.name);
    if (option.value) options.back() += "=" + *option.value;
  }
  words.words.insert(words.words.begin(), options.begin(), options.end());
  const bool named = !given.arguments().empty() || given.Has("only") || given.Has("all-databases");
  if (!named) {
    words.operands.insert(words.operands.end(), databases.begin(), databases.end());
  }
  return CommandLine(command, std::move(words));
}

const OmsConfig* OmsAsAsked(Invocation& run) {
  const CommandLine& line = run.line;
  if (!run.oms && line.Has("oms-config")) {
    const unsigned command = line.command().command;
    OmsNeeds needs;
    needs.databases = command != kCommandStatus;
    if (command == kCommandVerify) {
      needs.host = needs.port = needs.password = false;
      needs.user = "";
    } else {
      needs.host = !line.Has("host") && !line.Has("socket");
      needs.port = !line.Has("port") && !line.Has("socket");
      needs.user = line.Last("user");
      needs.password = !run.password.given() && !line.Has("password-file") &&
                       std::getenv("DBOMSBAK_PASSWORD") == nullptr;
    }
    if (command == kCommandDump || command == kCommandSnapshot)
      needs.databases = !ChoosesTables(line);
    std::vector<std::string> notices;
    run.oms = ReadOmsConfigs(line.All("oms-config"), needs, notices);
    for (const std::string& notice : notices) run.console.Warning(notice);
  }
  return run.oms ? &*run.oms : nullptr;
}

std::vector<std::string> DatabasesAsAsked(Invocation& run) {
  const std::vector<std::string>& named = run.line.arguments();
  const OmsConfig* const oms = OmsAsAsked(run);
  return oms == nullptr ? named : ChosenDatabases(*oms, named);
}

std::string OmsDatabasesAre(const OmsConfig& oms, const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(QuoteIdentifier(name));
  return fmt::format("{} of {} {}", Joined(quoted, ", "), Joined(oms.paths, ", "),
                     names.size() == 1 ? "is" : "are");
}

std::unique_ptr<SessionFactory> ConnectAsAsked(Invocation& run) {
  std::vector<std::string> notices;
  ConnectionArguments arguments = ConnectionOf(run.line, run.password);
  if (const OmsConfig* const oms = OmsAsAsked(run)) {
    arguments.configured = {oms->host, oms->user, oms->port, oms->password, oms->password_cut};
  }
  const ConnectionOptions options = ResolveConnection(arguments, AskPassword, notices);
  for (const std::string& notice : notices) run.console.Warning(notice);
  run.cancel.ThrowIfCancelled();
  return run.make_sessions(options);
}

std::optional<std::string> ThrowawayAsAsked(const CommandLine& line) {
  const std::optional<std::string> program = line.Last("throwaway");
  if (program == "true") return "";  // so reads the option without a value
  return program;
}

bool HtmlAsAsked(const Invocation& run) {
  if (!run.line.Flag("html")) return false;
  if (run.json()) {
    throw Error(ErrorCode::kUsage, "--html and --json are two answers",
                "Ask for one of them: --html for a browser, --json for a program.");
  }
  if (StdoutIsTerminal()) {
    throw Error(ErrorCode::kUsage, "--html writes a page, which is not for a terminal",
                "Put it into a file, and open that in a browser: --html > page.html");
  }
  return true;
}

std::unique_ptr<Observer> ObserveAsAsked(Invocation& run) {
  return MakeObserver(run.console, StyleOf(run), run.line.Flag("verbose"), SizeOfTerminal);
}

bool ShowsPhases(Invocation& run) {
  const ProgressStyle style = StyleOf(run);
  return style == ProgressStyle::kBar ||
         (style == ProgressStyle::kNone && run.line.Flag("verbose"));
}

ErrorCode RunHelpCommandLine(Invocation& run) {
  const CommandLine& line = run.line;
  if (const auto shell = line.Last("completion")) {
    run.console.Out(RenderCompletion(*shell));
    return ErrorCode::kOk;
  }
  const std::string topic = Joined(line.arguments(), " ");  // "upgrade ha-config" is two
  if (run.json()) {
    if (!topic.empty()) {
      throw Error(ErrorCode::kUsage, fmt::format("help --json takes no topic '{}'", topic),
                  "It tells all of them at once.");
    }
    run.console.Out(ToLine(HelpToJson()));
    return ErrorCode::kOk;
  }
  if (line.Flag("man-page")) {
    const CommandInfo* const command = FindCommand(topic);
    if (command == nullptr) throw UnknownTopic(topic, CommandNames());
    run.console.Out(ManPage(*command));
    return ErrorCode::kOk;
  }
  run.console.Out(line.Flag("markdown") ? HelpMarkdown(topic)
                  : line.Flag("man")    ? HelpMan(topic)
                                        : HelpPage(topic, ColumnsOfStdout()));
  return ErrorCode::kOk;
}

ErrorCode RunCommand(Invocation& run) {
  switch (run.line.command().command) {
    case kCommandDump:
      return RunDumpCommandLine(run);
    case kCommandVerify:
      return RunVerifyCommandLine(run);
    case kCommandInfo:
      return RunInfoCommandLine(run);
    case kCommandCat:
      return RunCatCommandLine(run);
    case kCommandCheck:
      return RunCheckCommandLine(run);
    case kCommandRestore:
      return RunRestoreCommandLine(run);
    case kCommandUndo:
      return RunUndoCommandLine(run);
    case kCommandPurge:
      return RunPurgeCommandLine(run);
    case kCommandStatus:
      return RunStatusCommandLine(run);
    case kCommandDiff:
      return RunDiffCommandLine(run);
    case kCommandSnapshot:
      return RunSnapshotCommandLine(run);
    case kCommandList:
      return RunListCommandLine(run);
    case kCommandPrune:
      return RunPruneCommandLine(run);
    case kCommandUpgradeHaConfig:
      return RunUpgradeHaConfigCommandLine(run);
    case kCommandUpgradeConnectors:
      return RunUpgradeConnectorsCommandLine(run);
    case kCommandUpgrade:
      return RunUpgradeCommandLine(run);
    case kCommandHelp:
      return RunHelpCommandLine(run);
  }
  throw Error(ErrorCode::kInternal, "a command without a function");
}

}  // namespace dbomsbak
