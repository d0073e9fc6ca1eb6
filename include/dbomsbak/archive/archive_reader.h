// Opens an archive and believes nothing it has not checked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

// Open() proves footer, header, index and seek table (digests, sizes, positions, that frames cover
// the file without gap). Errors: kIncomplete without a footer, kDamaged, kNewerFormat, kUnsupported
// for a file that is no archive at all (it says what it looks like); each names what and at which
// offset. After that const methods may be called from any thread. Memory: 48 bytes a frame, one
// block of the index, and for each thread that reads a frame that frame.
class ArchiveReader {
 public:
  static ArchiveReader Open(std::shared_ptr<const RandomAccessFile> file);
  ~ArchiveReader();
  ArchiveReader(ArchiveReader&&) noexcept;
  ArchiveReader& operator=(ArchiveReader&&) noexcept;

  const HeaderRecord& header() const;
  const FooterRecord& footer() const;
  Receipt receipt() const;
  std::uint64_t frame_count() const;
  FrameRecord frame(std::uint64_t number) const;  // Error kDamaged beyond the last one
  const std::string& name() const;                // the file's, for messages
  // Bytes of the file that the slice takes: of each of its frames what falls to its text.
  std::uint64_t StoredBytesOf(const Slice& slice) const;

  // Streams the index in its order; memory stays at one block. `each` returns false to stop.
  void ForEachObject(const std::function<bool(ObjectRecord&&)>& each) const;
  // The same by block, for those who share the work: blocks of some dozens of objects, in order.
  std::uint64_t block_count() const;
  std::uint64_t first_object_of(std::uint64_t block) const;  // its number in the index, from 0
  void ReadBlock(std::uint64_t block, std::vector<ObjectRecord>& objects) const;  // replaces

  // By binary search over the block directory.
  std::optional<ObjectRecord> FindObject(const ObjectId& id) const;

  // The text of a frame, its stored bytes hashed again. Error kDamaged names frame and offset.
  // `text` is replaced; give the same string again to save allocations.
  void ReadFrame(std::uint64_t number, std::string& text) const;

  // The text of a slice in pieces, frame by frame.
  void ReadSlice(const Slice& slice, const std::function<void(std::string_view)>& piece) const;
  // A small slice at once (definitions). Error kDamaged above `max_bytes`.
  std::string ReadSliceText(const Slice& slice, std::size_t max_bytes) const;

 private:
  struct Impl;
  explicit ArchiveReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbomsbak
