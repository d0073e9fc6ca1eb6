// INSERT statements of an archive read back into canonical rows.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/sql/row_digest.h"

namespace dbomsbak {

// Reads what RowEncoder wrote (and nothing wider: an unknown literal is damage, not a guess; only
// of a FLOAT or DOUBLE is a longer text than the shortest accepted, for it is the value that
// counts). Streams: no row is kept. One thread at a time.
class InsertParser {
 public:
  // `table` and `columns` are what every INSERT must name. Error kInternal when the two lists
  // differ in length or a text column has no charset.
  InsertParser(std::string table, std::vector<std::string> column_names,
               std::vector<ColumnKind> columns);
  ~InsertParser();
  InsertParser(InsertParser&&) noexcept;
  InsertParser& operator=(InsertParser&&) noexcept;

  // `text` holds whole statements "INSERT INTO `t` (`a`,…) VALUES\n(…),\n(…);\n", one or more, and
  // nothing else. Adds each row to `digest`. Throws Error kDamaged naming the byte offset in
  // `text`; `digest` is then as before.
  void Digest(std::string_view text, RowDigest& digest);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// "INSERT INTO `t` (`a`,`b`) VALUES\n": the one form the writer uses and the parser accepts.
std::string InsertHead(std::string_view table, const std::vector<std::string>& column_names);

}  // namespace dbomsbak
