// Healing with a session that holds the RestoreLock already.
#pragma once

#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// As HealOpenWindows, which opens its own session and takes the lock only if there is something to
// heal.
std::vector<HealedSet> HealWithLock(Session& session, const ServerTraits& traits,
                                    Observer& observer);

}  // namespace dbomsbak
