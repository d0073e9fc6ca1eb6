// A table that a crash of the server has left between two databases.
//
// Servers without atomic DDL: MySQL 5.6 moves a table within InnoDB first, then its definition,
// which is a file; half of the kills within a long RENAME come between the two. The table is then
// in neither database (1146; RENAME 1025, CREATE 1813), and no statement moves a file. But the
// server may copy it: LOAD DATA reads it (LOAD_FILE none that not everybody may read), INTO
// DUMPFILE writes it, and never over another.
#pragma once

#include <string>

#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/server_journal.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// Puts such a table of the set together where its rows are, so that the swap can go on behind it;
// told by a notice. Its definition is noted in `journal`, copied, and only when the table opens
// with it is what was left in the old place dropped: killed anywhere, it may be done again. True
// when there was one: the journal itself may stand elsewhere now. Not while a RENAME may be
// running. Errors: kNeedsHelp with the file to move by hand, where the server or the account may
// not copy it (FILE, secure_file_priv) or anything is odd; kPrivilege where the account may not see
// InnoDB's list (PROCESS), for what is no such table must not be touched.
bool MendTornTable(Session& session, const ServerTraits& traits, const PreparedSet& set,
                   ServerJournal& journal, Observer& observer);

// Does secure_file_priv let the server copy files within its own data folder?
bool CopiesWithinDataFolder(Session& session, const ServerTraits& traits);

// For a plan on such a server: how a torn table would be put together by this account, and what it
// lacks for that. `account` is CURRENT_USER(); `copies` as above.
std::string TornTableWarning(const Privileges& privileges, const std::string& account, bool copies);

}  // namespace dbomsbak
