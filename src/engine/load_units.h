// The rows of an archive cut into load units, and load units cut into statements.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/records.h"

namespace dbomsbak {

// The INSERT statements of one table within one frame: what is loaded wholly or not at all.
struct LoadUnit {
  std::uint64_t frame = 0;
  std::uint32_t table = 0;   // index into the list of tables
  std::uint32_t offset = 0;  // into the frame's text
  std::uint32_t length = 0;
};

// Cuts a table's data slice along the frames. `frame_text_size` answers for each frame.
// Error kDamaged when the slice leaves the text.
void AppendLoadUnits(std::uint32_t table, const Slice& data, std::uint64_t frame_count,
                     const std::function<std::uint64_t(std::uint64_t frame)>& frame_text_size,
                     std::vector<LoadUnit>& units);

// Calls `each` with every statement of `text`, its ";\n" left out, and its number of rows. Only the
// one form of the archive passes: `head`, then one "(…)" a line. Error kDamaged with the offset.
void ForEachInsert(std::string_view text, std::string_view head,
                   const std::function<void(std::string_view statement, std::uint64_t rows)>& each);

}  // namespace dbomsbak
