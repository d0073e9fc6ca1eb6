// What nobody needs any more is dropped, and nothing else.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// Does anything but their names tell that these staging databases are ours, or do they hold
// nothing?
bool IsSurelyOurs(Session& session, const std::vector<std::string>& staging);

// A database that is there and holds nothing of any kind.
void DropIfEmpty(Session& session, const std::string& database);

// A database of ours, with all in it. A server without atomic DDL can leave files of no table in
// its folder when it crashes, which no SQL removes: then it is empty, named, and left.
void DropOurs(Session& session, const std::string& database, Observer& observer);

// Behind a window: what stood in for lost bases, databases the window has emptied, and staging with
// its rehearsal; what holds more is named and left. Never throws but for a lost session. False:
// something was left.
bool SweepSet(Session& session, const PreparedSet& set, ServerJournal& journal, Observer& observer);

}  // namespace dbomsbak
