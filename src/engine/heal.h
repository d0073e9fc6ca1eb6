// Healing with a session that holds the RestoreLock already.
#pragma once

#include <functional>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/transport/session.h"
#include "engine/in_place.h"

namespace dbomsbak {

// Whether a restore in place that cannot be finished may be given up: for another that replaces all
// of it.
using MayGiveUp = std::function<bool(const InPlaceRun& run)>;

// As HealOpenWindows, which opens its own session and takes the lock only if there is something to
// heal.
std::vector<HealedSet> HealWithLock(Session& session, const ServerTraits& traits,
                                    Observer& observer, const MayGiveUp& may_give_up = {});

}  // namespace dbomsbak
