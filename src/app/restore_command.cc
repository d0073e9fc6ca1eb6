#include "dbomsbak/app/restore_command.h"

#include <fmt/format.h>

#include <memory>

#include "dbomsbak/archive/text_source.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {

RestoreResult RunRestoreCommand(SessionFactory& sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel) {
  // Before the file is looked at: a window that was left open must not wait for it, or fail with
  // it.
  if (!command.options.dry_run) {
    try {
      for (const std::string& line : HealOpenWindows(sessions, observer)) observer.Notice(line);
    } catch (const Error& error) {
      // Where no server answers, what is wrong with the file is worth more to know.
      if (error.code() != ErrorCode::kConnect) throw;
    }
  }
  const std::shared_ptr<const RandomAccessFile> file = files.OpenForReading(command.path);
  if (LooksLikeUnpacked(file) == FileKind::kPlainSql) {
    return RunRestoreOfDump(sessions, file, command.into, command.options, confirm, observer,
                            cancel);
  }
  const ArchiveReader archive = ArchiveReader::Open(file);
  if (!command.into.empty()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' is an archive, which knows its databases", command.path),
                "--into is for plain dumps that name none; leave it out.");
  }
  return RunRestore(sessions, archive, command.options, confirm, observer, cancel);
}

}  // namespace dbomsbak
