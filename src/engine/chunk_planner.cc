#include "engine/chunk_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

constexpr std::uint64_t kFewestRows = 64;
constexpr std::uint64_t kMostRows = 1'000'000;
// Below this many chunks' worth of data a table is read in one go, without looking for boundaries.
constexpr std::uint64_t kSmallTableChunks = 2;
// Where an estimate is dear (OceanBase: 2 to 9 ms), one that fits is asked for as many chunks.
constexpr unsigned kMostAtOnce = 4;

std::uint64_t RowBytes(const Table& table) {
  // Statistics may be missing or stale; a guess then, until rows have been seen.
  if (table.estimated_rows == 0) return 256;
  return std::max<std::uint64_t>(16, table.data_bytes / table.estimated_rows);
}

// "EST.ROWS":33000 in the JSON that OceanBase prints, the outermost operator's first.
std::optional<double> RowsInPlanText(const ResultSet& plan) {
  constexpr std::string_view kRows = "\"EST.ROWS\":";
  std::string text;
  for (std::size_t row = 0; row < plan.rows.size(); ++row) text += plan.Text(row, 0) + '\n';
  const std::size_t found = text.find(kRows);
  if (found == std::string::npos) return std::nullopt;
  const char* const begin = text.c_str() + found + kRows.size();
  char* end = nullptr;
  const double rows = std::strtod(begin, &end);
  if (end == begin) return std::nullopt;
  return rows;
}

}  // namespace

std::string ConditionOf(const TableToRead& table, const Chunk& chunk) {
  if (table.row_filter.empty()) return chunk.condition;
  if (chunk.condition.empty()) return fmt::format("({})", table.row_filter);
  return fmt::format("{} AND ({})", chunk.condition, table.row_filter);
}

ChunkPlanner::ChunkPlanner(std::vector<TableToRead> tables, std::size_t target_bytes)
    : tables_(std::move(tables)), target_bytes_(target_bytes) {}

void ChunkPlanner::BeginTable() {
  const Table& table = *tables_[table_].table;
  begun_ = true;
  next_part_ = 1;
  low_.clear();
  search_.reset();
  ranges_.reset();
  integer_key_.reset();
  ahead_.clear();
  // Where nobody tells how large it is, looking for the first boundary does.
  if (tables_[table_].keeper == nullptr &&
      (table.size_unknown || table.data_bytes > kSmallTableChunks * target_bytes_)) {
    ranges_ = KeyRanges::For(table);
  }
  std::lock_guard lock(mutex_);
  learned_table_ = table_;
  learned_rows_ = learned_bytes_ = 0;
}

std::string ChunkPlanner::From(const std::string& columns, const std::string& condition) const {
  const Table& table = *tables_[table_].table;
  return fmt::format("SELECT {}{} FROM {}{}{}{}", table.key_hint, columns,
                     QuoteQualified(table.id.database, table.id.name), table.read_as_of,
                     condition.empty() ? "" : " WHERE ", condition);
}

std::optional<std::vector<std::string>> ChunkPlanner::NextBoundary(Session& session) {
  std::uint64_t row_bytes = RowBytes(*tables_[table_].table);
  {
    std::lock_guard lock(mutex_);
    if (learned_rows_ > 0) row_bytes = std::max<std::uint64_t>(1, learned_bytes_ / learned_rows_);
  }
  const std::uint64_t rows = std::clamp(target_bytes_ / row_bytes, kFewestRows, kMostRows);
  if (!ahead_.empty()) {
    std::vector<std::string> boundary{std::move(ahead_.front())};
    ahead_.pop_front();
    return boundary;
  }
  if (auto boundary = GuessBoundary(session, rows)) {
    if (boundary->empty()) return std::nullopt;
    return boundary;
  }
  if (!search_ && ranges_->IsOneInteger() && estimates_ != Estimates::kNone) {
    if (auto boundary = ComputeBoundary(session, rows)) {
      if (boundary->empty()) return std::nullopt;
      return boundary;
    }
  }
  return WalkToBoundary(session, rows);
}

std::optional<std::vector<std::string>> ChunkPlanner::GuessBoundary(Session& session,
                                                                    std::uint64_t rows) {
  const Table& table = *tables_[table_].table;
  if (!table.key_hint.empty() || estimates_ != Estimates::kInColumn) return std::nullopt;
  if (!search_) {
    // Without the index by name the optimizer may think of another one, and of all its rows.
    const std::string from =
        fmt::format("{} FORCE INDEX ({})", QuoteQualified(table.id.database, table.id.name),
                    QuoteIdentifier(table.unique_keys.front().name));
    search_.emplace(
        *ranges_,
        [from](const std::string& columns, const std::string& condition) {
          return fmt::format("SELECT {} FROM {}{}{}", columns, from,
                             condition.empty() ? "" : " WHERE ", condition);
        },
        [this](Session& asked, const std::string& select) -> std::optional<double> {
          const std::optional<double> rows_told = EstimatedRows(asked, select);
          return estimates_ == Estimates::kInColumn ? rows_told : std::nullopt;
        });
  }
  const auto values = search_->Find(session, low_, rows);
  if (!values) return std::nullopt;
  if (values->empty()) return values;
  return ranges_->Literals(*values);
}

std::optional<std::vector<std::string>> ChunkPlanner::WalkToBoundary(Session& session,
                                                                     std::uint64_t rows) {
  const ResultSet answer = session.Query(fmt::format(
      "{} ORDER BY {} LIMIT {},1", From(ranges_->BoundaryColumns(), ranges_->Condition(low_, {})),
      ranges_->BoundaryOrder(), rows - 1));
  if (answer.empty()) return std::nullopt;
  std::vector<std::string> values;
  for (const Field& field : answer.rows.front()) values.push_back(field.value_or(""));
  return ranges_->Literals(values);
}

std::optional<double> ChunkPlanner::EstimatedRows(Session& session, const std::string& select) {
  if (estimates_ == Estimates::kInColumn) {
    const ResultSet plan = session.Query("EXPLAIN " + select);
    const auto found = std::find(plan.columns.begin(), plan.columns.end(), "rows");
    if (!plan.empty() && found != plan.columns.end()) {
      const std::string rows = plan.Text(0, static_cast<std::size_t>(found - plan.columns.begin()));
      return rows.empty() ? 0 : std::stod(rows);
    }
    estimates_ = Estimates::kInText;
  }
  if (estimates_ == Estimates::kInText) {
    if (const auto rows = RowsInPlanText(session.Query("EXPLAIN FORMAT=JSON " + select))) {
      return rows;
    }
    estimates_ = Estimates::kNone;  // a plan of another kind: walking alone is cheaper
  }
  return std::nullopt;
}

std::optional<std::vector<std::string>> ChunkPlanner::ComputeBoundary(Session& session,
                                                                      std::uint64_t rows) {
  const std::string column = ranges_->BoundaryOrder();
  const std::vector<std::string> rest_of_table;
  if (!integer_key_) {
    const Table& table = *tables_[table_].table;
    auto total_rows = static_cast<double>(table.estimated_rows);
    if (table.size_unknown) {
      const std::optional<double> estimated = EstimatedRows(session, From(column, {}));
      if (!estimated) return std::nullopt;
      if (*estimated <= static_cast<double>(rows)) return rest_of_table;
      total_rows = *estimated;
    }
    const ResultSet ends = session.Query(From(fmt::format("MIN({0}), MAX({0})", column), {}));
    if (ends.empty() || !ends.rows[0][0] || !ends.rows[0][1]) return rest_of_table;
    integer_key_.emplace();
    integer_key_->largest = ToWideInt(ends.Text(0, 1));
    const WideInt span = integer_key_->largest - ToWideInt(ends.Text(0, 0)) + 1;
    integer_key_->rows_a_value = std::max(1.0, total_rows) / static_cast<double>(span);
  }
  // Where values go on behind the last chunk: gaps cost nothing.
  const auto start = session.QueryValue(
      fmt::format("{} ORDER BY {} LIMIT 1", From(column, ranges_->Condition(low_, {})), column));
  if (!start) return rest_of_table;
  const WideInt first = ToWideInt(*start);
  const double width = static_cast<double>(rows) / integer_key_->rows_a_value;
  const double left = static_cast<double>(integer_key_->largest - first);
  const bool to_the_end = width >= left;
  // It seems that the rest is one chunk; the walk makes sure, and ends at once when it is. Where
  // plans are texts, walking a key is dear, and the estimate must do.
  if (to_the_end && estimates_ != Estimates::kInText) return std::nullopt;
  const WideInt step = std::max<WideInt>(static_cast<WideInt>(width), 1);
  unsigned chunks = estimates_ == Estimates::kInText ? integer_key_->at_once : 1;
  while (chunks > 1 && step * chunks > integer_key_->largest - first) --chunks;
  const double hoped = static_cast<double>(rows) * chunks;
  std::vector<std::string> high;
  if (!to_the_end) high = {ToText(first + step * chunks - 1)};
  // The server's own estimate tells when values are far denser here than elsewhere.
  const std::optional<double> estimated =
      EstimatedRows(session, From(column, ranges_->Condition({ToText(first - 1)}, high)));
  if (!estimated) return std::nullopt;
  if (*estimated > 2.0 * hoped) {
    integer_key_->rows_a_value *= *estimated / hoped;
    integer_key_->at_once = 1;
    return std::nullopt;
  }
  if (to_the_end) return rest_of_table;
  if (*estimated < 0.5 * hoped) {
    if (*estimated > 0) integer_key_->rows_a_value *= std::max(0.25, *estimated / hoped);
    integer_key_->at_once = 1;
    return high;  // what was to be several chunks has the rows of few
  }
  for (unsigned each = 1; each < chunks; ++each) {
    ahead_.push_back(ToText(first + step * (each + 1) - 1));
  }
  integer_key_->at_once = std::min(2 * integer_key_->at_once, kMostAtOnce);
  return std::vector<std::string>{ToText(first + step - 1)};
}

std::string ToText(WideInt value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  std::string text;
  while (value != 0) {
    const int digit = static_cast<int>(value % 10);
    text.push_back(static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    value /= 10;
  }
  if (negative) text.push_back('-');
  std::reverse(text.begin(), text.end());
  return text;
}

WideInt ToWideInt(const std::string& decimal) {
  WideInt value = 0;
  const bool negative = !decimal.empty() && decimal[0] == '-';
  for (std::size_t i = negative ? 1 : 0; i < decimal.size(); ++i) {
    if (decimal[i] < '0' || decimal[i] > '9') {
      throw Error(ErrorCode::kInternal, fmt::format("'{}' is no integer key", decimal));
    }
    value = value * 10 + (decimal[i] - '0');
  }
  return negative ? -value : value;
}

std::optional<Chunk> ChunkPlanner::Next(Session& session, bool holds_locks) {
  std::unique_lock planning(planning_);
  for (;;) {
    {
      std::lock_guard lock(mutex_);
      if (closed_) return std::nullopt;
    }
    if (table_ == tables_.size()) return std::nullopt;
    if (tables_[table_].non_transactional == holds_locks) break;
    if (holds_locks) return std::nullopt;
    moved_on_.wait_for(planning, std::chrono::milliseconds(50));  // Close() does not wait for us
  }
  if (!begun_) BeginTable();

  Chunk chunk;
  chunk.table = table_;
  if (Session* keeper = tables_[table_].keeper) {
    // Who has it reads an earlier chunk, and waits for nothing that is planned here.
    chunk.keeper = Borrow(*keeper);
    if (!chunk.keeper) return std::nullopt;
  }
  std::optional<std::vector<std::string>> high;
  if (ranges_) high = NextBoundary(session);
  if (ranges_) {
    chunk.condition = high ? ranges_->Condition(low_, *high) : ranges_->Condition(low_, {});
  }
  chunk.last = !high;
  chunk.number = next_number_++;
  chunk.part = next_part_++;
  if (high) {
    low_ = std::move(*high);
  } else {
    ++table_;
    begun_ = false;
    moved_on_.notify_all();
  }
  return chunk;
}

SessionLease ChunkPlanner::Borrow(Session& keeper) {
  std::unique_lock lock(mutex_);
  given_back_.wait(lock, [&] { return closed_ || !lent_.contains(&keeper); });
  if (closed_) return nullptr;
  lent_.insert(&keeper);
  return SessionLease(&keeper, [this](Session* session) {
    std::lock_guard returning(mutex_);
    lent_.erase(session);
    given_back_.notify_all();
  });
}

void ChunkPlanner::Learn(const Chunk& chunk, std::uint64_t rows, std::uint64_t text_bytes) {
  std::lock_guard lock(mutex_);
  if (chunk.table == learned_table_) {
    learned_rows_ += rows;
    learned_bytes_ += text_bytes;
  }
}

void ChunkPlanner::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  given_back_.notify_all();
}

}  // namespace dbomsbak
