#include "dbomsbak/app/restore_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "dbomsbak/app/dump_command.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/objects/object_files.h"

namespace dbomsbak {
namespace {

// "… you need (at least one of) the SUPER, BINLOG ADMIN privilege(s) for this operation": the last,
// which is the least.
std::string PrivilegeIn(const std::string& message) {
  constexpr std::string_view kBefore = " the ", kBehind = " privilege";
  const std::size_t end = message.find(kBehind);
  const std::size_t begin = end == std::string::npos ? end : message.rfind(kBefore, end);
  if (begin == std::string::npos) return "SUPER";
  std::string list = message.substr(begin + kBefore.size(), end - begin - kBefore.size());
  for (const std::string_view separator : {", ", " or "}) {
    const std::size_t at = list.rfind(separator);
    if (at != std::string::npos) list.erase(0, at + separator.size());
  }
  return list;
}

// Sessions whose statements the server does not write into its binary log.
class WithoutBinlog final : public SessionFactory {
 public:
  explicit WithoutBinlog(SessionFactory& sessions) : sessions_(sessions) {}

  std::unique_ptr<Session> Connect() override {
    std::unique_ptr<Session> session = sessions_.Connect();
    try {
      session->Execute("SET SESSION sql_log_bin=0");
    } catch (const ServerError& e) {
      if (e.code() != ErrorCode::kPrivilege) throw;
      throw Error(
          ErrorCode::kPrivilege, fmt::format("--skip-binlog: {}", e.message()),
          fmt::format("GRANT {} ON *.* TO {}; or leave --skip-binlog out: replicas then "
                      "follow the restore.",
                      PrivilegeIn(e.message()),
                      QuoteAccount(session->QueryValue("SELECT CURRENT_USER()").value_or(""))));
    }
    return session;
  }

 private:
  SessionFactory& sessions_;
};

void RefuseTwice(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (std::count(paths.begin(), paths.end(), path) == 1) continue;
    throw Error(ErrorCode::kUsage, fmt::format("'{}' is given twice", path),
                "Give one file for each database.");
  }
}

std::vector<std::shared_ptr<const RandomAccessFile>> OpenAll(FileSystem& files,
                                                             const RestoreCommand& command,
                                                             Observer& observer,
                                                             const CancelToken& cancel) {
  std::vector<std::shared_ptr<const RandomAccessFile>> opened;
  for (const std::string& path : command.paths) {
    opened.push_back(files.OpenForReading(path));
    if (!command.signatures.any()) continue;
    const SignatureReport report =
        RequireSignature(files, path, *opened.back(), command.signatures, cancel);
    observer.Notice(
        fmt::format("'{}' is signed with key {}: {}", path, report.key, report.comment));
  }
  return opened;
}

// Before a file is looked at: a window that was left open must not wait for it, or fail with it.
// A restore in place heals by itself once more, when it knows whether it may give up another.
std::vector<HealedSet> HealFirst(SessionFactory& sessions, bool in_place, Observer& observer) {
  std::vector<HealedSet> healed;
  try {
    HealOpenWindows(sessions, observer, healed);
  } catch (const Error& error) {
    // Where no server answers, what is wrong with the file is worth more to know.
    if (error.code() != ErrorCode::kConnect &&
        !(in_place && error.code() == ErrorCode::kNeedsHelp)) {
      throw;
    }
  }
  return healed;
}

// Beside the archive, with the moment in it: the same command does not meet its own file again.
std::string SafetyDumpBeside(const std::string& archive) {
  if (archive == "-") {
    throw Error(ErrorCode::kUsage, "--in-place from a pipe needs --safety-dump FILE",
                "What is live is dumped to that file before anything is changed.");
  }
  std::string stem = archive;
  for (const std::string_view ending : {".age", ".zst", ".gz", ".sql"}) {
    if (stem.ends_with(ending)) stem.resize(stem.size() - ending.size());
  }
  const std::time_t now = std::time(nullptr);
  return fmt::format("{}.safety-{:%Y%m%dT%H%M%SZ}.sql.zst", stem, fmt::gmtime(now));
}

std::shared_ptr<const RandomAccessFile> TakeSafetyDump(SessionFactory& sessions, FileSystem& files,
                                                       const std::string& path,
                                                       const RestoreOptions& options,
                                                       const std::vector<std::string>& databases,
                                                       Observer& observer,
                                                       const CancelToken& cancel) {
  DumpCommand dump;
  dump.target.path = path;
  dump.target.format = DumpFormat::kArchive;
  dump.options.scope.databases = databases;
  if (options.jobs != 0) dump.options.jobs = options.jobs;
  dump.options.max_memory_bytes = options.max_memory_bytes;
  dump.options.lock_wait_s = options.lock_wait_s;
  dump.options.lock_tries = options.lock_tries;
  RunDumpToFile(sessions, files, dump, observer, cancel);
  observer.Notice(fmt::format("what is live was dumped to '{}'", path));
  return files.OpenForReading(path);
}

}  // namespace

RestoreResult RunRestoreCommand(SessionFactory& all_sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel) {
  RefuseTwice(command.paths);
  WithoutBinlog unlogged(all_sessions);
  SessionFactory& sessions = command.skip_binlog ? unlogged : all_sessions;
  if (command.swap) {  // which heals by itself: an interrupted one is then done, or goes on
    return RunSwapPrepared(sessions, OpenAll(files, command, observer, cancel), command.options,
                           confirm, observer, cancel);
  }
  RestoreOptions options = command.options;
  const auto objects = std::count_if(command.paths.begin(), command.paths.end(), IsObjectPath);
  options.max_memory_bytes = MemoryBeside(
      static_cast<std::size_t>(objects) * ObjectFiles::kReadingBytes, options.max_memory_bytes);
  if (!options.dry_run) options.healed = HealFirst(sessions, options.in_place, observer);
  const auto opened = OpenAll(files, command, observer, cancel);
  if (options.in_place) {
    std::string& name = options.safety_dump_name;
    name =
        command.safety_dump.empty() ? SafetyDumpBeside(command.paths.front()) : command.safety_dump;
    if (!options.rehearse && files.Exists(name)) {
      options.safety_dump_there = files.OpenForReading(name);
      options.safety_dump_beside = SafetyDumpBeside(name);
    }
    options.safety_dump = [&](const std::string& path, const std::vector<std::string>& databases) {
      return TakeSafetyDump(sessions, files, path, options, databases, observer, cancel);
    };
  }
  return RunRestore(sessions, opened, options, confirm, observer, cancel);
}

AbortResult RunAbortCommand(SessionFactory& all_sessions, FileSystem& files,
                            const RestoreCommand& command,
                            const std::function<bool(const std::vector<Leftover>&)>& confirm,
                            Observer& observer, const CancelToken& cancel) {
  RefuseTwice(command.paths);
  WithoutBinlog unlogged(all_sessions);
  SessionFactory& sessions = command.skip_binlog ? unlogged : all_sessions;
  return RunAbort(sessions, OpenAll(files, command, observer, cancel), command.options, confirm,
                  observer, cancel);
}

}  // namespace dbomsbak
