// DDL on foreign keys without a look at the rows, which would take as long as there are rows.
#pragma once

#include <functional>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Runs `change` with the session's foreign_key_checks off; afterwards they are as they were, also
// behind an error of the server.
void WithoutForeignKeyChecks(Session& session, const std::function<void()>& change);
// Likewise with them on, so that no table goes that a key needs.
void WithForeignKeyChecks(Session& session, const std::function<void()>& change);

}  // namespace dbomsbak
