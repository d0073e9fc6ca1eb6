// One column value of one row, as a view.
#pragma once

#include <cstddef>
#include <string_view>

namespace dbomsbak {

// Bytes of a value, or NULL. The bytes belong to whoever handed the cell out and live until the
// next row is fetched. FLOAT and DOUBLE read by the binary protocol are 4 and 8 raw IEEE 754 bytes,
// little endian; everything else is what the text protocol sends, in the column's own charset.
struct Cell {
  const char* data = nullptr;
  std::size_t size = 0;
  bool is_null = true;

  std::string_view view() const noexcept { return {data, size}; }
};

}  // namespace dbomsbak
