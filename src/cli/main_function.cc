#include "cli/main_function.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "cli/commands.h"
#include "cli/envelope.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/terminal.h"
#include "dbomsbak/base/near_names.h"
#include "dbomsbak/objects/object_files.h"

namespace dbomsbak {
namespace {

// No core file: it would hold passwords and rows. The limit alone does not count where the kernel
// hands cores to a program (systemd-coredump); what is not dumpable is also closed to other
// programs of the same user: its memory, and the environment that a password may stand in.
void ForbidCoreFiles() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0);
}

// Whether errors of the command line itself shall be JSON as well: as far as can be told before it
// is understood.
bool AsksForJson(const std::vector<std::string>& words) {
  constexpr std::string_view kOption = "--json";
  bool asks = false;
  for (const std::string& word : words) {
    if (word == kOption) asks = true;
    if (!word.starts_with(fmt::format("{}=", kOption))) continue;
    const std::string_view value = std::string_view(word).substr(kOption.size() + 1);
    asks = value != "false" && value != "0" && value != "off" && value != "no";
  }
  return asks;
}

// Takes the command's words, one or two, off the front.
const CommandInfo& TakeCommand(std::vector<std::string>& words) {
  const std::string first = words.front();
  const std::string both = words.size() > 1 ? fmt::format("{} {}", first, words[1]) : first;
  if (const CommandInfo* command = words.size() > 1 ? FindCommand(both) : nullptr) {
    words.erase(words.begin(), words.begin() + 2);
    return *command;
  }
  if (const CommandInfo* command = FindCommand(first)) {
    words.erase(words.begin());
    return *command;
  }
  if (first.starts_with('-')) {
    std::string near = DidYouMean(first, {"--help", "--version"});
    if (!near.empty()) {
      throw Error(ErrorCode::kUsage, fmt::format("there is no option {} without a command", first),
                  std::move(near))
          .About(first);
    }
    throw Error(
        ErrorCode::kUsage, fmt::format("the command comes first, before {}", first),
        "Usage: dbomsbak COMMAND [options] [arguments]; dbomsbak --help lists the commands.");
  }
  const std::vector<std::string> names = CommandNames();
  const bool has_more = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return IsCommandOf(first, name);
  });
  const std::string& missing = has_more ? both : first;
  std::string hint = DidYouMean(missing, names);
  if (first == "version") hint = "dbomsbak --version tells it.";
  if (hint.empty()) hint = "dbomsbak --help lists the commands.";
  throw Error(ErrorCode::kUsage, fmt::format("there is no command '{}'", missing), std::move(hint))
      .About(missing);
}

// `json`: set once the options are known, those of option files among them.
ErrorCode RunWords(CleanArguments& arguments, Console& console, CancelToken& cancel,
                   SignalWatch& signals, SessionMaker make_sessions, bool& json) {
  std::vector<std::string>& words = arguments.rest.words;
  if (words.empty() || words.front() == "--help" || words.front() == "-?") {
    console.Out(OverviewPage(ColumnsOfStdout()));
    return ErrorCode::kOk;
  }
  if (words.front() == "--version" || words.front() == "-V") {
    console.Out(VersionLine());
    return ErrorCode::kOk;
  }
  const CommandInfo& command = TakeCommand(words);
  const CommandLine line = WithCommandOptions(command, std::move(arguments.rest));
  if (FindOption(command.command, "--json") != nullptr) json = line.Flag("json", json);
  if (line.help()) {
    console.Out(CommandPage(command, ColumnsOfStdout()));
    return ErrorCode::kOk;
  }
  if (arguments.password.given() && FindOption(command.command, "--password") == nullptr) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{} needs no password: it asks no server", command.name),
                fmt::format("Leave -p away. See dbomsbak {} --help.", command.name));
  }
  if (FindOption(command.command, "--quiet") != nullptr) console.set_quiet(line.Flag("quiet"));
  const bool stores = FindOption(command.command, "--s3-endpoint") != nullptr;
  const bool sized = FindOption(command.command, "--max-memory") != nullptr;
  ObjectFiles objects(FileSystem::Posix(),
                      S3ByEnvironment(stores ? line.Last("s3-endpoint").value_or("") : "", cancel),
                      PartBytes(sized ? line.Bytes("max-memory").value_or(0) : 0));
  EncryptedFiles files(objects, KeysAsAsked(line, console));
  Invocation run{line, arguments.password, console, files, cancel, signals, make_sessions};
  try {
    return RunCommand(run);
  } catch (Error& error) {
    if (run.oms) TellWhereNamed(run.oms->named_at, error);
    throw;
  }
}

// After Ctrl-C whatever breaks first is told as what it is: an interruption. Where a command may
// not be ended by force (restore, undo, purge at work) its own verdict on where it stopped, and
// what to do next, matters more.
Error AsInterruption(const Error& error, const CancelToken& cancel, const SignalWatch& signals) {
  const ErrorCode code = error.code();
  if (!cancel.cancelled() || !signals.may_force() ||
      (code != ErrorCode::kConnectionLost && code != ErrorCode::kConnect &&
       code != ErrorCode::kQueryRefused)) {
    return error;
  }
  try {
    cancel.ThrowIfCancelled();
  } catch (const Error& interruption) {
    return interruption;
  }
  return error;
}

// `-p secret`: asked for a password, and the word taken for a database.
Error WithPasswordHint(Error error, const PasswordArguments& password) {
  const bool asked = error.message().starts_with("a password is asked for");
  const bool told = error.hint().find("without a blank") != std::string::npos;
  if (!told && !password.behind.empty() && (asked || error.object() == password.behind)) {
    std::string hint =
        "With a blank behind it -p asks for the password, and the next word is an argument. A "
        "password is attached, -pSECRET, or stands in an option file.";
    if (!error.hint().empty()) hint += " " + error.hint();
    error.set_hint(std::move(hint));
  }
  return error;
}

int Report(const Error& error, bool json, Console& console) {
  console.PrintError(error);
  if (json) {
    try {
      console.Out(ToLine(ErrorToJson(error)));
    } catch (const Error&) {  // stdout is gone; stderr and the code have told
    }
  }
  return static_cast<int>(error.code());
}

}  // namespace

int Main(int argc, char** argv, SessionMaker make_sessions) {
  CleanArguments arguments = TakePasswords(argc, argv);  // before anything else
  ForbidCoreFiles();
  ::umask(077);
  const auto out = WrapDescriptor(STDOUT_FILENO, "standard output");
  const auto err = WrapDescriptor(STDERR_FILENO, "standard error");
  Console console(*out, *err);
  console.set_colour(StderrTakesColour());
  CancelToken cancel;
  bool json = AsksForJson(arguments.rest.words);
  try {
    SignalWatch signals(cancel, console);
    try {
      return static_cast<int>(RunWords(arguments, console, cancel, signals, make_sessions, json));
    } catch (const Error& error) {
      return Report(WithPasswordHint(AsInterruption(error, cancel, signals), arguments.password),
                    json, console);
    }
  } catch (const Error& error) {
    return Report(error, json, console);
  } catch (const std::bad_alloc&) {
    return Report(Error(ErrorCode::kInternal, "out of memory", "Lower --jobs or --max-memory."),
                  json, console);
  } catch (const std::exception& error) {
    return Report(Error(ErrorCode::kInternal, fmt::format("unexpected: {}", error.what()),
                        "This is a fault of dbomsbak; please report it."),
                  json, console);
  }
}

}  // namespace dbomsbak
