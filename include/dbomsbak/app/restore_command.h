// The command `restore`.
#pragma once

#include <string>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct RestoreCommand {
  std::string path;  // an archive or a plain dump
  std::string into;  // --into: the database of a dump that names none
  RestoreOptions options;
};

// The file is opened, and one that may not be restored so (partial, filtered) refused, before the
// server is asked anything. Errors: kUsage for an archive with `into`.
RestoreResult RunRestoreCommand(SessionFactory& sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
