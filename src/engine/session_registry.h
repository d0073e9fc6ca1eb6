// All sessions of one operation, so that it can be stopped while it waits for the server.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Owns sessions and aborts them all when `cancel` fires, from a thread of its own. Any thread; each
// session still belongs to one thread at a time. Sessions live as long as the registry, or until
// Close().
class SessionRegistry {
 public:
  explicit SessionRegistry(const CancelToken& cancel);
  ~SessionRegistry();
  SessionRegistry(const SessionRegistry&) = delete;
  SessionRegistry& operator=(const SessionRegistry&) = delete;

  Session& Add(std::unique_ptr<Session> session);
  void Close(Session& session);
  void AbortAll() noexcept;

 private:
  const CancelToken& cancel_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Session>> sessions_;
  bool aborted_ = false;
  bool done_ = false;
  std::condition_variable ended_;
  std::thread watch_;
};

}  // namespace dbomsbak
