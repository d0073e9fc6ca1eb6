#include "dbomsbak/objects/object_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "dbomsbak/base/error.h"
#include "unit/memory_store.h"

namespace dbomsbak {
namespace {

using std::chrono::milliseconds;

class ObjectLockTest : public testing::Test {
 protected:
  void Take(std::optional<ObjectLock>& lock, milliseconds renewed = ObjectLock::kRenewed) {
    lock.emplace(store_, "f/.dbomsbak/lock", "s3://b/f", "another run works in 's3://b/f'",
                 renewed);
  }
  ErrorCode TakeSecond() {
    try {
      std::optional<ObjectLock> second;
      Take(second);
    } catch (const Error& error) {
      message_ = error.message();
      return error.code();
    }
    return ErrorCode::kOk;
  }
  bool Holds(const ObjectLock& lock) {
    try {
      lock.RequireHeld();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kLocked);
      return false;
    }
    return true;
  }

  MemoryBucket bucket_;
  MemoryStore store_{bucket_};
  std::string message_;
};

TEST_F(ObjectLockTest, OneRunAtATime) {
  std::optional<ObjectLock> first;
  Take(first);
  EXPECT_EQ(TakeSecond(), ErrorCode::kLocked);
  EXPECT_THAT(message_, testing::HasSubstr("another run works in 's3://b/f': process "));
  bucket_.clock += ObjectLock::kDead.count();
  EXPECT_EQ(TakeSecond(), ErrorCode::kLocked);
  EXPECT_TRUE(Holds(*first));
  first.reset();
  EXPECT_TRUE(bucket_.objects.empty());
  EXPECT_EQ(TakeSecond(), ErrorCode::kOk);
}

TEST_F(ObjectLockTest, ThatOfADeadRunIsTakenOver) {
  store_.Put("f/.dbomsbak/lock", "process 1 on old since then\nmark 1\n", "old", {});
  EXPECT_EQ(TakeSecond(), ErrorCode::kLocked);
  EXPECT_THAT(message_, testing::EndsWith(": process 1 on old since then"));
  bucket_.clock += ObjectLock::kDead.count() + 1;
  EXPECT_EQ(TakeSecond(), ErrorCode::kOk);
}

TEST_F(ObjectLockTest, AHolderNoticesThatItWasTakenOverAndDoesNotGiveItBack) {
  std::optional<ObjectLock> lock;
  Take(lock, milliseconds(10));
  EXPECT_TRUE(Holds(*lock));
  store_.Put("f/.dbomsbak/lock", "another", "another", {});
  for (int i = 0; i < 500 && Holds(*lock); ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_FALSE(Holds(*lock));
  lock.reset();
  EXPECT_EQ(bucket_.objects.at("f/.dbomsbak/lock").bytes, "another");
}

TEST_F(ObjectLockTest, ItIsWrittenAnewWhileItIsHeld) {
  std::optional<ObjectLock> lock;
  Take(lock, milliseconds(10));
  for (int i = 0; i < 5; ++i) {
    bucket_.clock += ObjectLock::kDead.count() / 2;
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_TRUE(Holds(*lock));
  EXPECT_EQ(TakeSecond(), ErrorCode::kLocked);
}

TEST_F(ObjectLockTest, OneThatCouldNotBeTakenIsNotLeftBehind) {
  for (unsigned at = 1; at <= 3; ++at) {  // a look, the write, the look at what was written
    bucket_.calls = 0;
    bucket_.fail_at = at;
    EXPECT_EQ(TakeSecond(), ErrorCode::kIo) << at;
    bucket_.fail_at = 0;
    EXPECT_TRUE(bucket_.objects.empty()) << at;
  }
  EXPECT_EQ(TakeSecond(), ErrorCode::kOk);
}

TEST_F(ObjectLockTest, WhereAnswersTellNoTimeTheStoreIsAskedForIt) {
  bucket_.no_date = true;
  store_.Put("f/.dbomsbak/lock", "process 1 on old since then\nmark 1\n", "old", {});
  EXPECT_EQ(TakeSecond(), ErrorCode::kLocked);
  EXPECT_EQ(bucket_.objects.size(), 1u);
  bucket_.clock += ObjectLock::kDead.count() + 1;
  EXPECT_EQ(TakeSecond(), ErrorCode::kOk);
  EXPECT_TRUE(bucket_.objects.empty());
}

TEST_F(ObjectLockTest, TheStoreIsAskedBeforeItCounts) {
  std::optional<ObjectLock> lock;
  Take(lock);
  EXPECT_TRUE(Holds(*lock));
  store_.Put("f/.dbomsbak/lock", "another", "another", {});  // while this machine slept
  EXPECT_FALSE(Holds(*lock));
  lock.reset();
  EXPECT_EQ(bucket_.objects.at("f/.dbomsbak/lock").bytes, "another");
}

}  // namespace
}  // namespace dbomsbak
