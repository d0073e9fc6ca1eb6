#include "engine/dump_memory.h"

#include <gtest/gtest.h>

#include "dbomsbak/archive/format.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(DumpMemory, SmallestBudgetStillMakesAPipeline) {
  const MemoryPlan plan = PlanMemory(kMiB, 16, 19, true, 64);
  EXPECT_EQ(plan.compressors, 1u);
  EXPECT_GE(plan.frame_buffers, 2u);
  EXPECT_GE(plan.handoff_bytes, plan.reserve_bytes);
  EXPECT_GT(plan.reserve_bytes, 0u);
  EXPECT_GT(plan.chunk_bytes, 0u);
}

TEST(DumpMemory, BuffersNeverPromiseMoreThanTheBudget) {
  for (const unsigned jobs : {1u, 2u, 4u, 8u}) {
    for (const int level : {0, 3, 9, 12, 19}) {
      const MemoryPlan plan = PlanMemory(96 * kMiB, jobs, level, true, 8);
      const std::size_t frames = plan.frame_buffers * kFrameTextTarget;
      EXPECT_LE(frames + plan.handoff_bytes, 80 * kMiB) << jobs << " jobs, level " << level;
      EXPECT_GE(plan.handoff_bytes, 4 * kMiB / 2);
    }
  }
}

TEST(DumpMemory, MoreMemoryAndProcessorsMeanMoreCompressors) {
  EXPECT_GT(PlanMemory(512 * kMiB, 8, 3, true, 8).compressors,
            PlanMemory(96 * kMiB, 8, 3, true, 8).compressors);
  EXPECT_EQ(PlanMemory(512 * kMiB, 2, 3, true, 8).compressors, 2u);
  EXPECT_EQ(PlanMemory(512 * kMiB, 8, 3, false, 8).compressors, 0u);
}

}  // namespace
}  // namespace dbomsbak
