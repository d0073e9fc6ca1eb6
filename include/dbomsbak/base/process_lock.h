// One process at a time at work on something. The lock is the system's (flock), so that it ends
// with the process, however that ends.
#pragma once

#include <string>

namespace dbomsbak {

// What a lock says of its holder, this process: "process 7 on host since 2026-11-27T10:15:34Z".
std::string LockHolder();

class ProcessLock {
 public:
  // `path`: the lock's file, made when it is not there, and left. `busy` begins the message of
  // kLocked, behind which process, host and start of the holder stand; it is about `folder`.
  // Errors: kLocked; kIo, with `hint` where the file cannot be opened and the system's reason does
  // not tell what helps.
  ProcessLock(const std::string& path, const std::string& folder, const std::string& busy,
              const std::string& hint);
  ~ProcessLock();
  ProcessLock(const ProcessLock&) = delete;
  ProcessLock& operator=(const ProcessLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace dbomsbak
