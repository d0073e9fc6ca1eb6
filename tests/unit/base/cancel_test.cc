#include "dbomsbak/base/cancel.h"

#include <csignal>

#include "unit/thrown.h"

namespace dbomsbak {
namespace {

Error ThrownBy(int signal_number) {
  CancelToken cancel;
  cancel.Cancel(signal_number);
  return Thrown([&] { cancel.ThrowIfCancelled(); });
}

TEST(CancelTest, WhatHasStoppedTheRunIsTold) {
  ExpectTold(ThrownBy(SIGINT), ErrorCode::kInterrupted, "stopped by Ctrl-C", "",
             "The same command may be run again");
  ExpectTold(ThrownBy(SIGTERM), ErrorCode::kTerminated, "stopped by SIGTERM", "",
             "The same command may be run again");
  ExpectTold(ThrownBy(SIGHUP), ErrorCode::kTerminated, "stopped by SIGHUP: the terminal is gone",
             "", "nohup, screen or tmux");
}

}  // namespace
}  // namespace dbomsbak
