#include "dbomsbak/catalog/broken_table.h"

#include <fmt/format.h>

#include "dbomsbak/sql/quote.h"

namespace dbomsbak {

std::string BrokenTableRemedy(const std::string& database, const std::string& table) {
  return fmt::format(
      "CHECK TABLE {} tells what is wrong with it, REPAIR TABLE may mend it; --ignore-table {}.{} "
      "leaves it out.",
      QuoteQualified(database, table), database, table);
}

}  // namespace dbomsbak
