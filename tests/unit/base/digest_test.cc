#include "dbomsbak/base/digest.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

// Values of FIPS 180-2 and of xxhsum -H2.
TEST(DigestTest, Sha256GivesThePublishedValue) {
  EXPECT_EQ(Sha256("abc").hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestTest, Xxh3OfNothingIsThePublishedValue) {
  EXPECT_EQ(Xxh3("").hex(), "99aa06d3014798d86001c324468d497f");
}

TEST(DigestTest, HexIsReadBack) {
  const Uint128 value{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
  EXPECT_EQ(value.hex(), "0123456789abcdeffedcba9876543210");
  EXPECT_EQ(Uint128::FromHex(value.hex()), value);
  EXPECT_FALSE(Uint128::FromHex("0123").has_value());
}

TEST(DigestTest, SumCarriesIntoTheHighHalf) {
  Uint128 sum{0, ~0ULL};
  sum += Uint128{0, 1};
  EXPECT_EQ(sum, (Uint128{1, 0}));
}

}  // namespace
}  // namespace dbomsbak
