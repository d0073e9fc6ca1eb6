// Plain keys of large tables that are made when the rows are there, on servers where that is
// faster. Which ones follows from archive and server alone: an interrupted restore that goes on
// makes those that are missing.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/sql/table_keys.h"
#include "dbomsbak/transport/session.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"

namespace dbomsbak {

// With fewer rows a key costs more to build than to keep up.
inline constexpr std::uint64_t kManyRowsForLateKeys = 100'000;

// One entry for each of content.tables; without keys where all stand in the CREATE statement.
std::vector<std::vector<PlainKey>> KeysBehindRows(const RestoreContent& content,
                                                  const ServerTraits& traits);

// Makes those that the staged tables lack, each by `jobs` threads of the server where it can.
// `session` is prepared for load and definitions, and ends with this.
void BuildKeysBehindRows(Session& session, const RestoreContent& content,
                         const std::vector<RestoreMember>& members,
                         const std::vector<std::vector<PlainKey>>& keys, unsigned jobs);

}  // namespace dbomsbak
