// Asks a server whether it takes the definitions of an archive. It reads them by PREPARE, which
// makes nothing; the account needs no more than a database that it may use.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/object_id.h"
#include "dbomsbak/transport/session.h"
#include "engine/restore_content.h"

namespace dbomsbak {

// For each object that the server would not take: every part of a table that it does not know, or
// what it said of the whole. Told are syntax, types, functions, sql_modes and whatever else a
// server finds without executing a statement; not what depends on other objects, which may come
// with the same restore. `session` is set up for loading, and is so afterwards, but for its default
// database. Errors: kConnectionLost.
std::map<ObjectId, std::vector<std::string>> Refusals(Session& session,
                                                      const RestoreContent& content,
                                                      const CancelToken& cancel);

}  // namespace dbomsbak
