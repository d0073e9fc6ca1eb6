// Reads chunks of tables, one session a thread, as rows of SQL text.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dbomsbak/base/object_id.h"
#include "dbomsbak/transport/session.h"
#include "engine/chunk_handoff.h"
#include "engine/chunk_planner.h"
#include "engine/job_board.h"
#include "engine/serial_observer.h"
#include "engine/throttle.h"

namespace dbomsbak {

// A table whose rows the server cannot read to their end: it is broken.
class UnreadableRows : public Error {
 public:
  UnreadableRows(const ServerError& error, const ObjectId& table);
  const ObjectId& table() const noexcept { return table_; }
  const std::string& reason() const noexcept { return reason_; }  // the server's words

 private:
  ObjectId table_;
  std::string reason_;
};

// An error of the server while it was looking for a chunk or reading one of `table` (null: not
// known which), as what it means for a reader of a snapshot; called while it is handled.
// `retention_s`: as for ChunkReader. Errors: ChangedMeanwhile, UnreadableRows, kNoSnapshot, else
// the server's own.
[[noreturn]] void ThrowReadError(ServerError& e, const TableToRead* table, unsigned retention_s);

// The phase of Progress.
constexpr std::string_view kDumpPhase = "dump";

// What is done so far; read by any thread.
struct DumpCounters {
  std::atomic<std::uint64_t> rows{0}, bytes{0}, objects{0};
};

// All references must outlive it. ReadAll may run in several threads, each with its own session.
class ChunkReader {
 public:
  // `packet_limit`: no statement of the text should be longer than this. `exact_json_doubles`: as
  // in RowEncoder::Options. `retention_s`: how long from now the server keeps the snapshot; 0: for
  // the transaction. When most of it has passed, `observer` is warned, once, from any thread.
  // `throttle` is asked by all but the reader that holds locks.
  ChunkReader(ChunkPlanner& planner, ChunkHandoff& handoff, Throttle& throttle,
              std::size_t packet_limit, bool exact_json_doubles, unsigned retention_s,
              DumpCounters& counters, JobBoard& jobs, SerialObserver& observer)
      : planner_(planner),
        handoff_(handoff),
        throttle_(throttle),
        packet_limit_(packet_limit),
        exact_json_doubles_(exact_json_doubles),
        retention_s_(retention_s),
        counters_(counters),
        jobs_(jobs),
        observer_(observer) {}

  // Until nothing is left, or the handoff is closed. `holds_locks`: the session that reads tables
  // without transactions. `job`: which one of the board it is. Errors: ChangedMeanwhile,
  // UnreadableRows, the server's.
  void ReadAll(Session& session, bool holds_locks, std::size_t job);

 private:
  // False when all is over.
  bool Read(Session& session, const Chunk& chunk, std::size_t job, RowPiece& piece);
  void WatchRetention();

  ChunkPlanner& planner_;
  ChunkHandoff& handoff_;
  Throttle& throttle_;
  const std::size_t packet_limit_;
  const bool exact_json_doubles_;
  const unsigned retention_s_;
  DumpCounters& counters_;
  JobBoard& jobs_;
  SerialObserver& observer_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<bool> warned_{false};
};

}  // namespace dbomsbak
