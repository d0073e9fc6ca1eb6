#include "dbomsbak/app/deep_verify.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "dbomsbak/app/restore_command.h"
#include "dbomsbak/app/throwaway_server.h"
#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"

namespace dbomsbak {
namespace {

using Clock = std::chrono::steady_clock;

std::uint64_t Since(Clock::time_point begun) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count());
}

// A killed server's shell tells of it a moment later.
bool IsGone(const ThrowawayServer& server, ErrorCode code) {
  const bool is_lost = code == ErrorCode::kConnectionLost || code == ErrorCode::kConnect;
  for (int looks = is_lost ? 20 : 0; looks > 0 && !server.HasEnded(); --looks) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return server.HasEnded();
}

// Nothing: it is no archive.
std::string FlavourOf(FileSystem& files, const std::string& path) {
  try {
    return ArchiveReader::Open(files.OpenForReading(path)).header().server_flavour;
  } catch (const Error&) {
    return {};
  }
}

DeepReport Rehearse(SessionFactory& sessions, bool is_throwaway, FileSystem& files,
                    const DeepVerifyCommand& command, Observer& observer,
                    const CancelToken& cancel) {
  const Clock::time_point begun = Clock::now();
  RestoreCommand restore;
  restore.paths = command.paths;
  restore.options.rehearse = true;
  restore.options.throwaway_server = is_throwaway;
  restore.options.force = true;
  restore.options.allow_partial = true;
  restore.options.allow_filtered = true;
  restore.options.max_memory_bytes = command.max_memory_bytes;
  if (command.jobs > 0) restore.options.jobs = command.jobs;
  const RestoreResult result =
      RunRestoreCommand(sessions, files, restore, nullptr, observer, cancel);
  DeepReport report;
  report.tables = result.tables_proved;
  report.rows = result.rows_proved;
  report.load_ms = result.load_ms;
  report.prove_ms = result.prove_ms;
  report.duration_ms = Since(begun);
  return report;
}

}  // namespace

DeepReport VerifyOn(SessionFactory& sessions, FileSystem& files, const DeepVerifyCommand& command,
                    Observer& observer, const CancelToken& cancel) {
  return Rehearse(sessions, false, files, command, observer, cancel);
}

DeepReport VerifyOnThrowaway(FileSystem& files, const DeepVerifyCommand& command,
                             Observer& observer, const CancelToken& cancel) {
  const Clock::time_point begun = Clock::now();
  for (const std::string& folder : RemoveAbandonedServers()) {
    observer.Warning(fmt::format(
        "'{}' is removed: a throwaway server was there, whose run and its helper were killed",
        folder));
  }
  observer.Phase("starting a throwaway server");
  ThrowawayServer server(
      FindServerProgram(command.program, FlavourOf(files, command.paths.front()), cancel),
      command.text_bytes, cancel);
  const std::string& version = server.program().version;
  observer.Notice(fmt::format("throwaway server: {} in '{}', up in {}", version, server.folder(),
                              HumanDuration(server.start_ms())));
  DeepReport report;
  try {
    report = Rehearse(server.sessions(), true, files, command, observer, cancel);
  } catch (Error& error) {
    cancel.ThrowIfCancelled();
    if (IsGone(server, error.code())) {
      throw Error(error.code(),
                  fmt::format("the throwaway server, {}, has ended: {}; it said last:{}", version,
                              error.message(), server.LastWords()),
                  "It may have been killed, for lack of memory as well.");
    }
    error.While(fmt::format("restoring on a throwaway server, {}", version));
    if (error.code() == ErrorCode::kRestorePreflight) {
      error.set_hint(
          "A mariadbd or mysqld of the kind and version that the file comes from would take it: "
          "--throwaway=PROGRAM.");
    } else if (error.code() == ErrorCode::kCopyDiffers) {
      error.set_hint("Rehearse it where it came from: dbomsbak restore --rehearse.");
    }
    throw;
  }
  server.End();
  report.server = version;
  report.start_ms = server.start_ms();
  report.duration_ms = Since(begun);
  return report;
}

}  // namespace dbomsbak
