#include "engine/chunk_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "dbomsbak/catalog/broken_table.h"
#include "dbomsbak/catalog/table_reader.h"
#include "dbomsbak/sql/row_encoder.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/dump_set.h"

namespace dbomsbak {
namespace {

// Errors that say that a table is no longer what it was at the snapshot.
bool IsDefinitionChange(unsigned number) {
  constexpr unsigned kBadField = 1054, kUnknownTable = 1109, kNoSuchTableInEngine = 1932;
  return number == kTableDefinitionChanged || number == kNoSuchTable || number == kBadField ||
         number == kUnknownTable || number == kNoSuchTableInEngine ||
         number == kSnapshotBeforeRename;
}

// Storage that is damaged, as the server tells it: its own words, and those of its engines.
bool IsBrokenTable(unsigned number) {
  constexpr std::array kNumbers{
      126u,  127u,  130u,  134u, 135u, 144u, 145u,  // what an engine says
      1030u,                                        // got an error from the storage engine
      1033u, 1034u, 1035u,                          // wrong definition or key file
      1194u, 1195u,                                 // marked as crashed
      1296u,                                        // an engine's own error
      1712u, 1877u,                                 // index or table is corrupted
      1812u,                                        // its tablespace is missing
  };
  return std::find(kNumbers.begin(), kNumbers.end(), number) != kNumbers.end();
}

}  // namespace

UnreadableRows::UnreadableRows(const ServerError& error, const ObjectId& table)
    : Error(ErrorCode::kQueryRefused,
            fmt::format("cannot read the rows of {}: {}", table.Describe(), error.message()),
            BrokenTableRemedy(table.database, table.name)),
      table_(table),
      reason_(error.message()) {
  About(table.Describe());
}

void ThrowReadError(ServerError& e, const TableToRead* table, unsigned retention_s) {
  const std::string name = table != nullptr ? table->table->id.Describe() : "the next table";
  // A condition that does not fit looks to the server like a column dropped meanwhile.
  const bool filtered = table != nullptr && !table->row_filter.empty();
  if (filtered && e.sqlstate().starts_with("42")) {
    e.set_hint("The condition of --where must fit every table; --only or --ignore-table choose.");
  } else if (e.number() == kSnapshotDiscarded && retention_s > 0) {
    throw Error(ErrorCode::kNoSnapshot,
                fmt::format("the server no longer keeps the dump's snapshot, reading {}: {}", name,
                            e.message()),
                fmt::format("It keeps one for undo_retention, {} s now. ALTER SYSTEM SET "
                            "undo_retention = {} makes it longer.",
                            retention_s, 4 * retention_s))
        .About(name);
  } else if (IsDefinitionChange(e.number()) || e.number() == kSnapshotDiscarded) {
    throw ChangedMeanwhile(name + ": " + e.message());
  }
  if (table != nullptr && IsBrokenTable(e.number())) throw UnreadableRows(e, table->table->id);
  e.While("reading " + name);
  e.About(name);
  throw;
}

void ChunkReader::ReadAll(Session& session, bool holds_locks, std::size_t job) {
  // Text in its own bytes.
  session.Execute("SET character_set_results = NULL");
  RowPiece piece;
  for (;;) {
    std::optional<Chunk> chunk;
    try {
      chunk = planner_.Next(session, holds_locks);
      if (!chunk) {
        jobs_.Rest(job);
        return;
      }
      jobs_.Take(job, kDumpPhase, planner_.table(chunk->table).table->id.Describe(), chunk->part,
                 chunk->last ? chunk->part : 0);
      if (!holds_locks) throttle_.AwaitCalm(session);
      if (!Read(chunk->keeper ? *chunk->keeper : session, *chunk, job, piece)) return;
    } catch (ServerError& e) {
      ThrowReadError(e, chunk ? &planner_.table(chunk->table) : nullptr, retention_s_);
    } catch (Error& e) {
      if (chunk) {
        e.While("reading " + planner_.table(chunk->table).table->id.Describe());
        e.About(planner_.table(chunk->table).table->id.Describe());
      }
      throw;
    }
  }
}

void ChunkReader::WatchRetention() {
  if (retention_s_ == 0) return;
  const auto age =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began_);
  if (age < std::chrono::seconds(retention_s_) * 3 / 4 || warned_.exchange(true)) return;
  observer_.Warning(
      fmt::format("the snapshot is {} s old, and the server promises to keep it for {} s "
                  "(undo_retention): the dump fails if it is discarded before all is read",
                  age.count(), retention_s_));
}

bool ChunkReader::Read(Session& session, const Chunk& chunk, std::size_t job, RowPiece& piece) {
  WatchRetention();
  const TableToRead& entry = planner_.table(chunk.table);
  const Table& table = *entry.table;
  const TableSelect select =
      SelectOf(table, table.id.database, ConditionOf(entry, chunk), RowOrderOf(table));
  RowEncoder::Options encoding;
  if (packet_limit_ != std::numeric_limits<std::size_t>::max()) {
    const std::size_t head = table.columns.size() * 70 + 200;  // of the INSERT, roughly
    encoding.max_hex_row_bytes =
        packet_limit_ > 2 * head ? packet_limit_ - head : packet_limit_ / 2;
  }
  encoding.exact_json_doubles = exact_json_doubles_;
  RowEncoder encoder(select.kinds, encoding);
  ChunkEnd end;
  end.last_of_table = chunk.last;
  std::uint64_t text_bytes = 0;
  std::uint64_t told_rows = 0;
  const auto hand_on = [&] {
    const std::uint64_t rows = end.digest.rows - told_rows;
    if (!entry.non_transactional) throttle_.Pay(rows, piece.text.size());
    counters_.rows.fetch_add(rows, std::memory_order_relaxed);
    counters_.bytes.fetch_add(piece.text.size(), std::memory_order_relaxed);
    jobs_.Add(job, rows, piece.text.size());
    told_rows = end.digest.rows;
    text_bytes += piece.text.size();
    return handoff_.Push(chunk.number, piece);
  };
  const Throttle::Reading reading(throttle_);
  const std::unique_ptr<RowStream> rows = session.Stream(select.sql, select.protocol);
  try {
    while (rows->Next()) {
      if (piece.text.capacity() < kRowPieceBytes) {
        piece.text.reserve(kRowPieceBytes + kRowPieceBytes / 8);
      }
      encoder.Append(rows->cells(), piece.text, end.digest);
      piece.text += ",\n";
      piece.row_ends.push_back(static_cast<std::uint32_t>(piece.text.size()));
      if (piece.text.size() >= kRowPieceBytes && !hand_on()) {
        session.Abort();  // all is over
        return false;
      }
    }
  } catch (...) {
    session.Abort();  // or what is left of the table would be drained before the error gets on
    throw;
  }
  if (!piece.row_ends.empty() && !hand_on()) return false;
  planner_.Learn(chunk, end.digest.rows, text_bytes);
  handoff_.Finish(chunk.number, end);
  return true;
}

}  // namespace dbomsbak
