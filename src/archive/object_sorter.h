// Objects in any order in, index blocks in index order out, in little memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "archive/layout.h"
#include "dbomsbak/archive/records.h"

namespace dbomsbak {

// Keeps lines in compressed sorted runs and merges them at the end: 100,000 objects of 1 KB take
// some 20 MB. One thread at a time.
class ObjectSorter {
 public:
  ObjectSorter();
  ~ObjectSorter();

  void Add(const ObjectId& id, std::string_view line);

  struct Block {
    layout::DirectoryEntry entry;  // its offset is the consumer's to set
    std::string stored;            // one zstd frame
  };
  // Hands out the blocks in order; the sorter is empty afterwards. Error kInternal when two
  // objects have the same id.
  void Drain(const std::function<void(Block&&)>& consume);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbomsbak
