// Keeps the readers of a dump to what a live server can spare.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "dbomsbak/engine/throttle_limits.h"
#include "dbomsbak/transport/session.h"
#include "engine/serial_observer.h"

namespace dbomsbak {

// What has been read is paid for before the next: at which moment one may go on. No burst follows a
// pause. One thread at a time.
class Pace {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  explicit Pace(const ThrottleLimits& limits) : limits_(limits) {}
  Moment After(Moment now, std::uint64_t rows, std::uint64_t bytes);

 private:
  const ThrottleLimits limits_;
  Moment free_{};
};

// Any thread. `observer` must outlive it.
class Throttle {
 public:
  Throttle(const ThrottleLimits& limits, SerialObserver& observer);

  // Waits as long as so much takes at most.
  void Pay(std::uint64_t rows, std::uint64_t bytes);
  // Waits for the server to have fewer threads running than asked for. `session` is idle.
  // Error kUnsupported when the server does not tell.
  void AwaitCalm(Session& session);
  // While a session of ours is in a statement.
  class Reading {
   public:
    explicit Reading(Throttle& throttle) : throttle_(throttle) { ++throttle_.reading_; }
    ~Reading() { --throttle_.reading_; }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

   private:
    Throttle& throttle_;
  };
  // Nobody waits any more.
  void Close();

 private:
  std::uint64_t OthersRunning(Session& session);

  const ThrottleLimits limits_;
  SerialObserver& observer_;
  std::mutex mutex_;
  std::condition_variable closing_;
  Pace pace_;
  std::atomic<std::uint64_t> reading_{0};
  bool told_ = false;
  bool closed_ = false;
};

}  // namespace dbomsbak
