#include "dbomsbak/base/task_group.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

#include "unit/thrown.h"

namespace dbomsbak {
namespace {

// A task that runs until it is told to stop.
class Waiting {
 public:
  void Run() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stopped_; });
  }
  void Stop() {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;
};

TEST(TaskGroupTest, RethrowsTheFirstErrorWhenAllHaveStopped) {
  Waiting waiting;
  TaskGroup group([&] { waiting.Stop(); });
  group.Start([&] { waiting.Run(); });
  group.Start([] { throw std::runtime_error("first"); });
  try {
    group.Wait();
    FAIL() << "no error";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "first");
  }
}

#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)  // these start threads their own way
TEST(TaskGroupTest, AThreadThatCannotBeHadIsTold) {
  pthread_attr_t usual, too_much;
  ASSERT_EQ(::pthread_getattr_default_np(&usual), 0);
  ASSERT_EQ(::pthread_getattr_default_np(&too_much), 0);
  ASSERT_EQ(::pthread_attr_setstacksize(&too_much, std::size_t{1} << 47), 0);
  ASSERT_EQ(::pthread_setattr_default_np(&too_much), 0);
  TaskGroup group;
  const Error error = Thrown([&] { group.Start([] {}); });
  ::pthread_setattr_default_np(&usual);
  ::pthread_attr_destroy(&usual);
  ::pthread_attr_destroy(&too_much);
  ExpectTold(error, ErrorCode::kInternal,
             "no thread can be started: Resource temporarily unavailable", "", "Lower --jobs");
}
#endif

TEST(TaskGroupTest, UnwindingStopsTheTasks) {
  Waiting waiting;
  EXPECT_THROW(
      {
        TaskGroup group([&] { waiting.Stop(); });
        group.Start([&] { waiting.Run(); });
        throw std::runtime_error("the next task cannot be started");
      },
      std::runtime_error);
}

TEST(TaskGroupTest, NobodyIsStoppedWhenAllIsWell) {
  bool stopped = false;
  {
    TaskGroup group([&] { stopped = true; });
    group.Start([] {});
    group.Wait();
  }
  EXPECT_FALSE(stopped);
}

}  // namespace
}  // namespace dbomsbak
