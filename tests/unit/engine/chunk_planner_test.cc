#include "engine/chunk_planner.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(ChunkPlanner, IntegerKeysOfAnySizeThereAndBack) {
  for (const char* text :
       {"0", "7", "-1", "-9223372036854775808", "9223372036854775807", "18446744073709551615"}) {
    EXPECT_EQ(ToText(ToWideInt(text)), text);
  }
  EXPECT_THROW(ToWideInt("1.5"), Error);
}

}  // namespace
}  // namespace dbomsbak
