// Healing with a session that holds the RestoreLock already.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// A set that was finished or taken back.
struct HealedSet {
  std::string operation;               // "restore" or "undo"
  std::vector<std::string> databases;  // live names, sorted
  bool live = false;                   // finished: what it brings is live
  unsigned generation = 0;             // of the displaced copy it made
  std::string line;                    // for people
};

// As HealOpenWindows, which opens its own session and takes the lock only if there is something to
// heal.
std::vector<HealedSet> HealWithLock(Session& session, const ServerTraits& traits,
                                    Observer& observer);

}  // namespace dbomsbak
