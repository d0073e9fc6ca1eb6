#include "dbomsbak/app/diff_command.h"

#include "dbomsbak/archive/archive_reader.h"

namespace dbomsbak {

DiffReport RunDiffCommand(SessionFactory& sessions, FileSystem& files, const DiffCommand& command,
                          Observer& observer, const CancelToken& cancel) {
  const ArchiveReader archive = ArchiveReader::Open(files.OpenForReading(command.path));
  return RunDiff(sessions, archive, command.options, observer, cancel);
}

}  // namespace dbomsbak
