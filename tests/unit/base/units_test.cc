#include "dbomsbak/base/units.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(UnitsTest, NumbersForPeople) {
  EXPECT_EQ(HumanBytes(0), "0 B");
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes((1U << 20) - 1), "1.0 MiB");
  EXPECT_EQ(HumanDuration(999), "999 ms");
  EXPECT_EQ(HumanDuration(12'345), "12.3 s");
  EXPECT_EQ(HumanDuration(245'000), "4 min 05 s");
  EXPECT_EQ(HumanDuration(3'660'000), "1 h 01 min");
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Counted(1, "table"), "1 table");
  EXPECT_EQ(Counted(2, "table"), "2 tables");
}

}  // namespace
}  // namespace dbomsbak
