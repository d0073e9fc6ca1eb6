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
  healed_ = HealWithLock(*session_, traits_, observer);
  for (const HealedSet& healed : healed_) observer.Notice(healed.line);
}

}  // namespace dbomsbak
