#include "sql/json_decimals.h"

#include <gtest/gtest.h>

#include <string>

namespace dbomsbak {
namespace {

std::string Found(std::string_view json) {
  std::string all;
  for (const JsonDecimal& decimal : FindJsonDecimals(json)) {
    all += decimal.path + "=" + std::string(decimal.number) + ";";
  }
  return all;
}

TEST(JsonDecimalsTest, NumbersThatTheServerReadsAsTheyStandAreNone) {
  EXPECT_EQ(Found("[0, -1, 9223372036854775807, 18446744073709551615, -9223372036854775808]"), "");
  EXPECT_EQ(Found("[0.1, 1.0, -0.0, 100.0, 1e15, 1e-16, 1.2345678901234568e17, 5e-324]"), "");
  EXPECT_EQ(Found("[100000000000000.0, 0.000000000000001, 123456789012345.67]"), "");
  EXPECT_EQ(Found("{\"1.10\": \"1.10\", \"a\\\"2.20\": [\"[3.30]\"]}"), "");
  EXPECT_EQ(Found(""), "");
}

TEST(JsonDecimalsTest, OthersAreFoundWithTheirPaths) {
  EXPECT_EQ(Found("7.100"), "$=7.100;");
  EXPECT_EQ(Found("[1.10, 1.1, [0.00]]"), "$[0]=1.10;$[2][0]=0.00;");
  EXPECT_EQ(
      Found("{\"a\": {\"b c\": -2.50, \"x\\\"y\": [1, {\"\": 3.0, \"z\": 3.00}]}, \"é\": 4.40}"),
      "$.\"a\".\"b c\"=-2.50;$.\"a\".\"x\\\"y\"[1].\"z\"=3.00;$.\"é\"=4.40;");
  EXPECT_EQ(Found("[18446744073709551616, 123456789012345678901234567890.5]"),
            "$[0]=18446744073709551616;$[1]=123456789012345678901234567890.5;");
  // No DOUBLE is printed like that: it has an exponent.
  EXPECT_EQ(Found("[1000000000000000.0, 0.0000000000000001]"),
            "$[0]=1000000000000000.0;$[1]=0.0000000000000001;");
}

TEST(JsonDecimalsTest, BrokenTextGivesNothing) {
  for (const char* text : {"[1.10", "]1.10", "\"1.10", "{\"a\\", "}"}) {
    EXPECT_LE(FindJsonDecimals(text).size(), 1U) << text;
  }
}

}  // namespace
}  // namespace dbomsbak
