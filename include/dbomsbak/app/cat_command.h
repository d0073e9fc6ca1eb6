// The command `cat`: the SQL text of an archive, all of it or by the index.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

struct CatCommand {
  std::vector<std::pair<std::string, std::string>> only;  // database and object name; empty: all
  bool schema = true;                                     // definitions
  bool data = true;                                       // rows
};

// Everything: the text as it was dumped, byte for byte. A part: only the frames that hold it are
// read, and settings before and after make the text loadable by itself.
// Errors: kUsage for an object that is not in the archive (with near names), kDamaged, kIo.
void RunCatCommand(const ArchiveReader& archive, const CatCommand& command, WritableFile& out,
                   const CancelToken& cancel);

}  // namespace dbomsbak
