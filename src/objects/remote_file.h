// An object that is read at any place of it.
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <list>
#include <mutex>
#include <string>
#include <utility>

#include "dbomsbak/base/file.h"
#include "dbomsbak/objects/object_store.h"

namespace dbomsbak {

// Asks for the piece that is read, for ever larger ones where reading goes on in order, and then
// for the next one ahead of time, by a thread of its own; keeps the pieces read last. All of them
// are of one object: one that is replaced meanwhile is Error kIo. `store` must outlive it. The
// destructor waits for what is under way.
class RemoteFile final : public RandomAccessFile {
 public:
  // By a thread of its own. Error std::system_error when there is none to be had.
  using Launch = std::function<std::future<void>(std::function<void()>)>;
  static std::future<void> InAThread(std::function<void()> work) {
    return std::async(std::launch::async, std::move(work));
  }

  // `keep_bytes`: memory for pieces. Where more than three threads wait for one, 4 MiB for each
  // other.
  RemoteFile(ObjectStore& store, std::string key, std::string name, const ObjectFacts& facts,
             std::size_t keep_bytes, Launch launch = InAThread);

  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override;
  std::uint64_t Size() const override { return facts_.bytes; }
  const std::string& name() const override { return name_; }

 private:
  struct Piece {
    std::uint64_t offset = 0;
    std::size_t size = 0;
    std::string bytes;
    bool in_order = false;  // behind another one
    bool there = false, failed = false;
    unsigned waiting = 0;  // threads that want it

    std::uint64_t end() const { return offset + size; }
  };
  using Pieces = std::list<Piece>;

  Pieces::iterator Find(std::uint64_t offset) const;
  Pieces::iterator Begin(std::uint64_t offset, std::size_t wanted) const;
  void Fetch(Pieces::iterator piece, std::unique_lock<std::mutex>& lock) const;
  void ReadAhead(Pieces::iterator piece) const;
  void Trim() const;

  ObjectStore& store_;
  const std::string key_;
  const std::string name_;
  const ObjectFacts facts_;
  const std::size_t keep_bytes_;
  const Launch launch_;
  mutable std::mutex mutex_;
  mutable std::condition_variable arrived_;
  mutable Pieces pieces_;            // the one used last in front
  mutable std::future<void> ahead_;  // goes first: its thread uses all of the above
};

}  // namespace dbomsbak
