// Opens an archive and believes nothing it has not checked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

// Open() proves footer, header, index and seek table (digests, sizes, positions, that frames cover
// the file without gap). Errors: kIncomplete without a footer, kDamaged, kNewerFormat; each names
// what and at which offset. After that const methods may be called from any thread.
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

  // Streams the index in its order; memory stays at one block. `each` returns false to stop.
  void ForEachObject(const std::function<bool(ObjectRecord&&)>& each) const;
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
