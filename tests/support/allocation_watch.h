// How much memory a piece of code takes through operator new: everything whose size a file could
// dictate does. (libzstd's contexts use malloc and are of fixed size.)
#pragma once

#include <cstddef>

namespace dbomsbak {

// One at a time; counts all threads.
class AllocationWatch {
 public:
  AllocationWatch() noexcept;            // from here on
  std::size_t largest() const noexcept;  // single allocation
  std::size_t peak() const noexcept;     // live bytes beyond those at the start

 private:
  std::size_t start_;
};

}  // namespace dbomsbak
