#include "dbomsbak/base/task_group.h"

#include <utility>

namespace dbomsbak {

TaskGroup::TaskGroup(std::function<void()> on_error) : on_error_(std::move(on_error)) {}

TaskGroup::~TaskGroup() { Join(); }

void TaskGroup::Start(std::function<void()> task) {
  threads_.emplace_back([this, task = std::move(task)] {
    try {
      task();
    } catch (...) {
      Fail(std::current_exception());
    }
  });
}

void TaskGroup::Fail(std::exception_ptr error) {
  {
    std::lock_guard lock(mutex_);
    if (first_error_) return;
    first_error_ = std::move(error);
  }
  if (on_error_) on_error_();
}

void TaskGroup::Wait() {
  Join();
  std::exception_ptr error;
  {
    std::lock_guard lock(mutex_);
    error = std::exchange(first_error_, nullptr);
  }
  if (error) std::rethrow_exception(error);
}

void TaskGroup::Join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace dbomsbak
