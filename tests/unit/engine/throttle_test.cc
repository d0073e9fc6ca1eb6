#include "engine/throttle.h"

#include <gtest/gtest.h>

#include <thread>

#include "dbomsbak/base/error.h"
#include "support/fake_session.h"

namespace dbomsbak {
namespace {

using namespace std::chrono_literals;

Pace::Moment At(std::chrono::milliseconds since) { return Pace::Moment{} + 1h + since; }

TEST(Throttle, WhatIsReadTakesItsTimeInAll) {
  Pace pace({.rows_a_second = 0, .bytes_a_second = 1000, .running_threads = 0});
  EXPECT_EQ(pace.After(At(0ms), 1, 500), At(500ms));
  EXPECT_EQ(pace.After(At(0ms), 1, 500), At(1000ms));  // another session
  EXPECT_EQ(pace.After(At(900ms), 1, 100), At(1100ms));
}

TEST(Throttle, NoBurstFollowsAPause) {
  Pace pace({.rows_a_second = 10, .bytes_a_second = 0, .running_threads = 0});
  EXPECT_EQ(pace.After(At(0ms), 1, 0), At(100ms));
  EXPECT_EQ(pace.After(At(5000ms), 1, 1'000'000), At(5100ms));
}

TEST(Throttle, TheTighterOfTwoLimitsHolds) {
  Pace pace({.rows_a_second = 10, .bytes_a_second = 1000, .running_threads = 0});
  EXPECT_EQ(pace.After(At(0ms), 1, 10), At(100ms));
  EXPECT_EQ(pace.After(At(100ms), 1, 1000), At(1100ms));
}

}  // namespace
}  // namespace dbomsbak
