// A RENAME that a crash of the server has cut within one table.
#pragma once

#include "dbomsbak/transport/session.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// For servers without atomic DDL: MySQL 5.6 moves a table within InnoDB first, then its definition,
// which is a file; half of the kills within a long RENAME come between the two. The table is then
// in neither database (1146; RENAME 1025, DROP 1051), and no SQL brings its halves together, but
// moving that one file does. Error kNeedsHelp with the table, and the move as the hint; kPrivilege
// where the account may not see InnoDB's list (PROCESS): going on blindly could drop the rows.
void RefuseTornTable(Session& session, const PreparedSet& set);

}  // namespace dbomsbak
