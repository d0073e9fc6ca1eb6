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
  const auto work = [&](Session& session, bool holds_locks) {
    session.Execute("SET character_set_results = NULL");
    for (;;) {
      std::optional<Chunk> chunk;
      try {
        chunk = planner.Next(session, holds_locks);
        if (!chunk) return;
        reading.read(chunk->keeper ? *chunk->keeper : session, planner.table(chunk->table), *chunk);
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
      work(*set.holder, true);
      if (reading.locked_are_read) reading.locked_are_read();
    });
  }
  for (Session* reader : set.readers) {
    group.Start([&, reader] { work(*reader, false); });
  }
  group.Wait();
}

}  // namespace dbomsbak
