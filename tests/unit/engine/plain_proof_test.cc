#include "engine/plain_proof.h"

#include <gtest/gtest.h>

#include "unit/thrown.h"

namespace dbomsbak {
namespace {

// Flips, cuts and additions of whole files: verify_test.cc.
TEST(PlainProofTest, ProofLineIsAsThePageSays) {
  EXPECT_EQ(ProofLine(Sha256("abc"), 3),
            "-- dbomsbak proof: "
            "sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad bytes=3\n");
}

TEST(PlainProofTest, ADumpWithoutItsLastLineIsIncomplete) {
  PlainProver prover("x.sql");
  prover.Feed("CREATE TABLE `t` (`a` int);\n");
  ExpectError(ErrorCode::kIncomplete,
              "'x.sql' is incomplete: its last line is not '-- Dump completed", "take it again",
              [&] { prover.Finish(); });
}

}  // namespace
}  // namespace dbomsbak
