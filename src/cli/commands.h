// Each command from its parsed options to its exit code.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/main_function.h"
#include "cli/password_arguments.h"
#include "cli/signals.h"
#include "dbomsbak/app/envelope.h"
#include "dbomsbak/app/oms_config.h"
#include "dbomsbak/app/retention.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/dump.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// What a command works with.
struct Invocation {
  const CommandLine& line;
  const PasswordArguments& password;
  Console& console;
  EncryptedFiles& files;
  CancelToken& cancel;
  SignalWatch& signals;
  SessionMaker make_sessions;

  std::optional<OmsConfig> oms = std::nullopt;  // see OmsAsAsked

  bool json() const { return line.Flag("json"); }
};

// Runs the command. Errors are thrown; what is no error but no success either (partial, a bad
// verdict, problems found by check) is returned.
ErrorCode RunCommand(Invocation& run);

ErrorCode RunDumpCommandLine(Invocation& run);
ErrorCode RunVerifyCommandLine(Invocation& run);
ErrorCode RunInfoCommandLine(Invocation& run);
ErrorCode RunCatCommandLine(Invocation& run);
ErrorCode RunCheckCommandLine(Invocation& run);
ErrorCode RunRestoreCommandLine(Invocation& run);
ErrorCode RunUndoCommandLine(Invocation& run);
ErrorCode RunPurgeCommandLine(Invocation& run);
ErrorCode RunStatusCommandLine(Invocation& run);
ErrorCode RunDiffCommandLine(Invocation& run);
ErrorCode RunSnapshotCommandLine(Invocation& run);
ErrorCode RunListCommandLine(Invocation& run);
ErrorCode RunPruneCommandLine(Invocation& run);
ErrorCode RunUpgradeHaConfigCommandLine(Invocation& run);
ErrorCode RunUpgradeConnectorsCommandLine(Invocation& run);
ErrorCode RunUpgradeCommandLine(Invocation& run);
ErrorCode RunHelpCommandLine(Invocation& run);

// What dump and snapshot have in common.
DumpOptions DumpOptionsAsAsked(Invocation& run);
// The --keep options.
KeepRules KeepRulesAsAsked(const CommandLine& line);

// The command line; that of `snapshot` with the options and databases of the group
// [dbomsbak-snapshot] of option files, which those of `words` override.
CommandLine WithCommandOptions(const CommandInfo& command, Words words);

// What --oms-config names, read once; null without it. What options say need not be in the files.
const OmsConfig* OmsAsAsked(Invocation& run);
// Those of the command line, and of --oms-config as ChosenDatabases says.
std::vector<std::string> DatabasesAsAsked(Invocation& run);
// "`a`, `b` of config.yaml are", "`a` of config.yaml is"
std::string OmsDatabasesAre(const OmsConfig& oms, const std::vector<std::string>& names);
// Sessions by the connection options of the command line; asks for the password when told to.
std::unique_ptr<SessionFactory> ConnectAsAsked(Invocation& run);
// The program of --throwaway, empty: one that is found; nothing without that option.
std::optional<std::string> ThrowawayAsAsked(const CommandLine& line);
// --html. Errors: kUsage beside --json, and where stdout is a terminal.
bool HtmlAsAsked(const Invocation& run);
// By --progress, --verbose and --quiet.
std::unique_ptr<Observer> ObserveAsAsked(Invocation& run);
// That observer writes phases as lines for people.
bool ShowsPhases(Invocation& run);

}  // namespace dbomsbak
