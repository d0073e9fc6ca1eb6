// A file of text read from front to back, unpacked on the way.
#pragma once

#include <cstddef>
#include <memory>

#include "dbomsbak/archive/file_kind.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

// One thread. Memory: a window of at most 128 MiB for zstd (as `zstd -d` itself allows), 64 KiB for
// gzip, and 256 KiB of the packed file.
class TextSource {
 public:
  virtual ~TextSource() = default;
  // Fills `out` with up to `size` bytes of text; 0 only at its end. Errors: kIo; kIncomplete for a
  // packed file that is cut; kDamaged for one that cannot be unpacked, or with bytes behind it.
  virtual std::size_t Read(char* out, std::size_t size) = 0;

  // Plain text, gzip (one member or several) and zstd (one frame or several). Error kUnsupported
  // for a file packed in another way, named with what unpacks it.
  static std::unique_ptr<TextSource> Open(std::shared_ptr<const RandomAccessFile> file);
};

// What the file is once it is unpacked; for a file that is not packed, or cannot be unpacked, as
// LooksLike says. An archive is kArchive, although it is a zstd file as well.
FileKind LooksLikeUnpacked(const std::shared_ptr<const RandomAccessFile>& file);

}  // namespace dbomsbak
