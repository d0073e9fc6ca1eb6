#include "dbomsbak/app/restore_command.h"

#include <fmt/format.h>

#include <memory>

#include "dbomsbak/archive/text_source.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {

RestoreResult RunRestoreCommand(SessionFactory& sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel) {
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
