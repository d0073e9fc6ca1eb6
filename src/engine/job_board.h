// What each session of a pipeline has in hand, for whoever watches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

// Any thread. Written once a part or piece, not once a row.
class JobBoard {
 public:
  explicit JobBoard(std::size_t jobs) : jobs_(jobs) {}

  // The job begins part `part` of `parts` of an object, as in JobProgress. What it counted stays
  // when it did the same to the object before.
  void Take(std::size_t job, std::string_view phase, std::string object, std::uint64_t part = 0,
            std::uint64_t parts = 0);
  // Of the object it has in hand, so much more.
  void Add(std::size_t job, std::uint64_t rows, std::uint64_t bytes);
  // It waits for more, or there is none.
  void Rest(std::size_t job);

  void CopyTo(std::vector<JobProgress>& jobs) const;

 private:
  mutable std::mutex mutex_;
  std::vector<JobProgress> jobs_;
};

}  // namespace dbomsbak
