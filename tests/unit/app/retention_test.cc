#include "dbomsbak/app/retention.h"

#include <gtest/gtest.h>

#include <ctime>
#include <map>
#include <random>
#include <set>
#include <string>

#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

std::int64_t At(const char* text) { return ParseUtc(text).value(); }

DatedArchive Good(const char* text) { return {At(text), 0, true, false}; }

std::string Kept(const KeepRules& rules, const std::vector<DatedArchive>& archives,
                 std::int64_t now) {
  std::string kept;
  for (const std::string& reason : Retain(rules, archives, now)) kept += reason.empty() ? '-' : 'k';
  return kept;
}

const std::vector<DatedArchive> kWeek = {
    Good("2026-11-20T01:00:00Z"), Good("2026-11-21T01:00:00Z"), Good("2026-11-21T13:00:00Z"),
    Good("2026-11-22T01:00:00Z"), Good("2026-11-23T01:00:00Z"), Good("2026-11-24T01:00:00Z"),
};
const std::int64_t kNow = At("2026-11-24T02:00:00Z");

TEST(RetentionTest, EachRuleKeepsWhatItSays) {
  EXPECT_EQ(Kept({.last = 2}, kWeek, kNow), "----kk");
  EXPECT_EQ(Kept({.days = 2}, kWeek, kNow), "----kk");
  EXPECT_EQ(Kept({.days = 3}, kWeek, kNow), "--kkkk");
  EXPECT_EQ(Kept({.daily = 4}, kWeek, kNow), "--kkkk");
  EXPECT_EQ(Kept({.weekly = 2}, kWeek, kNow), "---k-k");  // 2026-11-22 is a Sunday
  EXPECT_EQ(Kept({.monthly = 5}, kWeek, kNow), "-----k");
}

TEST(RetentionTest, RulesAreAUnion) {
  EXPECT_EQ(Kept({.last = 1, .weekly = 2}, kWeek, kNow), "---k-k");
  EXPECT_EQ(Retain({.last = 1, .weekly = 2}, kWeek, kNow).back(), "newest, last, weekly");
}

TEST(RetentionTest, DaysWithoutAnArchiveAreNotCounted) {
  const std::vector<DatedArchive> sparse = {
      Good("2025-01-01T00:00:00Z"), Good("2026-03-01T00:00:00Z"), Good("2026-11-24T00:00:00Z")};
  EXPECT_EQ(Kept({.daily = 2}, sparse, kNow), "-kk");
  EXPECT_EQ(Kept({.monthly = 3}, sparse, kNow), "kkk");
}

TEST(RetentionTest, TheNewestGoodOneStaysHoweverOld) {
  EXPECT_EQ(Kept({.days = 1}, kWeek, At("2030-01-01T00:00:00Z")), "-----k");
}

TEST(RetentionTest, WithoutARuleEverythingStays) { EXPECT_EQ(Kept({}, kWeek, kNow), "kkkkkk"); }

TEST(RetentionTest, PinnedOnesStay) {
  auto archives = kWeek;
  archives[0].pinned = true;
  EXPECT_EQ(Kept({.last = 1}, archives, kNow), "k----k");
  EXPECT_EQ(Retain({.last = 1}, archives, kNow).front(), "pinned");
}

TEST(RetentionTest, WhatIsNotGoodTakesNoPlace) {
  auto archives = kWeek;
  archives[5].good = archives[4].good = false;
  // The newest two good ones stay; the others would be among the last two if they were good.
  EXPECT_EQ(Kept({.last = 2}, archives, kNow), "--kkkk");
  archives.push_back({At("2026-11-20T00:00:00Z"), 0, false, false});
  EXPECT_EQ(Kept({.last = 2}, archives, kNow), "--kkkk-");
}

// The clock was ahead, or has gone back: what seems to come from the future neither goes nor makes
// others go.
TEST(RetentionTest, TheFutureIsLeftAside) {
  EXPECT_EQ(Kept({.last = 1}, kWeek, At("2026-11-22T01:00:00Z")), "---kkk");
}

TEST(RetentionTest, OfOneSecondTheLaterSequenceIsNewer) {
  std::vector<DatedArchive> twins(3, Good("2026-11-24T01:00:00Z"));
  twins[0].sequence = 2;
  twins[2].sequence = 1;
  EXPECT_EQ(Kept({.last = 1}, twins, kNow), "k--");
  EXPECT_EQ(Kept({.last = 2}, twins, kNow), "k-k");
}

// The sentence of each rule, done by libc's calendar with no thought of speed.
bool OracleKeeps(const KeepRules& rules, std::vector<DatedArchive> all, std::size_t which,
                 std::int64_t now) {
  const DatedArchive me = all[which];
  if (me.pinned || me.time > now) return true;
  const auto bucket = [](std::int64_t time, char form) {
    const std::time_t t = time;
    char day[16], week[16], month[16];
    std::strftime(day, sizeof day, "%F", std::gmtime(&t));
    std::strftime(week, sizeof week, "%G-%V", std::gmtime(&t));
    std::strftime(month, sizeof month, "%Y-%m", std::gmtime(&t));
    return std::string(form == 'd' ? day : form == 'w' ? week : month);
  };
  const auto newer = [](const DatedArchive& a, const DatedArchive& b) {
    return a.time > b.time || (a.time == b.time && a.sequence > b.sequence);
  };
  const auto counts = [&](const DatedArchive& a) { return a.good && a.time <= now; };
  unsigned newer_ones = 0;
  for (const auto& a : all) newer_ones += counts(a) && newer(a, me);
  if (newer_ones == 0 || newer_ones < rules.last) return true;
  if (rules.days > 0 && me.time >= now - 86400LL * rules.days) return true;
  const auto by = [&](unsigned wanted, char form) {
    std::set<std::string> buckets;
    for (const auto& a : all) {
      if (!counts(a) || !newer(a, me)) continue;
      if (bucket(a.time, form) == bucket(me.time, form)) return false;
      buckets.insert(bucket(a.time, form));
    }
    return buckets.size() < wanted;
  };
  return by(rules.daily, 'd') || by(rules.weekly, 'w') || by(rules.monthly, 'm');
}

TEST(RetentionTest, AgreesWithANaiveOracle) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto below = [&](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
  };
  for (int round = 0; round < 3000; ++round) {
    const std::int64_t now = At("2026-01-04T00:00:00Z") + below(86400 * 400);
    const std::int64_t span = 86400 * (1 + below(round % 3 == 0 ? 4 : 500));
    std::vector<DatedArchive> archives;
    std::map<std::int64_t, unsigned> twins;
    for (std::int64_t i = below(30); i >= 0; --i) {
      std::int64_t time = now + 86400 - below(span);
      if (below(3) == 0) time -= time % 86400;  // midnight is where rules go wrong
      archives.push_back({time, ++twins[time], below(5) != 0, below(8) == 0});
    }
    const auto rule = [&](std::int64_t most) {
      return static_cast<unsigned>(below(2) == 0 ? 0 : below(most));
    };
    const KeepRules rules{rule(6), rule(40), rule(10), rule(6), rule(6)};
    if (!rules.any()) continue;
    const auto reasons = Retain(rules, archives, now);
    ASSERT_EQ(reasons.size(), archives.size());
    for (std::size_t i = 0; i < archives.size(); ++i) {
      ASSERT_EQ(!reasons[i].empty(), OracleKeeps(rules, archives, i, now))
          << FormatUtc(archives[i].time) << " at " << FormatUtc(now) << ": " << reasons[i];
    }
  }
}

}  // namespace
}  // namespace dbomsbak
