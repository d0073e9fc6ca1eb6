#include "cli/signals.h"

#include <unistd.h>

#include <csignal>
#include <ctime>
#include <optional>
#include <utility>

#include "cli/terminal.h"

namespace dbomsbak {
namespace {

// A stop is promised within a second; what ends by itself in this time may clean up.
constexpr long kGraceNanoseconds = 700'000'000;
constexpr long kPollNanoseconds = 50'000'000;
constexpr long kForever = 3'600'000'000'000;  // an hour, then again

sigset_t WatchedSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  // The terminal is gone: that must not cut a swap in two. nohup makes it be ignored.
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN) {
    ::sigaddset(&set, SIGHUP);
  }
  // A shell lets background jobs ignore Ctrl-C; so do we then.
  struct sigaction action {};
  if (::sigaction(SIGINT, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
    ::sigaddset(&set, SIGINT);
  }
  return set;
}

std::optional<int> WaitForSignal(const sigset_t& set, long nanoseconds) {
  const timespec timeout{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
  const int number = ::sigtimedwait(&set, nullptr, &timeout);
  if (number <= 0) return std::nullopt;
  return number;
}

}  // namespace

SignalWatch::SignalWatch(CancelToken& cancel, Console& console)
    : cancel_(cancel), console_(console) {
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored by who started us, the ends of our children would be lost
  ::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit of file sizes fails, and is told
  const sigset_t set = WatchedSignals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { Run(); });
}

SignalWatch::~SignalWatch() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  ::pthread_kill(thread_.native_handle(), SIGTERM);  // wakes it; it is blocked, so nothing ends
  thread_.join();
}

void SignalWatch::AllowForcedEnd() {
  std::lock_guard lock(mutex_);
  may_force_ = true;
}

void SignalWatch::RemoveAtForcedEnd(std::vector<std::string> temporary_files) {
  std::lock_guard lock(mutex_);
  temporary_files_ = std::move(temporary_files);
}

void SignalWatch::ForbidForcedEnd(std::string left_behind) {
  std::lock_guard lock(mutex_);
  may_force_ = false;
  left_behind_ = std::move(left_behind);
  temporary_files_.clear();
}

bool SignalWatch::may_force() const {
  std::lock_guard lock(mutex_);
  return may_force_;
}

void SignalWatch::Run() {
  const sigset_t set = WatchedSignals();
  std::optional<int> first;
  long waited = 0;
  for (;;) {
    const std::optional<int> signal_number =
        WaitForSignal(set, first ? kPollNanoseconds : kForever);
    std::unique_lock lock(mutex_);
    if (stop_) return;
    if (signal_number && first) EndByForce(*signal_number);
    if (signal_number) {
      first = signal_number;
      cancel_.Cancel(*signal_number);
      RestoreTerminal();
      if (!may_force_) {
        console_.Say("stopping at the next safe point; a second signal stops at once");
      }
    } else if (first) {
      waited += kPollNanoseconds;
      if (may_force_ && waited >= kGraceNanoseconds) EndByForce(*first);
    }
  }
}

void SignalWatch::EndByForce(int signal_number) {
  RestoreTerminal();
  for (const std::string& path : temporary_files_) ::unlink(path.c_str());
  console_.Err(signal_number == SIGINT ? "dbomsbak: error: interrupted\n"
                                       : "dbomsbak: error: terminated\n");
  if (!may_force_ && !left_behind_.empty()) console_.Err(left_behind_ + "\n");
  if (may_force_ && !temporary_files_.empty()) {
    console_.Err("dbomsbak: hint: What was written so far is removed.\n");
  }
  ::_exit(128 + signal_number);
}

}  // namespace dbomsbak
