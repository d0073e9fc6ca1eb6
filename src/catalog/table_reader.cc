#include "dbomsbak/catalog/table_reader.h"

#include <fmt/format.h>

#include "dbomsbak/sql/quote.h"

namespace dbomsbak {

TableSelect SelectOf(const Table& table, std::string_view database, std::string_view condition,
                     std::string_view order_by) {
  TableSelect select;
  // Text costs the server as much as binary where there is no float, and spares us the formatting.
  select.protocol = Protocol::kText;
  std::string list;
  for (const Column* column : table.StoredColumns()) {
    if (!list.empty()) list += ',';
    list += column->select_expression;
    select.kinds.push_back(column->kind);
    if (column->kind.value_class == ValueClass::kFloat32 ||
        column->kind.value_class == ValueClass::kFloat64) {
      select.protocol = Protocol::kBinary;
    }
  }
  if (list.empty()) list += '1';  // all generated: rows without values of their own
  select.sql = fmt::format("SELECT {} FROM {}{}{}", list, QuoteQualified(database, table.id.name),
                           table.system_versioned ? " FOR SYSTEM_TIME ALL" : "", table.read_as_of);
  if (table.rows_elsewhere) {
    select.sql += " WHERE FALSE";
  } else if (!condition.empty()) {
    select.sql += fmt::format(" WHERE ({})", condition);
  }
  if (!order_by.empty()) select.sql += fmt::format(" ORDER BY {}", order_by);
  return select;
}

}  // namespace dbomsbak
