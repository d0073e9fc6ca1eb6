#include "engine/snapshot_rows.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "dbomsbak/base/task_group.h"
#include "engine/chunk_reader.h"

namespace dbomsbak {
namespace {

// What a session reads at once: enough that looking for its end costs nothing.
constexpr std::size_t kChunkTextTarget = std::size_t{16} << 20;

}  // namespace

std::size_t JobsReading(const DumpSet& set) {
  return set.readers.size() + (set.snapshot.tables_held ? 1 : 0);  // who holds locks is the last
}

void ReadSnapshotRows(DumpSet& set, SessionRegistry& registry, SnapshotReading reading) {
  std::stable_sort(reading.tables.begin(), reading.tables.end(),
                   [](const TableToRead& a, const TableToRead& b) {
                     if (a.non_transactional != b.non_transactional) return a.non_transactional;
                     return a.table->data_bytes > b.table->data_bytes;
                   });
  for (TableToRead& entry : reading.tables) {
    if (!entry.non_transactional) entry.keeper = set.KeeperOf(*entry.table);
  }
  ChunkPlanner planner(std::move(reading.tables), kChunkTextTarget);
  const auto work = [&](Session& session, bool holds_locks, std::size_t job) {
    session.Execute("SET character_set_results = NULL");
    for (;;) {
      std::optional<Chunk> chunk;
      try {
        chunk = planner.Next(session, holds_locks);
        if (!chunk) {
          if (reading.nothing_left) reading.nothing_left(job);
          return;
        }
        reading.read(chunk->keeper ? *chunk->keeper : session, planner.table(chunk->table), *chunk,
                     job);
      } catch (ServerError& e) {
        ThrowReadError(e, chunk ? &planner.table(chunk->table) : nullptr, set.snapshot.retention_s);
      }
    }
  };
  TaskGroup group([&] {
    planner.Close();
    registry.AbortAll();
  });
  if (set.snapshot.tables_held) {
    group.Start([&] {
      work(*set.holder, true, set.readers.size());
      if (reading.locked_are_read) reading.locked_are_read();
    });
  }
  for (std::size_t job = 0; job < set.readers.size(); ++job) {
    group.Start([&, job] { work(*set.readers[job], false, job); });
  }
  group.Wait();
}

}  // namespace dbomsbak
