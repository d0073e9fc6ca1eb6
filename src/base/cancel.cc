#include "dbomsbak/base/cancel.h"

#include <csignal>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

void CancelToken::ThrowIfCancelled() const {
  const int signal_number = signal_.load();
  if (signal_number == 0) return;
  if (signal_number == SIGTERM) throw Error(ErrorCode::kTerminated, "stopped by SIGTERM");
  throw Error(ErrorCode::kInterrupted, "stopped by Ctrl-C");
}

}  // namespace dbomsbak
