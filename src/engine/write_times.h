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

// By (database, table): when it was made and written last, and the number its storage has, which
// tells of a TRUNCATE, an EXCHANGE PARTITION or an IMPORT TABLESPACE, of which no time does. A
// table is in it only if each write changes what stands here: of InnoDB alone (Aria tells of what
// it has flushed, MyISAM when its file was touched), on servers that keep such times and let this
// account see the numbers, written since the server started, not partitioned (its partitions have
// storage of their own), and of a name that means the same to InnoDB: letters of ASCII, digits and
// `_`.
using WriteTimes = std::map<std::pair<std::string, std::string>, std::string>;

// `session` is PrepareSession's.
WriteTimes ReadWriteTimes(Session& session, const ServerTraits& traits,
                          const std::vector<std::string>& databases);

// The same when the second of the last write is over, for it is seconds that servers tell: whoever
// writes from now on changes them. Waits a second at most, then leaves out what is still written.
WriteTimes ReadSettledWriteTimes(Session& session, const ServerTraits& traits,
                                 const std::vector<std::string>& databases);

}  // namespace dbomsbak
