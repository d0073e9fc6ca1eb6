#include "engine/window_estimate.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

PreparedSet Moving(std::size_t tables) {
  PreparedSet set;
  set.members = {{"d", "new", "old"}};
  set.outgoing = {std::vector<std::string>(tables, "t")};
  set.incoming = set.outgoing;
  set.before.resize(1);
  set.wanted.resize(1);
  return set;
}

TEST(WindowEstimateTest, GrowsWithWhatMovesAndHowLongAMoveTakesHere) {
  const std::uint64_t few = EstimateWindow(Moving(50)), many = EstimateWindow(Moving(2000));
  EXPECT_LT(few, 1000U);
  EXPECT_GT(many, 30 * few);
  EXPECT_GE(EstimateWindow(Moving(2000), 14), 56'000U) << "as seen on a busy server";
}

TEST(WindowEstimateTest, TriggersLockTheTablesAndOnlyChangedObjectsCount) {
  PreparedSet set = Moving(1000);
  const std::uint64_t without = EstimateWindow(set);
  StoredProgram program;
  program.id = {"d", ObjectKind::kProcedure, "p"};
  set.before[0].routines.push_back(program);
  set.wanted[0].routines.push_back(program);
  EXPECT_EQ(EstimateWindow(set), without);
  set.wanted[0].routines[0].create = "other";
  const std::uint64_t changed = EstimateWindow(set);
  EXPECT_GT(changed, without);
  program.id.kind = ObjectKind::kTrigger;
  set.before[0].triggers.push_back(program);
  EXPECT_GT(EstimateWindow(set), changed + 1000) << "LOCK TABLES";
}

}  // namespace
}  // namespace dbomsbak
