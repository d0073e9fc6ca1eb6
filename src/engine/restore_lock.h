// One restore, undo or purge a server at a time.
#pragma once

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// GET_LOCK on `session`, held as long as the object lives. Error kLocked names the holder.
// A dead session of ours keeps its lock while its RENAME still runs: this waits `wait_s` for it.
class RestoreLock {
 public:
  RestoreLock(Session& session, unsigned wait_s);
  ~RestoreLock();
  RestoreLock(const RestoreLock&) = delete;
  RestoreLock& operator=(const RestoreLock&) = delete;

 private:
  Session& session_;
};

}  // namespace dbomsbak
