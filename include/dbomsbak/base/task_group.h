// A handful of threads that fail together.
#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dbomsbak {

// Keeps the first error as it was and rethrows it after everyone has joined.
// `on_error` runs once, from the failing thread, and must make the other tasks return soon
// (close queues, cancel). Start and Wait belong to one thread.
class TaskGroup {
 public:
  explicit TaskGroup(std::function<void()> on_error = {});
  ~TaskGroup();  // without Wait: calls on_error, joins; errors are dropped
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Error kInternal when the system refuses a thread.
  void Start(std::function<void()> task);
  void Wait();

  // Records the error now being handled (call inside a catch block), as a task's throw would.
  void Fail(std::exception_ptr error);

 private:
  void Join();

  std::function<void()> on_error_;
  std::mutex mutex_;
  std::exception_ptr first_error_;
  std::vector<std::thread> threads_;
};

}  // namespace dbomsbak
