// Events that outlive their database in the server's lists.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// OceanBase goes on listing the events of a dropped database for some seconds, and a database made
// anew under that name seems to have them. Returns when none of `databases` shows such events: at
// once on other servers, and where the account may not see whose they are.
// Errors: kBusy when they are still listed after `longest`; about 15 s were seen.
void AwaitDroppedEvents(Session& session, const ServerTraits& traits,
                        const std::vector<std::string>& databases,
                        std::chrono::milliseconds longest = std::chrono::minutes(1));

}  // namespace dbomsbak
