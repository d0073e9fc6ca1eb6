// INSERT statements of an archive as what LOAD DATA reads: a server takes the same rows for half
// the work, for it has no statement to parse.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/sql/column_kind.h"

namespace dbomsbak {

// Behind the table's name in LOAD DATA. Text stands in its column's own bytes.
inline constexpr std::string_view kFieldFormat =
    "CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'";

// One thread at a time.
class FieldRows {
 public:
  // Have values of this kind, in a column declared so ("varchar", "int", lower case), fields that
  // every server reads as it reads their literals? Not YEAR, for one, whose 0 is 2000 in text.
  static bool Fits(const ColumnKind& kind, std::string_view declared_type) noexcept;

  // As InsertParser's.
  FieldRows(std::string table, const std::vector<std::string>& column_names,
            const std::vector<ColumnKind>& columns);
  ~FieldRows();
  FieldRows(FieldRows&&) noexcept;
  FieldRows& operator=(FieldRows&&) noexcept;

  // Appends the rows of the first statement in `text` to `out`, each with a new line behind it.
  // Returns the statement's size; nullopt when a value has no such form (text that is none of its
  // charset, say): `out` then holds some of the rows. Error kDamaged as InsertParser's.
  std::optional<std::size_t> Convert(std::string_view text, std::string& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dbomsbak
