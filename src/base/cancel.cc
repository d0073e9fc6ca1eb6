#include "dbomsbak/base/cancel.h"

#include <csignal>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr char kAgain[] =
    "The same command may be run again: it puts right, or sweeps up, what this run left.";

}  // namespace

void CancelToken::ThrowIfCancelled() const {
  const int signal_number = signal_.load();
  if (signal_number == 0) return;
  if (signal_number == SIGTERM) throw Error(ErrorCode::kTerminated, "stopped by SIGTERM", kAgain);
  if (signal_number == SIGHUP) {
    throw Error(ErrorCode::kTerminated, "stopped by SIGHUP: the terminal is gone",
                "nohup, screen or tmux keep the program running without its terminal.");
  }
  throw Error(ErrorCode::kInterrupted, "stopped by Ctrl-C", kAgain);
}

}  // namespace dbomsbak
