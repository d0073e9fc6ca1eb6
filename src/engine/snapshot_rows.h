// Tables of a set read in chunks at its snapshot, by all of its sessions at once.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "dbomsbak/engine/observer.h"
#include "engine/chunk_planner.h"
#include "engine/dump_set.h"
#include "engine/session_registry.h"

namespace dbomsbak {

// `read` streams the rows of a chunk; it is called from several threads, each with its session, in
// which text comes in its column's own bytes, and its number below JobsReading(). Tables without
// transactions are read by the session that holds their locks; `locked_are_read`, which may be
// empty, is told when it is through. The first error stops all and aborts every session of
// `registry`. Errors: ChangedMeanwhile, UnreadableRows, kNoSnapshot, the server's.
struct SnapshotReading {
  std::vector<TableToRead> tables;
  std::function<void(Session& session, const TableToRead& table, const Chunk& chunk,
                     std::size_t job)>
      read;
  std::function<void()> locked_are_read;
  std::function<void(std::size_t job)> nothing_left;  // may be empty; as `read`
};
std::size_t JobsReading(const DumpSet& set);
void ReadSnapshotRows(DumpSet& set, SessionRegistry& registry, SnapshotReading reading);

}  // namespace dbomsbak
