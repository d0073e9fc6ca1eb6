// Says what is wrong with a file that begins as an archive and does not end as one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "archive/layout.h"
#include "dbomsbak/base/file.h"

namespace dbomsbak {

struct ArchiveTail {
  layout::ParsedFooter footer;
  std::uint64_t footer_offset = 0;
  std::uint64_t seek_table_offset = 0;
  std::uint64_t seek_table_entries = 0;
};

// The footer, found from the end of the file. Empty when the last bytes are not a seek table with
// a footer before it that holds together.
std::optional<ArchiveTail> FindTail(const RandomAccessFile& file);

// Walks the frames from the start and throws what is wrong, with its offset: kIncomplete where the
// file just ends, kDamaged otherwise. Reads only frame and block heads.
[[noreturn]] void ThrowWhatIsWrong(const RandomAccessFile& file);

// Exactly `size` bytes. Error kDamaged when the file has become shorter.
void ReadExactly(const RandomAccessFile& file, std::uint64_t offset, std::size_t size,
                 std::string& out);

[[noreturn]] void ThrowDamaged(const RandomAccessFile& file, std::string_view what);
[[noreturn]] void ThrowNewerFormat(const RandomAccessFile& file, std::string_view what);

}  // namespace dbomsbak
