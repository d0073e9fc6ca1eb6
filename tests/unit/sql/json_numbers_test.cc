#include "sql/json_numbers.h"

#include <gtest/gtest.h>

#include <string>

namespace dbomsbak {
namespace {

std::string Found(std::string_view json, JsonDoubles doubles = JsonDoubles::kExact) {
  std::string all;
  for (const JsonNumber& found : FindJsonNumbers(json, doubles)) {
    all += found.path + "=" + std::string(found.number) + (found.is_double ? " double;" : ";");
  }
  return all;
}

TEST(JsonNumbersTest, NumbersThatTheServerReadsAsTheyStandAreNone) {
  EXPECT_EQ(Found("[0, -1, 9223372036854775807, 18446744073709551615, -9223372036854775808]"), "");
  EXPECT_EQ(Found("[0.1, 1.0, -0.0, 100.0, 1e15, 1e-16, 1.2345678901234568e17, 5e-324]"), "");
  EXPECT_EQ(Found("[100000000000000.0, 0.000000000000001, 123456789012345.67]"), "");
  EXPECT_EQ(Found("{\"1.10\": \"1.10\", \"a\\\"2.20\": [\"[3.30]\"]}"), "");
  EXPECT_EQ(Found(""), "");
}

TEST(JsonNumbersTest, OthersAreFoundWithTheirPaths) {
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

TEST(JsonNumbersTest, DoublesThatARoundingReaderMayMissAreFoundForIt) {
  const auto found = [](std::string_view json) { return Found(json, JsonDoubles::kRounded); };
  EXPECT_EQ(found("[0.1, -0.0, 123456789012345.0, 999999999999999.0, 100000000000000.0]"), "");
  EXPECT_EQ(found("[1e22, 1.5e-21, 1.23456789012345e36, 1.23456789012345e-8]"), "");
  EXPECT_EQ(found("[18446744073709551615, -9223372036854775808, 9007199254740993, \"1e300\"]"), "");
  EXPECT_EQ(found("2.2790121708605243e274"), "$=2.2790121708605243e274 double;");
  EXPECT_EQ(found("{\"a\": [0.30000000000000004, 1.10]}"),
            "$.\"a\"[0]=0.30000000000000004 double;$.\"a\"[1]=1.10;");
  EXPECT_EQ(found("[1e23, 1.5e-22, 1.23456789012345e37, 5e-324]"),
            "$[0]=1e23 double;$[1]=1.5e-22 double;$[2]=1.23456789012345e37 double;"
            "$[3]=5e-324 double;");
  EXPECT_EQ(found("[0.0000000000123456789012345]"), "$[0]=0.0000000000123456789012345 double;");
}

TEST(JsonNumbersTest, BrokenTextGivesNothing) {
  for (const char* text :
       {"[1.10", "]1.10", "\"1.10", "{\"a\\", "}", "{\"\xFF\": 1.10}", "[1.10, 1.]", "[1.10, -]",
        "[1.10, 01.50]", "[1.10, 1e]", "[1.10, 1--2]", "[1.10, 1.5e+]", "[1.10, -.50]"}) {
    EXPECT_EQ(Found(text, JsonDoubles::kRounded), "") << text;
  }
}

}  // namespace
}  // namespace dbomsbak
