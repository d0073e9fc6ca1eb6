#include "dbomsbak/base/utc_time.h"

#include <gtest/gtest.h>

#include <ctime>
#include <random>

namespace dbomsbak {
namespace {

TEST(UtcTimeTest, AgreesWithTheCLibrary) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    const auto seconds = static_cast<std::int64_t>(random() % 200'000'000'000);
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[40], compact[40];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    std::strftime(compact, sizeof compact, "%Y%m%dT%H%M%SZ", &parts);
    ASSERT_EQ(FormatUtc(seconds), text);
    ASSERT_EQ(FormatCompactUtc(seconds), compact);
    ASSERT_EQ(ParseUtc(text), seconds);
    ASSERT_EQ(ParseCompactUtc(compact), seconds);
  }
}

TEST(UtcTimeTest, RefusesWhatIsNoTime) {
  for (const char* text :
       {"", "20261127T101534", "20261127T101534z", "20261327T101534Z", "20260229T000000Z",
        "20261127T241534Z", "20261127T106034Z", "2026112 T101534Z", "19691231T235959Z",
        "20261127T101534Z ", "2026-11-27T10:15:34Z"}) {
    EXPECT_FALSE(ParseCompactUtc(text)) << text;
  }
  EXPECT_TRUE(ParseCompactUtc("20280229T235959Z"));
}

}  // namespace
}  // namespace dbomsbak
