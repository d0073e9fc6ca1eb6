// Key ranges of a table as SQL conditions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

// The part of a unique key that rows can be walked and cut by. Ranges compare each column by
// itself, in the expanded form (a > x) OR (a = x AND b > y): a row constructor is not used by
// range optimizers, and a literal must not change how the column compares.
class KeyRanges {
 public:
  // Nothing when rows of the table cannot be cut: no key, or its first column compares in a way
  // that literals do not (FLOAT and DOUBLE by text, ENUM and SET by text).
  static std::optional<KeyRanges> For(const Table& table);

  // What to select to learn a boundary: one expression a column.
  std::string BoundaryColumns() const;
  // ORDER BY list for boundaries; also the beginning of the table's row order.
  std::string BoundaryOrder() const;

  // The literals of one boundary, from the values as the server sent them (own charset).
  std::vector<std::string> Literals(const std::vector<std::string>& values) const;

  // Rows behind `low` and up to and with `high`; an empty vector is no bound.
  std::string Condition(const std::vector<std::string>& low,
                        const std::vector<std::string>& high) const;

  const std::vector<const Column*>& columns() const { return columns_; }
  // Of the column with this number.
  std::string Literal(std::size_t column, const std::string& value) const;

  // The key is one integer column: boundaries can be computed.
  bool IsOneInteger() const;

 private:
  std::vector<const Column*> columns_;
};

// ORDER BY list that gives a table's rows one order: its best unique key; empty without one.
std::string RowOrderOf(const Table& table);

}  // namespace dbomsbak
