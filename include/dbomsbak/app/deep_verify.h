// The proof of an archive that is worth more than reading it: a restore, proved and swept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct DeepVerifyCommand {
  std::vector<std::string> paths;  // one set
  std::string program;             // of a throwaway server; empty: one that is found
  std::uint64_t text_bytes = 0;    // of the files
  std::size_t max_memory_bytes = 0;
  unsigned jobs = 0;  // 0: as many as a restore takes
};

struct DeepReport {
  std::string server;  // "mariadbd 10.11.6-MariaDB"; empty: one that was there
  std::uint64_t tables = 0, rows = 0;
  std::uint64_t start_ms = 0, load_ms = 0, prove_ms = 0;
  std::uint64_t duration_ms = 0;  // of all
};

// On a server that is there, into scratch databases. Who uses the live ones does not matter to
// that. Errors: as of a restore.
DeepReport VerifyOn(SessionFactory& sessions, FileSystem& files, const DeepVerifyCommand& command,
                    Observer& observer, const CancelToken& cancel);

// On one of its own (throwaway_server.h), which is gone when this returns; of the kind that the
// first archive came from when there is one. Errors: also those of starting it.
DeepReport VerifyOnThrowaway(FileSystem& files, const DeepVerifyCommand& command,
                             Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
