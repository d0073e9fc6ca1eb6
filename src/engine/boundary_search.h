// Finds where a chunk ends by guesses that the server's optimizer judges.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/transport/session.h"
#include "engine/key_ranges.h"
#include "engine/key_space.h"

namespace dbomsbak {

// A guess is made between two values of the key, the first row at or behind it is looked up (one
// row of the index), and the optimizer is asked how many rows lie before it: it looks at some pages
// of the index for that and reads no rows. So a boundary costs some milliseconds whatever the rows
// of its chunk are. One table, one thread at a time.
class BoundarySearch {
 public:
  // A SELECT of these columns under this condition; what the optimizer expects of one, nothing
  // where it does not tell.
  using Select =
      std::function<std::string(const std::string& columns, const std::string& condition)>;
  using Estimate = std::function<std::optional<double>(Session&, const std::string& select)>;

  // All must outlive it.
  BoundarySearch(const KeyRanges& ranges, Select select, Estimate estimate);

  // Values of a row that stands some `rows` rows behind `low` (literals; empty: the beginning);
  // none when fewer than twice as many are left. Nothing when it was not found by guesses.
  std::optional<std::vector<std::string>> Find(Session& session,
                                               const std::vector<std::string>& low,
                                               std::uint64_t rows);

 private:
  using Key = std::vector<std::string>;  // values, one a column
  struct Level {
    std::optional<KeySpace> space;
    double density = 1;  // of values near the last boundary, beside all that are left
  };

  std::optional<Key> FindIn(std::size_t level, const Key& start, double left);
  std::optional<Key> Guess(std::size_t level, const std::string& prefix, const Key& start,
                           const Key& last, double left);
  std::optional<Key> Row(const std::string& condition, bool last = false);
  std::optional<double> RowsTo(const Key& key);
  bool Fits(double rows) const { return rows >= 0.5 * wanted_ && rows <= 2.0 * wanted_; }
  // Rows with the values of `key` in the columns before `level`.
  std::string Prefix(std::size_t level, const Key& key) const;
  void Learn(std::size_t level, const Key& key);

  const KeyRanges& ranges_;
  const Select select_;
  const Estimate estimate_;
  std::vector<Level> levels_;
  std::optional<Key> last_row_;  // of the table
  bool misled_ = false;          // by estimates of the whole table

  // Of the search in hand:
  Session* session_ = nullptr;
  std::vector<std::string> low_;
  std::string behind_low_;  // the condition
  double wanted_ = 0;
};

}  // namespace dbomsbak
