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
  std::string path;
  RestoreOptions options;
};

// The archive is opened, and an archive that may not be restored so (partial, filtered) refused,
// before the server is asked anything.
RestoreResult RunRestoreCommand(SessionFactory& sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
