// Healing with a session that holds the RestoreLock already.
#pragma once

#include <functional>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/transport/session.h"
#include "engine/in_place.h"

namespace dbomsbak {

// Told of a restore in place that has swapped all its tables and cannot be finished. True: the
// caller sees to it, and the others are healed.
using TakeUnfinished = std::function<bool(const InPlaceRun& run, const Error& reason)>;

// As HealOpenWindows, which opens its own session and takes the lock only if there is something to
// heal.
void HealWithLock(Session& session, const ServerTraits& traits, Observer& observer,
                  std::vector<HealedSet>& healed, const TakeUnfinished& take_unfinished = {});

}  // namespace dbomsbak
