// The command `restore`.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dbomsbak/app/envelope.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct RestoreCommand {
  std::vector<std::string> paths;  // archives and plain dumps, at least one unless `swap`
  bool swap = false;               // make live what a restore with options.prepare left
  bool skip_binlog = false;        // sessions with sql_log_bin=0
  SignaturePolicy signatures;      // of the files of `paths`
  std::string safety_dump;  // in place: a file to be written; empty: beside the first of paths
  RestoreOptions options;
};

// The files are opened, and those that may not be restored so (unsigned, partial, filtered)
// refused, before the server is asked anything but whether a window is open. kPrivilege with
// `skip_binlog` for an account that may not. kWouldOverwrite where the safety dump is there
// already.
RestoreResult RunRestoreCommand(SessionFactory& sessions, FileSystem& files,
                                const RestoreCommand& command, const ConfirmRestore& confirm,
                                Observer& observer, const CancelToken& cancel);

// Ends a restore that is prepared or was interrupted; of `command` as RunAbort says.
AbortResult RunAbortCommand(SessionFactory& sessions, FileSystem& files,
                            const RestoreCommand& command,
                            const std::function<bool(const std::vector<Leftover>&)>& confirm,
                            Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
