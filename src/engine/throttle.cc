#include "engine/throttle.h"

#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::chrono::milliseconds kLookAgain{250};

std::chrono::nanoseconds Takes(std::uint64_t amount, std::uint64_t a_second) {
  if (a_second == 0) return {};
  return std::chrono::nanoseconds(
      static_cast<std::int64_t>(1e9 * static_cast<double>(amount) / static_cast<double>(a_second)));
}

}  // namespace

Pace::Moment Pace::After(Moment now, std::uint64_t rows, std::uint64_t bytes) {
  free_ = std::max(free_, now) +
          std::max(Takes(rows, limits_.rows_a_second), Takes(bytes, limits_.bytes_a_second));
  return free_;
}

Throttle::Throttle(const ThrottleLimits& limits, SerialObserver& observer)
    : limits_(limits), observer_(observer), pace_(limits) {}

void Throttle::Pay(std::uint64_t rows, std::uint64_t bytes) {
  if (limits_.rows_a_second == 0 && limits_.bytes_a_second == 0) return;
  std::unique_lock lock(mutex_);
  const Pace::Moment until = pace_.After(std::chrono::steady_clock::now(), rows, bytes);
  closing_.wait_until(lock, until, [&] { return closed_; });
}

std::uint64_t Throttle::OthersRunning(Session& session) {
  const ResultSet answer = session.Query("SHOW GLOBAL STATUS LIKE 'Threads_running'");
  if (answer.empty()) {
    throw Error(ErrorCode::kUnsupported,
                "--throttle load=: the server does not tell how many threads run",
                "It has no status Threads_running. Limit bytes or rows a second instead.");
  }
  const std::uint64_t running = std::stoull(answer.Text(0, 1));
  const std::uint64_t ours = reading_ + 1;  // and the one that asks
  return running - std::min(running, ours);
}

void Throttle::AwaitCalm(Session& session) {
  if (limits_.running_threads == 0) return;
  for (;;) {
    const std::uint64_t running = OthersRunning(session);
    if (running <= limits_.running_threads) return;
    std::unique_lock lock(mutex_);
    if (!told_) {
      told_ = true;
      observer_.Notice(fmt::format(
          "the dump waits whenever more than {} threads of others run on the server; {} do now",
          limits_.running_threads, running));
    }
    if (closing_.wait_for(lock, kLookAgain, [&] { return closed_; })) return;
  }
}

void Throttle::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  closing_.notify_all();
}

}  // namespace dbomsbak
