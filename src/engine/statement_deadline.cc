#include "engine/statement_deadline.h"

#include <fmt/format.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "dbomsbak/transport/server_numbers.h"

namespace dbomsbak {
namespace {

constexpr unsigned kQueryInterrupted = 1317;
// KILL QUERY hits whatever runs at that moment, so it is said again while nothing has ended.
constexpr std::chrono::seconds kAgain{1};

class Watchdog {
 public:
  Watchdog(std::unique_ptr<Session> session, std::uint64_t victim, std::chrono::milliseconds limit)
      : session_(std::move(session)), victim_(victim), thread_([this, limit] { Watch(limit); }) {}

  // True: the statement was told to end.
  bool End() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
    return killed_;
  }
  ~Watchdog() { End(); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  void Watch(std::chrono::milliseconds limit) {
    std::unique_lock lock(mutex_);
    // The statement cannot end, and the next one begin, between the look and the KILL: End() waits
    // for the lock.
    for (auto wait = limit; !changed_.wait_for(lock, wait, [this] { return ended_; });
         wait = kAgain) {
      try {
        killed_ = true;
        session_->Execute(fmt::format("KILL QUERY {}", victim_));
      } catch (const Error&) {
        // It has just ended, or this session is lost; the wait goes on without end then, as it
        // would without a watchdog.
      }
    }
  }

  std::unique_ptr<Session> session_;
  std::uint64_t victim_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false, killed_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace

void RunWithDeadline(SessionFactory& sessions, Session& session, std::chrono::milliseconds limit,
                     const std::function<void()>& statement) {
  Watchdog watchdog(sessions.Connect(), session.connection_id(), limit);
  try {
    statement();
  } catch (const ServerError& error) {
    if (!watchdog.End() || error.number() != kQueryInterrupted) throw;
    throw ServerError(ErrorCode::kBusy, kLockWaitTimeout, "HY000",
                      fmt::format("tables could not be renamed within {} s: others have open "
                                  "transactions in them",
                                  limit.count() / 1000),
                      "Let them end their transactions, or raise --lock-wait; then run the same "
                      "command again.");
  }
}

}  // namespace dbomsbak
