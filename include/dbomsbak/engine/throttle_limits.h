// How much of a live server a dump may take.
#pragma once

#include <cstdint>

namespace dbomsbak {

// 0: no limit. Of all reading sessions together. What is read under table locks is never held up.
struct ThrottleLimits {
  std::uint64_t rows_a_second = 0;
  std::uint64_t bytes_a_second = 0;  // of rows as SQL text
  // No chunk is begun while more threads than these run on the server, ours left aside.
  std::uint64_t running_threads = 0;

  bool any() const { return rows_a_second + bytes_a_second + running_threads > 0; }
};

}  // namespace dbomsbak
