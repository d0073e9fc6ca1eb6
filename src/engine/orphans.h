// Rows that are to come, or that stay, whose parents are not there.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/transport/session.h"
#include "engine/foreign_key_lines.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// The window adds and moves keys without a look at the rows: here they are counted before, those of
// `set.returning_keys` in the source databases against the parents that are live, those of
// `set.repointed_keys` where they are against the parents in the source databases. One line a key
// that has orphans, or that does not fit there. Reads both tables, by the parent's key.
std::vector<std::string> FindOrphans(Session& session, const PreparedSet& set);

// Of `set.repointed_keys` alone, against their parents on that side of the swap.
std::vector<std::string> RepointedOrphans(Session& session, const PreparedSet& set,
                                          std::string SetMember::*where);

// The question for one key: how many rows of `source`.`key.table` have no parent. Empty when the
// definition is no foreign key.
std::string OrphanQuery(const KeyDefinition& key, const std::string& source);

// Error kInternal when the definition is none.
ForeignKeyLine ForeignKeyOf(const KeyDefinition& key);

struct ParentTable {
  std::string database, table;
};
// The parent of a repointed key on that side of the swap.
ParentTable ParentOf(const PreparedSet& set, const KeyDefinition& key,
                     std::string SetMember::*where);

}  // namespace dbomsbak
