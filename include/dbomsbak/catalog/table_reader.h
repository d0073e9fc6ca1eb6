// The SELECT that reads a table exactly: what dump, proof and diff have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/sql/column_kind.h"

namespace dbomsbak {

// `condition` (a chunk's range, a --where) and `order_by` may be empty. The table is named with
// `database`, which may be a staging database rather than its own.
struct TableSelect {
  std::string sql;
  Protocol protocol;
  std::vector<ColumnKind> kinds;  // one a selected column
};
TableSelect SelectOf(const Table& table, std::string_view database, std::string_view condition,
                     std::string_view order_by);

}  // namespace dbomsbak
