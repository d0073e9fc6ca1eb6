// The dump: one snapshot of several databases as one stream of SQL text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/throttle_limits.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Definitions as the server prints them, or in words that all kinds of servers read.
enum class Ddl { kNative, kPortable };

struct DumpOptions {
  Scope scope;                 // databases named; kinds and tables left out
  bool all_databases = false;  // every database but the server's own
  Ddl ddl = Ddl::kNative;
  // Of OMS's heartbeats only the newest is wanted. `heartbeat_databases`: those known to hold some,
  // others may; where one has none, that is told.
  bool prune_heartbeat = false;
  std::vector<std::string> heartbeat_databases;
  unsigned jobs = 2;          // reading sessions
  int compression_level = 3;  // 1 to 19, 0 stores
  std::size_t max_memory_bytes = std::size_t{96} << 20;
  ThrottleLimits throttle;
  unsigned lock_wait_s = 5;
  unsigned lock_tries = 10;
  bool tables_may_be_missing = false;  // those that the scope names; else kUsage
  bool allow_partial = false;  // unreadable objects are recorded as omitted instead of fatal
  bool add_drop_database = false;
  bool with_create_database = false;  // --databases: CREATE DATABASE/USE even for one
  bool may_restart = true;            // false when the output is a pipe
  std::optional<std::int64_t> source_date_epoch;
  // What the place of the output takes at most; 0: not known. More data than that is warned of.
  std::uint64_t largest_output_bytes = 0;
};

// Where the text goes. kArchive: compressed with index and footer. kPlainSql: text with its proof
// comment.
enum class DumpFormat { kArchive, kPlainSql };

struct DumpResult {
  Receipt receipt;  // root digest only for archives
  DumpFormat format = DumpFormat::kArchive;
  Sha256Digest output_sha256;  // of every byte written: for NAME.sha256
  std::uint64_t output_bytes = 0;
  std::vector<std::pair<ObjectId, std::string>> omitted;  // with the reason
};

// Writes to the file that `open_output` gives; it is called again (after the first output was
// abandoned by the caller's callback) when DDL seen meanwhile makes the dump start over.
// The caller publishes. Errors: kPrivilege, kNoSnapshot, kBusy, kConnectionLost, kIo, …
class DumpOutput {
 public:
  virtual ~DumpOutput() = default;
  virtual WritableFile& Begin() = 0;  // a fresh, empty output; the previous one is abandoned
};
DumpResult RunDump(SessionFactory& sessions, const DumpOptions& options, DumpFormat format,
                   DumpOutput& output, Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
