#include "engine/staging_refusals.h"

#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "dbomsbak/transport/session.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

constexpr unsigned kUnknownColumn = 1054, kInterrupted = 1317, kFull = 1114;

void Refuse(StagingRefusals& refusals, unsigned number) {
  refusals.Try("creating", {"d", ObjectKind::kView, "v"},
               [&] { throw ServerError(ErrorCode::kQueryRefused, number, "HY000", "refused"); });
}

TEST(StagingRefusalsTest, WhatTheServerDoesNotTakeIsToldTogether) {
  StagingRefusals refusals;
  Refuse(refusals, kUnknownColumn);
  Refuse(refusals, kUnknownColumn);
  try {
    refusals.ThrowIfAny();
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kRestorePreflight);
    EXPECT_NE(e.message().find("2 objects"), std::string::npos) << e.message();
  }
}

TEST(StagingRefusalsTest, OneObjectIsToldAsOne) {
  StagingRefusals refusals;
  Refuse(refusals, kUnknownColumn);
  ExpectError(ErrorCode::kRestorePreflight,
              "the server does not take 1 object of the archive\n  - ", "dbomsbak cat writes",
              [&] { refusals.ThrowIfAny(); });
}

// Somebody's KILL QUERY, or a full disk there: the archive is none the worse.
TEST(StagingRefusalsTest, AStatementThatWasEndedIsNoRefusal) {
  for (const unsigned number : {kInterrupted, kFull}) {
    StagingRefusals refusals;
    EXPECT_THROW(Refuse(refusals, number), ServerError);
    EXPECT_NO_THROW(refusals.ThrowIfAny());
  }
}

}  // namespace
}  // namespace dbomsbak
