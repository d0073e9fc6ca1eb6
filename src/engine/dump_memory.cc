#include "engine/dump_memory.h"

#include <algorithm>

#include "dbomsbak/archive/format.h"
#include "engine/row_piece.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
// Program, libraries, heap slack, spare row buffers, catalogue of an ordinary set (measured).
constexpr std::size_t kProgramBytes = 24 * kMiB;
// A reading session: network buffer, the piece in hand and one to reuse.
constexpr std::size_t kReaderBytes = 2 * kRowPieceBytes + kMiB / 2;

// zstd's working memory for a frame, by level (ZSTD_estimateCCtxSize, rounded up; FrameCompressor
// bounds the highest levels).
std::size_t CompressorBytes(int level) {
  if (level <= 3) return 2 * kMiB;
  if (level <= 6) return 4 * kMiB;
  if (level <= 8) return 7 * kMiB;
  if (level == 9) return 13 * kMiB;
  if (level <= 11) return 25 * kMiB;
  return 34 * kMiB;
}

}  // namespace

MemoryPlan PlanMemory(std::size_t max_bytes, unsigned jobs, int compression_level, bool compress,
                      unsigned processors) {
  // A frame's text and, for data that does not compress, as much again.
  const std::size_t frame_text = kFrameTextTarget + kInsertTextTarget + kMiB / 4;
  const std::size_t frame_stored = kFrameTextTarget + kMiB / 2;
  MemoryPlan plan;
  plan.compressors = compress ? std::clamp(std::min(jobs, processors), 1u, 16u) : 0;
  const auto fixed = [&] {
    if (!compress) return kProgramBytes + jobs * kReaderBytes + frame_text;
    const std::size_t buffers = plan.compressors + 2;
    return kProgramBytes + jobs * kReaderBytes +
           plan.compressors * (CompressorBytes(compression_level) + frame_stored) +
           buffers * frame_text;
  };
  while (plan.compressors > 1 && fixed() > max_bytes / 4 * 3) --plan.compressors;
  plan.frame_buffers = plan.compressors + 2;
  const std::size_t left = max_bytes > fixed() ? max_bytes - fixed() : 0;
  plan.handoff_bytes = std::max(left, 4 * kRowPieceBytes);
  plan.reserve_bytes = std::max(plan.handoff_bytes / 4, 2 * kRowPieceBytes);
  plan.chunk_bytes = std::clamp(plan.handoff_bytes / (2 * std::max(1u, jobs)), kMiB / 2, 4 * kMiB);
  return plan;
}

}  // namespace dbomsbak
