#include "engine/frame_memory.h"

#include <algorithm>
#include <cstdint>

namespace dbomsbak {

unsigned JobsWithin(const ArchiveReader& archive, unsigned jobs, std::size_t memory_bytes) {
  constexpr std::uint64_t kBase = std::uint64_t{16} << 20;  // definitions, plan, the program
  constexpr std::uint64_t kSession = std::uint64_t{1} << 20;
  std::uint64_t largest = 0;
  for (std::uint64_t i = 0; i < archive.frame_count(); ++i) {
    const FrameRecord frame = archive.frame(i);
    largest = std::max(largest, std::uint64_t{frame.text_size} + frame.stored_size);
  }
  const std::uint64_t room = memory_bytes > kBase ? memory_bytes - kBase : memory_bytes / 2;
  const std::uint64_t most = std::max<std::uint64_t>(1, room / (largest + kSession));
  return static_cast<unsigned>(std::min<std::uint64_t>(std::max(jobs, 1U), most));
}

}  // namespace dbomsbak
