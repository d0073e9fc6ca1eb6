#include "engine/load_units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dbomsbak/base/error.h"

namespace dbomsbak {

void AppendLoadUnits(std::uint32_t table, const Slice& data, std::uint64_t frame_count,
                     const std::function<std::uint64_t(std::uint64_t frame)>& frame_text_size,
                     std::vector<LoadUnit>& units) {
  std::uint64_t left = data.length;
  std::uint64_t offset = data.offset;
  for (std::uint64_t frame = data.frame; left > 0; ++frame, offset = 0) {
    const std::uint64_t size = frame < frame_count ? frame_text_size(frame) : 0;
    if (frame >= frame_count || offset > size) {
      throw Error(
          ErrorCode::kDamaged,
          fmt::format("the rows in frame {} at {} run past the text", data.frame, data.offset),
          "Run verify on the archive; restore from another one.");
    }
    const std::uint64_t length = std::min(left, size - offset);
    if (length > 0) {
      units.push_back(
          {frame, table, static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(length)});
    }
    left -= length;
  }
}

void ForEachInsert(std::string_view text, std::string_view head,
                   const std::function<void(std::string_view, std::uint64_t)>& each) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto damaged = [&](std::size_t at) {
      return Error(ErrorCode::kDamaged,
                   fmt::format("not an INSERT statement of this archive at byte {}", at),
                   "Run verify on the archive.");
    };
    if (!text.substr(begin).starts_with(head)) throw damaged(begin);
    std::size_t position = begin + head.size();
    std::uint64_t rows = 0;
    for (bool more = true; more;) {
      const void* found = std::memchr(text.data() + position, '\n', text.size() - position);
      if (found == nullptr) throw damaged(position);
      const auto newline = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
      const std::string_view row = text.substr(position, newline - position);
      // The shortest is "();", a row without stored columns.
      if (row.size() < 3 || row.front() != '(' || row[row.size() - 2] != ')' ||
          (row.back() != ',' && row.back() != ';')) {
        throw damaged(position);
      }
      ++rows;
      more = row.back() == ',';
      position = newline + 1;
    }
    each(text.substr(begin, position - begin - 2), rows);
    begin = position;
  }
}

}  // namespace dbomsbak
