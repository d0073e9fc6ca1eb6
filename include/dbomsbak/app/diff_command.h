// The command `diff`.
#pragma once

#include <string>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/diff.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct DiffCommand {
  std::string path;  // an archive or a plain dump
  std::string into;  // --into: the database of a dump that names none
  DiffOptions options;
};

// As RunDiff.
DiffReport RunDiffCommand(SessionFactory& sessions, FileSystem& files, const DiffCommand& command,
                          Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
