#include "dbomsbak/app/restore_command.h"

#include <fmt/format.h>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

RestoreResult RunRestoreCommand(SessionFactory& sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel) {
  const ArchiveReader archive = ArchiveReader::Open(files.OpenForReading(command.path));
  if (archive.footer().partial && !command.options.allow_partial) {
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("'{}' is partial: objects in its scope were left out", command.path),
                "See what is missing with dbomsbak info; --allow-partial restores the rest.")
        .About(command.path);
  }
  if (archive.header().scope.filtered() && !command.options.allow_filtered) {
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("'{}' does not hold all rows of its tables", command.path),
                "It was made with --where, --no-data or --no-create-info; --allow-filtered "
                "restores it all the same.")
        .About(command.path);
  }
  return RunRestore(sessions, archive, command.options, confirm, observer, cancel);
}

}  // namespace dbomsbak
