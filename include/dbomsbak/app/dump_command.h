// The command `dump`: a dump that is published whole, or not there.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dbomsbak/app/envelope.h"
#include "dbomsbak/app/output_target.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/dump.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct DumpCommand {
  OutputTarget target;
  bool overwrite = false;
  DumpOptions options;
  Envelope envelope;
  // Told the unpublished files that belong to this run, whenever that changes; may be empty.
  std::function<void(std::vector<std::string>)> own_files;
  // Called when the dump is complete and its files are about to be renamed; may be empty.
  std::function<void()> before_publishing;
};

// Writes the dump and, beside a file, FILE.sha256, and FILE.minisig where it is signed. Whatever
// fails before both are complete leaves older files of these names as they were; an existing one is
// kWouldOverwrite before the server is asked anything.
DumpResult RunDumpCommand(SessionFactory& sessions, FileSystem& files,
                          WritableFile& standard_output, const DumpCommand& command,
                          Observer& observer, const CancelToken& cancel);

// The same where `command` names a file.
DumpResult RunDumpToFile(SessionFactory& sessions, FileSystem& files, const DumpCommand& command,
                         Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
