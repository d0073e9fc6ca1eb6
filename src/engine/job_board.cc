#include "engine/job_board.h"

#include <utility>

namespace dbomsbak {

void JobBoard::Take(std::size_t job, std::string_view phase, std::string object, std::uint64_t part,
                    std::uint64_t parts) {
  std::lock_guard lock(mutex_);
  JobProgress& entry = jobs_.at(job);
  if (entry.object != object || entry.phase != phase) {
    entry = {std::string(phase), std::move(object), 0, 0, 0, 0};
  }
  entry.part = part;
  entry.parts = parts;
}

void JobBoard::Add(std::size_t job, std::uint64_t rows, std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  jobs_.at(job).rows_done += rows;
  jobs_.at(job).bytes_done += bytes;
}

void JobBoard::Rest(std::size_t job) {
  std::lock_guard lock(mutex_);
  jobs_.at(job) = {};
}

void JobBoard::CopyTo(std::vector<JobProgress>& jobs) const {
  std::lock_guard lock(mutex_);
  jobs = jobs_;
}

}  // namespace dbomsbak
