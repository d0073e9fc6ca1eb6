// The command `cat`: the SQL text of an archive, all of it or by the index.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/engine/text_piece.h"

namespace dbomsbak {

struct CatCommand {
  // Database and object name, which is empty for all of the database; none: everything.
  std::vector<std::pair<std::string, std::string>> only;
  bool schema = true;  // definitions
  bool data = true;    // rows
  // Of all of the text, tell which object each piece is of: its index is read, and takes memory.
  bool by_object = false;
};

// Everything: the text as it was dumped, byte for byte. A part: only the frames that hold it are
// read, and settings before and after make the text loadable by itself. A piece is what one frame
// has of an object.
// Errors: kUsage for an object that is not in the archive (with near names), kDamaged, kIo.
void RunCatCommand(const ArchiveReader& archive, const CatCommand& command, const TextSink& out,
                   const CancelToken& cancel);

}  // namespace dbomsbak
