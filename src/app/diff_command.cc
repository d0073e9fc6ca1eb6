#include "dbomsbak/app/diff_command.h"

#include <fmt/format.h>

#include <memory>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/archive/text_source.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {

DiffReport RunDiffCommand(SessionFactory& sessions, FileSystem& files, const DiffCommand& command,
                          Observer& observer, const CancelToken& cancel) {
  const std::shared_ptr<const RandomAccessFile> file = files.OpenForReading(command.path);
  if (LooksLikeUnpacked(file) == FileKind::kPlainSql) {
    return RunDiffOfDump(sessions, file, command.into, command.options, observer, cancel);
  }
  const ArchiveReader archive = ArchiveReader::Open(file);
  if (!command.into.empty()) {
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' is an archive, which knows its databases", command.path),
                "--into is for plain dumps that name none; leave it out.");
  }
  return RunDiff(sessions, archive, command.options, observer, cancel);
}

}  // namespace dbomsbak
