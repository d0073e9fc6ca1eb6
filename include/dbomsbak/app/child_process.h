// Another program, run by its arguments, without a shell.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"

namespace dbomsbak {

struct ChildResult {
  int code = -1;  // its exit code; 128 + signal when one ended it
  bool timed_out = false;
  std::string out, err;  // of much the end, and no less than a MiB
};

// Runs argv[0], looked for in PATH when it has no '/', with our environment (but without passwords
// of ours) and standard input closed, and waits for its end. After `limit`, or when `cancel` says
// so, it is ended with its children: SIGTERM, and a while later SIGKILL.
// Errors: kIo when it cannot be started; kInterrupted, kTerminated when it was ended so.
ChildResult RunChild(const std::vector<std::string>& argv, std::chrono::milliseconds limit,
                     const CancelToken& cancel);

// As a shell reads them: "docker run --name 'a b'".
std::string ShellQuoted(const std::vector<std::string>& argv);

}  // namespace dbomsbak
