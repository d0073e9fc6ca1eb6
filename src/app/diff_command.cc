#include "dbomsbak/app/diff_command.h"

namespace dbomsbak {

DiffReport RunDiffCommand(SessionFactory& sessions, FileSystem& files, const DiffCommand& command,
                          Observer& observer, const CancelToken& cancel) {
  return RunDiff(sessions, files.OpenForReading(command.path), command.into, command.options,
                 observer, cancel);
}

}  // namespace dbomsbak
