// Encoded rows of one table on their way from a reading session to the text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dbomsbak {

// A piece is handed on when it has grown to this; a single longer row is a piece of its own.
inline constexpr std::size_t kRowPieceBytes = std::size_t{512} << 10;

struct RowPiece {
  std::string text;                     // "(…),\n(…),\n": every row ends with ",\n"
  std::vector<std::uint32_t> row_ends;  // offset in `text` behind each row

  void Clear() {
    text.clear();
    row_ends.clear();
  }
  // What it costs while it waits.
  std::size_t bytes() const {
    return text.capacity() + row_ends.capacity() * sizeof(std::uint32_t);
  }
};

}  // namespace dbomsbak
