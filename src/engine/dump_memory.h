// How a dump divides its memory among the stages of the pipeline.
#pragma once

#include <cstddef>

namespace dbomsbak {

struct MemoryPlan {
  unsigned compressors = 1;
  unsigned frame_buffers = 3;     // frames assembled, compressed and written at a time
  std::size_t handoff_bytes = 0;  // encoded rows that wait for the assembler
  std::size_t reserve_bytes = 0;  // of these, for the chunk it waits for
  std::size_t chunk_bytes = 0;    // text of a chunk
};

// `max_bytes` is for everything the process uses, a normal row's size assumed. Never fails: a
// budget too small for the pipeline gets the smallest pipeline there is.
MemoryPlan PlanMemory(std::size_t max_bytes, unsigned jobs, int compression_level, bool compress,
                      unsigned processors);

}  // namespace dbomsbak
