#include "engine/session_registry.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace dbomsbak {

SessionRegistry::SessionRegistry(const CancelToken& cancel) : cancel_(cancel) {
  // A signal handler may only set the token, so somebody has to look at it.
  watch_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!done_) {
      if (cancel_.cancelled()) {
        lock.unlock();
        AbortAll();
        return;
      }
      ended_.wait_for(lock, std::chrono::milliseconds(20));
    }
  });
}

SessionRegistry::~SessionRegistry() {
  {
    std::lock_guard lock(mutex_);
    done_ = true;
  }
  ended_.notify_all();
  watch_.join();
}

Session& SessionRegistry::Add(std::unique_ptr<Session> session) {
  std::lock_guard lock(mutex_);
  if (aborted_) session->Abort();
  sessions_.push_back(std::move(session));
  return *sessions_.back();
}

void SessionRegistry::Close(Session& session) {
  std::unique_ptr<Session> closing;
  std::lock_guard lock(mutex_);
  const auto found = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const auto& held) { return held.get() == &session; });
  if (found == sessions_.end()) return;
  closing = std::move(*found);
  sessions_.erase(found);
}

void SessionRegistry::AbortAll() noexcept {
  std::lock_guard lock(mutex_);
  aborted_ = true;
  for (const auto& session : sessions_) session->Abort();
}

}  // namespace dbomsbak
