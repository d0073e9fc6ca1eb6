#include "objects/remote_file.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace dbomsbak {
namespace {

constexpr std::size_t kLeastPiece = std::size_t{64} << 10;
constexpr std::size_t kLargestPiece = std::size_t{4} << 20;
// A look at index and footer is over before pieces are that large.
constexpr std::size_t kAheadFrom = std::size_t{1} << 20;

}  // namespace

RemoteFile::RemoteFile(ObjectStore& store, std::string key, std::string name,
                       const ObjectFacts& facts, std::size_t keep_bytes, Launch launch)
    : store_(store),
      key_(std::move(key)),
      name_(std::move(name)),
      facts_(facts),
      keep_bytes_(keep_bytes),
      launch_(std::move(launch)) {}

RemoteFile::Pieces::iterator RemoteFile::Find(std::uint64_t offset) const {
  return std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.offset <= offset && offset < piece.end();
  });
}

RemoteFile::Pieces::iterator RemoteFile::Begin(std::uint64_t offset, std::size_t wanted) const {
  std::size_t size = kLeastPiece;
  std::uint64_t until = facts_.bytes;
  bool in_order = false;
  for (const Piece& piece : pieces_) {
    if (piece.size > 0 && piece.end() == offset) {
      size = std::max(size, piece.size * 2);
      in_order = true;
    }
    if (piece.offset > offset) until = std::min(until, piece.offset);
  }
  size = std::clamp(std::max(size, wanted), kLeastPiece, kLargestPiece);
  Piece piece;
  piece.offset = offset;
  piece.in_order = in_order;
  piece.size = static_cast<std::size_t>(std::min<std::uint64_t>(size, until - offset));
  pieces_.push_front(std::move(piece));
  return pieces_.begin();
}

void RemoteFile::Fetch(Pieces::iterator piece, std::unique_lock<std::mutex>& lock) const {
  lock.unlock();
  std::string bytes;
  try {
    bytes = store_.Read(key_, facts_.etag, piece->offset, piece->size);
  } catch (...) {
    lock.lock();
    piece->failed = true;
    arrived_.notify_all();
    // Nobody finds it any more; those that wait for it still hold it.
    if (piece->waiting == 0) {
      pieces_.erase(piece);
    } else {
      piece->size = 0;
    }
    throw;
  }
  lock.lock();
  piece->bytes = std::move(bytes);
  piece->there = true;
  arrived_.notify_all();
}

void RemoteFile::ReadAhead(Pieces::iterator piece) const {
  const std::uint64_t offset = piece->end();
  if (!piece->in_order || piece->size < kAheadFrom || offset >= facts_.bytes) return;
  if (ahead_.valid() && ahead_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return;
  }
  if (Find(offset) != pieces_.end()) return;
  const auto next = Begin(offset, 0);
  try {
    ahead_ = launch_([this, next] {
      std::unique_lock lock(mutex_);
      try {
        Fetch(next, lock);
      } catch (...) {  // who reads there asks for itself
      }
    });
  } catch (const std::system_error&) {  // no more threads: nobody may wait for it
    pieces_.erase(next);
  }
}

void RemoteFile::Trim() const {
  std::size_t kept = 0;
  for (auto piece = pieces_.begin(); piece != pieces_.end();) {
    kept += piece->size;
    const bool idle = (piece->there || piece->failed) && piece->waiting == 0;
    piece = idle && (kept > keep_bytes_ || piece->failed) ? pieces_.erase(piece) : std::next(piece);
  }
}

std::size_t RemoteFile::ReadAt(std::uint64_t offset, char* out, std::size_t size) const {
  if (offset >= facts_.bytes) return 0;
  size = static_cast<std::size_t>(std::min<std::uint64_t>(size, facts_.bytes - offset));
  std::size_t done = 0;
  std::unique_lock lock(mutex_);
  while (done < size) {
    const std::uint64_t at = offset + done;
    auto piece = Find(at);
    if (piece == pieces_.end()) {
      piece = Begin(at, size - done);
      Fetch(piece, lock);
    } else if (!piece->there) {
      ++piece->waiting;
      arrived_.wait(lock, [&] { return piece->there || piece->failed; });
      --piece->waiting;
      if (piece->failed) {
        Trim();
        continue;  // this thread asks for itself, and has its own error
      }
    }
    pieces_.splice(pieces_.begin(), pieces_, piece);
    const std::size_t count = std::min(size - done, static_cast<std::size_t>(piece->end() - at));
    piece->bytes.copy(out + done, count, static_cast<std::size_t>(at - piece->offset));
    done += count;
    ReadAhead(piece);
    Trim();
  }
  return done;
}

}  // namespace dbomsbak
