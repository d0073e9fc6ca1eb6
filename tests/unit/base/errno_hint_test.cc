#include "dbomsbak/base/errno_hint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace dbomsbak {
namespace {

TEST(ErrnoHintTest, WhatTellsByItselfWhatHelpsIsNoMatterOfPermissions) {
  for (const auto& [number, words] : {std::pair(EROFS, "mounted read-only"),
                                      {ENOSPC, "Free some space"},
                                      {EDQUOT, "Free some space"},
                                      {EIO, "disk may be failing"}}) {
    EXPECT_THAT(HintOfErrno(number, "May you write there?"), testing::HasSubstr(words)) << number;
  }
  for (const int number : {EACCES, EPERM, ENOTDIR, 0}) {
    EXPECT_EQ(HintOfErrno(number, "May you write there?"), "May you write there?") << number;
  }
}

}  // namespace
}  // namespace dbomsbak
