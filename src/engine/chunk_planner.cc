#include "engine/chunk_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

constexpr std::uint64_t kFewestRows = 64;
constexpr std::uint64_t kMostRows = 1'000'000;
// Below this many chunks' worth of data a table is read in one go, without looking for boundaries.
constexpr std::uint64_t kSmallTableChunks = 2;

std::uint64_t RowBytes(const Table& table) {
  // Statistics may be missing or stale; a guess then, until rows have been seen.
  if (table.estimated_rows == 0) return 256;
  return std::max<std::uint64_t>(16, table.data_bytes / table.estimated_rows);
}

bool HasNonTransactional(const std::vector<TableToRead>& tables) {
  return std::any_of(tables.begin(), tables.end(),
                     [](const TableToRead& table) { return table.non_transactional; });
}

}  // namespace

ChunkPlanner::ChunkPlanner(std::vector<TableToRead> tables, std::size_t target_bytes)
    : tables_(std::move(tables)),
      target_bytes_(target_bytes),
      non_transactional_planned_(!HasNonTransactional(tables_)) {}

void ChunkPlanner::BeginTable() {
  const Table& table = *tables_[table_].table;
  begun_ = true;
  low_.clear();
  ranges_.reset();
  if (table.data_bytes > kSmallTableChunks * target_bytes_) ranges_ = KeyRanges::For(table);
  std::lock_guard lock(mutex_);
  learned_table_ = table_;
  learned_rows_ = learned_bytes_ = 0;
}

std::optional<std::vector<std::string>> ChunkPlanner::NextBoundary(Session& session) {
  const Table& table = *tables_[table_].table;
  std::uint64_t row_bytes = RowBytes(table);
  {
    std::lock_guard lock(mutex_);
    if (learned_rows_ > 0) row_bytes = std::max<std::uint64_t>(1, learned_bytes_ / learned_rows_);
  }
  const std::uint64_t rows = std::clamp(target_bytes_ / row_bytes, kFewestRows, kMostRows);
  const std::string condition = ranges_->Condition(low_, {});
  const ResultSet answer = session.Query(fmt::format(
      "SELECT {} FROM {}{}{} ORDER BY {} LIMIT {},1", ranges_->BoundaryColumns(),
      QuoteQualified(table.id.database, table.id.name), condition.empty() ? "" : " WHERE ",
      condition, ranges_->BoundaryOrder(), rows - 1));
  if (answer.empty()) return std::nullopt;
  std::vector<std::string> values;
  for (const Field& field : answer.rows.front()) values.push_back(field.value_or(""));
  return ranges_->Literals(values);
}

std::optional<Chunk> ChunkPlanner::Next(Session& session) {
  std::lock_guard planning(planning_);
  {
    std::lock_guard lock(mutex_);
    if (closed_) return std::nullopt;
  }
  if (table_ == tables_.size()) return std::nullopt;
  if (!begun_) BeginTable();

  Chunk chunk;
  chunk.table = table_;
  std::optional<std::vector<std::string>> high;
  if (ranges_) high = NextBoundary(session);
  if (ranges_) {
    chunk.condition = high ? ranges_->Condition(low_, *high) : ranges_->Condition(low_, {});
  }
  chunk.last = !high;
  chunk.number = next_number_++;
  const bool under_lock = tables_[table_].non_transactional;
  if (high) {
    low_ = std::move(*high);
  } else {
    ++table_;
    begun_ = false;
  }
  std::lock_guard lock(mutex_);
  if (under_lock) ++non_transactional_open_;
  if (table_ == tables_.size() || !tables_[table_].non_transactional) {
    non_transactional_planned_ = true;
  }
  return chunk;
}

void ChunkPlanner::Learn(const Chunk& chunk, std::uint64_t rows, std::uint64_t text_bytes) {
  std::lock_guard lock(mutex_);
  if (chunk.table == learned_table_) {
    learned_rows_ += rows;
    learned_bytes_ += text_bytes;
  }
  if (tables_[chunk.table].non_transactional) --non_transactional_open_;
}

void ChunkPlanner::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

bool ChunkPlanner::NonTransactionalRead() const {
  std::lock_guard lock(mutex_);
  return non_transactional_planned_ && non_transactional_open_ == 0;
}

}  // namespace dbomsbak
