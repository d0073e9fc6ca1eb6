// Rows on their way from many readers to the one assembler, in the order of chunks.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "dbomsbak/sql/row_digest.h"
#include "engine/row_piece.h"

namespace dbomsbak {

// What is known when a chunk has been read to its end.
struct ChunkEnd {
  RowDigest digest;  // of its rows
  bool last_of_table = false;
};

// Chunks are numbered from 0 in plan order and taken in that order. What waits is bounded in
// bytes, and `reserve_bytes` of the bound belong to the chunk the assembler waits for, so that
// chunks further on can never starve it: whoever works on the lowest unfinished chunk gets on.
// Any number of readers, one assembler.
class ChunkHandoff {
 public:
  ChunkHandoff(std::size_t max_bytes, std::size_t reserve_bytes);

  // Reader. Waits for room; false when all is over. `piece` comes back empty with a buffer to use.
  bool Push(std::uint64_t chunk, RowPiece& piece);
  // Reader: the chunk is read to its end.
  void Finish(std::uint64_t chunk, const ChunkEnd& end);

  // Assembler: the next piece of `chunk`. False at the chunk's end (then `end` is filled) and when
  // all is over (then it is not). What `piece` held is taken back for reuse. Chunks are taken to
  // their end, one by one.
  bool Pop(std::uint64_t chunk, RowPiece& piece, std::optional<ChunkEnd>& end);

  // Give up: everyone returns at once. What waits is dropped.
  void Close();
  bool closed() const;

 private:
  struct Lane {
    std::deque<RowPiece> pieces;
    std::size_t bytes = 0;
    std::optional<ChunkEnd> end;
  };

  bool HasRoom(std::uint64_t chunk, std::size_t bytes);

  const std::size_t max_bytes_;
  const std::size_t reserve_bytes_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable filled_;
  std::map<std::uint64_t, Lane> lanes_;
  std::uint64_t head_ = 0;  // the chunk the assembler takes from
  std::size_t bytes_ = 0;
  std::deque<RowPiece> spare_;
  bool closed_ = false;
};

}  // namespace dbomsbak
