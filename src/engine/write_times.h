// When tables were made and written last, where a server keeps that: what shows, without reading a
// row, that nobody has written into them since.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// By (database, table). A table is in it only if each write changes what stands here. That is none
// on servers that do not keep such times, none that was not written since the server started, and
// no partitioned one, whose partitions can be emptied or exchanged without a trace.
using WriteTimes = std::map<std::pair<std::string, std::string>, std::string>;

// `session` is PrepareSession's.
WriteTimes ReadWriteTimes(Session& session, const ServerTraits& traits,
                          const std::vector<std::string>& databases);

// The same when the second of the last write is over, for it is seconds that servers tell: whoever
// writes from now on changes them. Waits a second at most, then leaves out what is still written.
WriteTimes ReadSettledWriteTimes(Session& session, const ServerTraits& traits,
                                 const std::vector<std::string>& databases);

// Does the table hold any row? MariaDB empties one (TRUNCATE) without telling a time.
bool HoldsRows(Session& session, const std::string& database, const std::string& table);

}  // namespace dbomsbak
