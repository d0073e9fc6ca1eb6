#include "dbomsbak/app/restore_command.h"

namespace dbomsbak {

RestoreResult RunRestoreCommand(SessionFactory& sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel) {
  const ArchiveReader archive = ArchiveReader::Open(files.OpenForReading(command.path));
  return RunRestore(sessions, archive, command.options, confirm, observer, cancel);
}

}  // namespace dbomsbak
