// Rows as the server sends them, written as SQL literals and digested on the way.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dbomsbak/base/cell.h"
#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/sql/row_digest.h"

namespace dbomsbak {

// One thread at a time; no allocation a row once its buffers have grown. Beside what it appends to
// `out` it holds some 200 KiB, however long a row is.
class RowEncoder {
 public:
  struct Options {
    // A row whose hex literals would make it longer than this is written with _binary '…' and
    // _charset '…' instead (the statement must fit max_allowed_packet). 0: no limit.
    // Reckoned as 2 bytes a byte for what is written in hex, 1 for all other values.
    std::size_t max_hex_row_bytes = 0;
    // The server makes the right double of each number in a JSON text. Else those that it may miss
    // are written as SQL numbers beside the text.
    bool exact_json_doubles = true;
  };

  // Error kInternal for a text column without a charset.
  explicit RowEncoder(const std::vector<ColumnKind>& columns) : RowEncoder(columns, Options{}) {}
  RowEncoder(const std::vector<ColumnKind>& columns, Options options);
  ~RowEncoder();
  RowEncoder(RowEncoder&&) noexcept;
  RowEncoder& operator=(RowEncoder&&) noexcept;

  // Appends "(v1,v2,…)" to `out` and counts the row into `digest`.
  // `cells` has one entry a column. Throws Error kUnsupported for a value no literal can hold (NaN,
  // a number that is none): then `out` and `digest` are as before.
  void Append(std::span<const Cell> cells, std::string& out, RowDigest& digest);

  // Only the digest: what proving a restored table needs.
  void Digest(std::span<const Cell> cells, RowDigest& digest);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dbomsbak
