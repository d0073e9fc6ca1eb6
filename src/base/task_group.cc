#include "dbomsbak/base/task_group.h"

#include <string>
#include <system_error>
#include <utility>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

TaskGroup::TaskGroup(std::function<void()> on_error) : on_error_(std::move(on_error)) {}

TaskGroup::~TaskGroup() {
  // Unwinding: a later task could not be started, say, and those before it wait for it.
  if (!threads_.empty() && on_error_) {
    try {
      on_error_();
    } catch (...) {  // nobody is left to tell
    }
  }
  Join();
}

void TaskGroup::Start(std::function<void()> task) {
  try {
    threads_.emplace_back([this, task = std::move(task)] {
      try {
        task();
      } catch (...) {
        Fail(std::current_exception());
      }
    });
  } catch (const std::system_error& e) {
    throw Error(ErrorCode::kInternal, std::string("no thread can be started: ") + e.what(),
                "Lower --jobs, or raise the limit of processes or memory (ulimit -u, -v; pids of a "
                "container).");
  }
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
