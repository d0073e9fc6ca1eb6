// Writes an archive: header, SQL frames in the order given, index, footer, seek table.
#pragma once

#include <cstdint>
#include <memory>

#include "dbomsbak/archive/frame.h"
#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

// `out` must outlive the writer. One thread at a time. Nothing is durable or published before the
// caller commits the file: a file without footer is no archive.
class ArchiveWriter {
 public:
  ArchiveWriter(WritableFile& out, const HeaderRecord& header);
  ~ArchiveWriter();

  // Number of the frame just written, from 0.
  std::uint64_t AppendFrame(const CompressedFrame& frame);

  // In any order; the writer sorts. Kept in memory, compressed, until Finish.
  void AddObject(const ObjectRecord& object);

  // Index, footer and seek table. Objects with `omitted` set make the archive partial.
  Receipt Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dbomsbak
