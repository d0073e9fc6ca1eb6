// Stopping early: SIGINT and SIGTERM from outside, the first error from within.
#pragma once

#include <atomic>

namespace dbomsbak {

// Set once, read from any thread and from signal handlers.
class CancelToken {
 public:
  // `signal_number`: SIGINT, SIGTERM or SIGHUP. Async-signal-safe.
  void Cancel(int signal_number) noexcept { signal_.store(signal_number); }
  bool cancelled() const noexcept { return signal_.load() != 0; }

  // Throws Error kInterrupted or kTerminated when cancelled.
  void ThrowIfCancelled() const;

 private:
  std::atomic<int> signal_{0};
};

}  // namespace dbomsbak
