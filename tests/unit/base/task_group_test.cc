#include "dbomsbak/base/task_group.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <stdexcept>

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
