#include "dbomsbak/app/verify_command.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(VerifyCommandTest, DamageIsWorseThanDoubtAndDoubtWorseThanLosses) {
  EXPECT_EQ(Worse(ErrorCode::kOk, ErrorCode::kPartial), ErrorCode::kPartial);
  EXPECT_EQ(Worse(ErrorCode::kUnproven, ErrorCode::kPartial), ErrorCode::kUnproven);
  EXPECT_EQ(Worse(ErrorCode::kDamaged, ErrorCode::kUnproven), ErrorCode::kDamaged);
  EXPECT_EQ(Worse(ErrorCode::kDamaged, ErrorCode::kUsage), ErrorCode::kDamaged);
  EXPECT_EQ(Worse(ErrorCode::kIo, ErrorCode::kIncomplete), ErrorCode::kIncomplete);
  EXPECT_EQ(Worse(ErrorCode::kDamaged, ErrorCode::kInternal), ErrorCode::kInternal);
}

}  // namespace
}  // namespace dbomsbak
