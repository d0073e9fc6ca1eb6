// SIGINT and SIGTERM as a request to stop; a dead reader of our output as an error (EPIPE).
#pragma once

#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cli/console.h"
#include "dbomsbak/base/cancel.h"

namespace dbomsbak {

// Create it before any other thread: it blocks the signals, and all threads inherit that. A thread
// of its own waits for them and sets the token. A command that then does not return in time (it
// waits for the server, say) is ended by force where that is harmless; a second signal always does.
class SignalWatch {
 public:
  SignalWatch(CancelToken& cancel, Console& console);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // From now on ending by force is harmless, once the files below are removed.
  void AllowForcedEnd();
  // Instead of those named before.
  void RemoveAtForcedEnd(std::vector<std::string> temporary_files);
  // From now on only a second signal ends by force. `left_behind` is said then: what such an end
  // may leave and what to do about it.
  void ForbidForcedEnd(std::string left_behind = {});
  bool may_force() const;

 private:
  void Run();
  [[noreturn]] void EndByForce(int signal_number);

  CancelToken& cancel_;
  Console& console_;
  mutable std::mutex mutex_;
  bool stop_ = false;
  bool may_force_ = true;
  std::vector<std::string> temporary_files_;
  std::string left_behind_;
  std::thread thread_;
};

}  // namespace dbomsbak
