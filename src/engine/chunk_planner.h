// Cuts tables into chunks while they are being read.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/transport/session.h"
#include "engine/boundary_search.h"
#include "engine/key_ranges.h"

namespace dbomsbak {

// A session lent; the planner has it back when this goes.
using SessionLease = std::unique_ptr<Session, std::function<void(Session*)>>;

struct Chunk {
  std::uint64_t number = 0;  // over all tables, in the order of the text
  std::size_t table = 0;     // index into the planner's tables
  std::string condition;     // empty: all rows
  bool last = false;         // of its table
  std::uint64_t part = 1;    // its number in its table, from 1
  SessionLease keeper;       // the session to read it by, where it is not the reader's own
};

// One table to be read. `table` must outlive the planner.
struct TableToRead {
  const Table* table = nullptr;
  std::string row_filter;          // a --where of its own; empty for all rows
  bool non_transactional = false;  // read under lock; such tables come first
  Session* keeper = nullptr;       // reads it, in one chunk, if there is one
};

// The chunk's rows as a condition, with the table's own filter.
std::string ConditionOf(const TableToRead& table, const Chunk& chunk);

// Values of an integer key, wide enough for signed and unsigned ones.
__extension__ using WideInt = __int128;
struct IntegerKey {
  WideInt largest = 0;
  double rows_a_value = 0;  // how densely the values are used, as far as is known
  unsigned at_once = 1;     // boundaries to plan by one estimate
};
std::string ToText(WideInt value);
WideInt ToWideInt(const std::string& decimal);

// Chunks are handed out in order and each boundary is looked up only when its chunk is due, so the
// first row is not delayed by a table's size. Any thread, each with its own session of the
// snapshot.
class ChunkPlanner {
 public:
  // A chunk's SQL text should be about `target_bytes`.
  ChunkPlanner(std::vector<TableToRead> tables, std::size_t target_bytes);

  // The next chunk; nothing when all tables are handed out, or after Close(). The caller has no
  // other in hand: a session that one of them needs may be lent to it. Tables without
  // transactions go to the one session that holds their locks (a waiting writer lets no other
  // reader in) and end there; the others wait for their turn meanwhile.
  std::optional<Chunk> Next(Session& session, bool holds_locks);
  // A chunk has been read: how long rows of its table really are as text.
  void Learn(const Chunk& chunk, std::uint64_t rows, std::uint64_t text_bytes);
  void Close();

  const TableToRead& table(std::size_t index) const { return tables_[index]; }
  std::size_t table_count() const { return tables_.size(); }

 private:
  void BeginTable();
  // The end of the next chunk; nothing when the rest of the table is one chunk.
  std::optional<std::vector<std::string>> NextBoundary(Session& session);
  std::optional<std::vector<std::string>> WalkToBoundary(Session& session, std::uint64_t rows);
  // Of a key of one integer column: by arithmetic, which saves the server the walk over the index.
  // Nothing when the walk must tell; an empty boundary for the rest of the table.
  std::optional<std::vector<std::string>> ComputeBoundary(Session& session, std::uint64_t rows);
  // Waits until the session is lent to nobody; nothing after Close().
  SessionLease Borrow(Session& keeper);
  // By guesses; nothing when they did not lead to one, an empty boundary for the rest of the table.
  std::optional<std::vector<std::string>> GuessBoundary(Session& session, std::uint64_t rows);
  std::string From(const std::string& columns, const std::string& condition) const;
  // How many rows the server's optimizer expects of a SELECT; nothing where plans do not tell.
  std::optional<double> EstimatedRows(Session& session, const std::string& select);

  const std::vector<TableToRead> tables_;
  const std::size_t target_bytes_;

  std::mutex planning_;  // held while a boundary is looked up
  std::condition_variable moved_on_;
  // Of the table in hand:
  std::size_t table_ = 0;
  bool begun_ = false;
  std::optional<KeyRanges> ranges_;  // nothing: the table is one chunk
  std::vector<std::string> low_;     // literals; rows up to and with it are handed out
  std::optional<IntegerKey> integer_key_;
  std::deque<std::string> ahead_;  // boundaries planned already, literals
  std::optional<BoundarySearch> search_;
  enum class Estimates { kInColumn, kInText, kNone };
  Estimates estimates_ = Estimates::kInColumn;  // where EXPLAIN tells rows, until seen otherwise
  std::uint64_t next_number_ = 0;
  std::uint64_t next_part_ = 1;

  mutable std::mutex mutex_;
  std::set<Session*> lent_;
  std::condition_variable given_back_;
  std::size_t learned_table_ = 0;
  std::uint64_t learned_rows_ = 0, learned_bytes_ = 0;
  bool closed_ = false;
};

}  // namespace dbomsbak
