// A CREATE TABLE text by its parts: columns, keys, constraints, options and partitions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sql/tokenizer.h"

namespace dbomsbak {

// What stands between the outer parentheses of a table, from comma to comma.
struct TableItem {
  enum class Kind { kColumn, kKey, kForeignKey, kCheck, kPeriod };
  Kind kind = Kind::kColumn;
  std::string name;       // as it is, without quotes; empty where it has none (PRIMARY KEY, too)
  std::string_view text;  // of the definition, version comments around it not included
  std::vector<SqlToken> tokens;

  // Of a column: behind its name; of a key or constraint: behind its name, or where that would be.
  std::size_t body = 0;  // in tokens
};

struct TableOption {
  std::string name;        // lower case: "engine", "character set", "with system versioning"
  std::string_view value;  // as it is; empty where it has none
  std::string_view text;
};

// Points into the text it is made of.
struct TableOutline {
  std::vector<TableItem> items;
  std::vector<TableOption> options;
  std::vector<SqlToken> partitioning;  // from PARTITION BY to the end; empty when there is none
  std::string_view partitioning_text;

  const TableOption* Option(std::string_view name) const noexcept;  // nullptr when not given
};

// Whatever the text is, there is an outline of it; what no server prints may be in the wrong place.
TableOutline OutlineOf(std::string_view create_table);

// A column or a key with its name, for messages: "column `a`", "key `k`", "the primary key".
std::string Describe(const TableItem& item);

}  // namespace dbomsbak
