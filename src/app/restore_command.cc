#include "dbomsbak/app/restore_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

RestoreResult RunRestoreCommand(SessionFactory& sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel) {
  for (const std::string& path : command.paths) {
    if (std::count(command.paths.begin(), command.paths.end(), path) == 1) continue;
    throw Error(ErrorCode::kUsage, fmt::format("'{}' is given twice", path),
                "Give one file for each database.");
  }
  // Before a file is looked at: a window that was left open must not wait for it, or fail with it.
  if (!command.options.dry_run) {
    try {
      for (const std::string& line : HealOpenWindows(sessions, observer)) observer.Notice(line);
    } catch (const Error& error) {
      // Where no server answers, what is wrong with the file is worth more to know.
      if (error.code() != ErrorCode::kConnect) throw;
    }
  }
  std::vector<std::shared_ptr<const RandomAccessFile>> opened;
  for (const std::string& path : command.paths) opened.push_back(files.OpenForReading(path));
  return RunRestore(sessions, opened, command.options, confirm, observer, cancel);
}

}  // namespace dbomsbak
