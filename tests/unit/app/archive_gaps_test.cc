#include "dbomsbak/app/archive_gaps.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

constexpr std::int64_t kDay = 86'400;

std::vector<FolderEntry> OnDays(const std::vector<std::int64_t>& days) {
  std::vector<FolderEntry> entries;
  for (const std::int64_t day : days) {
    FolderEntry entry;
    entry.name = ArchiveName{"l", day * kDay};
    entry.time = day * kDay;
    entry.state = ArchiveState::kGood;
    entries.push_back(entry);
  }
  return entries;
}

TEST(ArchiveGapsTest, ALongerIntervalThanItsNeighboursIsAGap) {
  const auto gaps = FindGaps(OnDays({1, 2, 3, 6, 7, 8}), 8 * kDay + 3600);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].from, 3 * kDay);
  EXPECT_EQ(gaps[0].to, 6 * kDay);
  EXPECT_EQ(gaps[0].usual_s, kDay);
  EXPECT_FALSE(gaps[0].open);
}

TEST(ArchiveGapsTest, AnArchiveThatIsOverdueIsAnOpenGap) {
  const auto gaps = FindGaps(OnDays({1, 2, 3, 4}), 6 * kDay);
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_TRUE(gaps[0].open);
  EXPECT_EQ(gaps[0].to, 6 * kDay);
  EXPECT_TRUE(FindGaps(OnDays({1, 2, 3, 4}), 5 * kDay + kDay / 2).empty());
}

TEST(ArchiveGapsTest, WhatRetentionHasThinnedOutIsNoGap) {
  const auto monthly_weekly_daily =
      OnDays({1, 31, 61, 91, 121, 128, 135, 142, 149, 150, 151, 152, 153, 154});
  EXPECT_TRUE(FindGaps(monthly_weekly_daily, 154 * kDay).empty());
}

TEST(ArchiveGapsTest, ABadArchiveDoesNotFillAGap) {
  auto entries = OnDays({1, 2, 3, 4, 5, 6, 7});
  EXPECT_TRUE(FindGaps(entries, 7 * kDay).empty());
  entries[3].state = ArchiveState::kDamaged;
  EXPECT_EQ(FindGaps(entries, 7 * kDay).size(), 1U);
  entries[3].state = ArchiveState::kUnverified;
  EXPECT_TRUE(FindGaps(entries, 7 * kDay).empty());
}

TEST(ArchiveGapsTest, FewArchivesHaveNothingUsual) {
  EXPECT_TRUE(FindGaps(OnDays({1, 2, 9}), 30 * kDay).empty());
  EXPECT_TRUE(FindGaps({}, 0).empty());
}

}  // namespace
}  // namespace dbomsbak
