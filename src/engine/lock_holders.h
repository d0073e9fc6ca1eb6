// Who is in the way when a lock on tables does not come.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// "session 12 of app@10.0.0.5 (in a transaction, idle for 34 s)", several joined by ", "; as
// exactly as server and account allow. Empty when nobody can be seen. Never throws but for a lost
// session.
std::string DescribeLockHolders(Session& session, const std::vector<std::string>& databases);

// The same, ahead of time: of who holds locks on these databases, or else of any open transaction,
// that a swap has to wait for them; what one can do. Empty when there is none to be seen.
std::string DescribeTransactions(Session& session, const std::vector<std::string>& databases);

}  // namespace dbomsbak
