// INSERT statements of an archive read back into canonical rows.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/sql/row_digest.h"

namespace dbomsbak {

// A row of the text; valid during the call only.
struct ParsedRow {
  Uint128 hash;                                // of its canonical form, as row digests add it up
  Uint128 key_hash;                            // of that of its key
  std::span<const std::string_view> literals;  // one a column, as they stand there
};

// Reads what RowEncoder wrote (and nothing wider: an unknown literal is damage, not a guess; only
// of a FLOAT or DOUBLE is a longer text than the shortest accepted, for it is the value that
// counts). Streams: no row is kept. One thread at a time.
class InsertParser {
 public:
  // `table` and `columns` are what every INSERT must name. Error kInternal when the two lists
  // differ in length or a text column has no charset.
  InsertParser(std::string table, std::vector<std::string> column_names,
               const std::vector<ColumnKind>& columns);
  ~InsertParser();
  InsertParser(InsertParser&&) noexcept;
  InsertParser& operator=(InsertParser&&) noexcept;

  // `text` holds whole statements "INSERT INTO `t` (`a`,…) VALUES\n(…),\n(…);\n", one or more, and
  // nothing else. Adds each row to `digest`. Throws Error kDamaged naming the byte offset in
  // `text`; `digest` is then as before.
  void Digest(std::string_view text, RowDigest& digest);

  // The same, row by row. `key`: numbers of the columns that make up the key, in its order.
  void ForEachRow(std::string_view text, const std::vector<std::size_t>& key,
                  const std::function<void(const ParsedRow&)>& each);

 private:
  template <typename EndValue, typename EndRow>
  void Parse(std::string_view text, const EndValue& end_value, const EndRow& end_row);

  struct State;
  std::unique_ptr<State> state_;
};

// "INSERT INTO `t` (`a`,`b`) VALUES\n": the one form the writer uses and the parser accepts.
std::string InsertHead(std::string_view table, const std::vector<std::string>& column_names);

}  // namespace dbomsbak
