// Statements that the server still works on for a program that is gone. OceanBase frees the
// RestoreLock of such a session at once, other servers when its statement has ended; of the other
// sessions of that program none has one.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Waits for the ends of those statements of others that change something in a database of this
// program, and are running now; later ones are not waited for. A RENAME takes the journal along:
// until it has ended, no journal is to be looked for. Needs the RestoreLock. Error kBusy after
// `longest`: 3,000 tables were seen to take 9 to 270 s in one RENAME, by server.
void WaitForRunningChanges(Session& session, Observer& observer,
                           std::chrono::milliseconds longest = std::chrono::minutes(10));

// The same for changes in these databases. True: there was one, so what was read before may have
// changed since.
bool WaitForRunningChanges(Session& session, const std::vector<std::string>& databases,
                           Observer& observer);

}  // namespace dbomsbak
