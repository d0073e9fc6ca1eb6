#include "engine/chunk_handoff.h"

#include <utility>

namespace dbomsbak {
namespace {

// Buffers kept for reuse, and how large one may be to be kept.
constexpr std::size_t kSpareBuffers = 8;
constexpr std::size_t kLargestSpare = 2 * kRowPieceBytes;

}  // namespace

ChunkHandoff::ChunkHandoff(std::size_t max_bytes, std::size_t reserve_bytes)
    : max_bytes_(max_bytes), reserve_bytes_(reserve_bytes) {}

bool ChunkHandoff::HasRoom(std::uint64_t chunk, std::size_t bytes) {
  if (chunk != head_) return bytes_ + bytes + reserve_bytes_ <= max_bytes_;
  const Lane& lane = lanes_[chunk];
  return lane.pieces.empty() || lane.bytes + bytes <= reserve_bytes_ ||
         bytes_ + bytes <= max_bytes_;
}

bool ChunkHandoff::Push(std::uint64_t chunk, RowPiece& piece) {
  const std::size_t bytes = piece.bytes();
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return closed_ || HasRoom(chunk, bytes); });
  if (closed_) return false;
  Lane& lane = lanes_[chunk];
  lane.pieces.push_back(std::move(piece));
  lane.bytes += bytes;
  bytes_ += bytes;
  if (spare_.empty()) {
    piece = RowPiece{};
  } else {
    piece = std::move(spare_.back());
    spare_.pop_back();
  }
  if (chunk == head_) filled_.notify_one();
  return true;
}

void ChunkHandoff::Finish(std::uint64_t chunk, const ChunkEnd& end) {
  std::lock_guard lock(mutex_);
  if (closed_) return;
  lanes_[chunk].end = end;
  if (chunk == head_) filled_.notify_one();
}

bool ChunkHandoff::Pop(std::uint64_t chunk, RowPiece& piece, std::optional<ChunkEnd>& end) {
  std::unique_lock lock(mutex_);
  if (piece.text.capacity() > 0 && piece.text.capacity() <= kLargestSpare &&
      spare_.size() < kSpareBuffers) {
    piece.Clear();
    spare_.push_back(std::move(piece));
  }
  piece = RowPiece{};
  if (head_ != chunk) {
    head_ = chunk;
    room_.notify_all();
  }
  Lane& lane = lanes_[chunk];
  filled_.wait(lock, [&] { return closed_ || !lane.pieces.empty() || lane.end.has_value(); });
  if (closed_) return false;
  if (lane.pieces.empty()) {
    end = lane.end;
    lanes_.erase(chunk);
    head_ = chunk + 1;
    room_.notify_all();
    return false;
  }
  piece = std::move(lane.pieces.front());
  lane.pieces.pop_front();
  const std::size_t bytes = piece.bytes();
  lane.bytes -= bytes;
  bytes_ -= bytes;
  room_.notify_all();
  return true;
}

void ChunkHandoff::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  room_.notify_all();
  filled_.notify_all();
}

bool ChunkHandoff::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace dbomsbak
