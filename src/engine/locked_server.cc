#include "engine/locked_server.h"

#include <string>

#include "engine/heal.h"
#include "engine/staging.h"

namespace dbomsbak {

LockedServer::LockedServer(SessionFactory& sessions, bool heal, unsigned lock_wait_s,
                           Observer& observer)
    : session_(sessions.Connect()), traits_(ProbeServerTraits(*session_)) {
  PrepareSession(*session_, traits_, false);
  PrepareForDefinitions(*session_);  // what a swap had to leave behind is made again
  lock_.emplace(*session_, lock_wait_s);
  if (!heal) return;
  HealWithLock(*session_, traits_, observer, healed_);
}

}  // namespace dbomsbak
