// How undo and purge begin: a session of their own under the restore lock, on a healed server.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/heal.h"
#include "engine/restore_lock.h"

namespace dbomsbak {

class LockedServer {
 public:
  // `heal`: windows that were left open are closed first; `observer` is told of each.
  // Error kLocked when another run is at work for `lock_wait_s` seconds.
  LockedServer(SessionFactory& sessions, bool heal, unsigned lock_wait_s, Observer& observer);

  Session& session() { return *session_; }
  const ServerTraits& traits() const { return traits_; }
  const std::vector<HealedSet>& healed() const { return healed_; }

 private:
  std::unique_ptr<Session> session_;
  ServerTraits traits_;
  std::optional<RestoreLock> lock_;
  std::vector<HealedSet> healed_;
};

}  // namespace dbomsbak
