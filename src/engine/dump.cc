#include "dbomsbak/engine/dump.h"

#include <fmt/format.h>

#include "dbomsbak/base/units.h"
#include "engine/chunk_reader.h"
#include "engine/dump_pipeline.h"
#include "engine/dump_set.h"
#include "engine/pruned_tables.h"
#include "engine/session_registry.h"

namespace dbomsbak {
namespace {

// It would be found out hours later. How far data compresses nobody knows.
void TellIfTooLarge(const DumpOptions& options, const DumpSet& set, Observer& observer) {
  if (options.largest_output_bytes == 0) return;
  std::uint64_t bytes = 0;
  for (const Database& database : set.catalog.databases) {
    for (const Table& table : database.tables) bytes += table.data_bytes;
  }
  if (bytes <= options.largest_output_bytes) return;
  observer.Warning(fmt::format(
      "the tables hold about {}, and an object takes {}: should the archive be "
      "larger, the dump fails when it comes to that; a larger --max-memory makes room in "
      "proportion",
      HumanBytes(bytes), HumanBytes(options.largest_output_bytes)));
}

DumpResult Attempt(SessionFactory& sessions, const DumpOptions& options,
                   const Untouchable& unreadable, DumpFormat format, DumpOutput& output,
                   Observer& observer, const CancelToken& cancel) {
  SessionRegistry registry(cancel);
  try {
    DumpSet set = PrepareDumpSet(sessions, registry, options, unreadable, observer, cancel);
    if (options.prune_heartbeat) PruneHeartbeats(options.heartbeat_databases, set, observer);
    TellIfTooLarge(options, set, observer);
    observer.Phase("dumping " + Counted(set.catalog.databases.size(), "database"));
    observer.Notice(fmt::format("snapshot by {} at {}, taken in {:.1f} ms; {}",
                                set.snapshot.record.method, set.snapshot.record.time,
                                set.snapshot.lock_ms,
                                Counted(set.readers.size(), "reading session")));
    return WriteDump(set, registry, options, format, output.Begin(), observer, cancel);
  } catch (const Error&) {
    cancel.ThrowIfCancelled();  // a session cut by Ctrl-C is no lost connection
    registry.AbortAll();        // nothing is worth draining any more
    throw;
  }
}

}  // namespace

DumpResult RunDump(SessionFactory& sessions, const DumpOptions& options, DumpFormat format,
                   DumpOutput& output, Observer& observer, const CancelToken& cancel) {
  Untouchable unreadable;  // what earlier attempts could not read
  bool changed = false;
  for (;;) {
    try {
      return Attempt(sessions, options, unreadable, format, output, observer, cancel);
    } catch (const ChangedMeanwhile& e) {
      if (!options.may_restart || changed) throw;
      changed = true;
      observer.Warning(fmt::format("{}; starting over once", e.message()));
    } catch (UnreadableRows& e) {
      // Rows of it may be in the text already.
      if (!options.allow_partial) throw;
      if (!options.may_restart) {
        e.set_hint("A dump into a pipe cannot start over without it: write to a file with -o. " +
                   e.hint());
        throw;
      }
      const ObjectId& table = e.table();
      if (!unreadable.insert({{table.database, table.name}, {e.code(), e.reason()}}).second) throw;
      observer.Warning(fmt::format("{}; starting over without it", e.message()));
    }
  }
}

}  // namespace dbomsbak
