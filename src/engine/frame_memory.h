// How many threads may hold a frame of an archive at once.
#pragma once

#include <cstddef>

#include "dbomsbak/archive/archive_reader.h"

namespace dbomsbak {

// At most `jobs`, fewer where each one's largest frame (stored and as text) and buffers would not
// fit into `memory_bytes` together; at least 1.
unsigned JobsWithin(const ArchiveReader& archive, unsigned jobs, std::size_t memory_bytes);

}  // namespace dbomsbak
