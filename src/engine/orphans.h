// Rows that are to come whose parents are not there.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/transport/session.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// The window adds `set.returning_keys` without a look at the rows: here they are counted in the
// source databases, against the parents that are live. One line a key that has orphans. Reads both
// tables, by the parent's key.
std::vector<std::string> FindOrphans(Session& session, const PreparedSet& set);

// The question for one key: how many rows of `source`.`key.table` have no parent. Empty when the
// definition is no foreign key.
std::string OrphanQuery(const KeyDefinition& key, const std::string& source);

}  // namespace dbomsbak
