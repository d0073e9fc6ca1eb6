// The end of an archive, by which it is opened: with any bytes in the place of the seek table it is
// the archive that was written, or none. And any bytes at all are told what is wrong with them.
#include <memory>

#include "archive/frame_walk.h"
#include "archive/layout.h"
#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/error.h"
#include "fuzz/fuzz.h"
#include "unit/memory_file.h"
#include "unit/read_file.h"

namespace dbomsbak {
namespace {

using fuzz::Require;

struct Golden {
  std::string body, seek_table;
};

const Golden& GoldenArchive() {
  static const Golden golden = [] {
    const std::string bytes =
        ReadFile(DBOMSBAK_SOURCE_DIR "/formats/archive-v1/valid/two-databases.sql.zst");
    const auto tail = FindTail(MemoryReadableFile(bytes));
    Require(tail.has_value(), "the golden archive has a tail");
    return Golden{bytes.substr(0, tail->seek_table_offset), bytes.substr(tail->seek_table_offset)};
  }();
  return golden;
}

bool Opens(const std::string& bytes) {
  try {
    ArchiveReader::Open(InMemory(bytes));
    return true;
  } catch (const Error& e) {
    Require(e.code() != ErrorCode::kInternal && e.code() != ErrorCode::kIo,
            "it is the file's fault: " + e.message());
    return false;
  }
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(text) {
  const Golden& golden = GoldenArchive();
  Require(Opens(golden.body + std::string(text)) == (text == golden.seek_table),
          "an archive opens with its own seek table and no other");

  const MemoryReadableFile file{std::string(text)};
  const auto tail = FindTail(file);
  if (tail) {
    Require(
        tail->seek_table_offset + layout::SeekTableSize(tail->seek_table_entries) == text.size(),
        "a seek table ends with the file");
  }
  bool thrown = false;
  try {
    ThrowWhatIsWrong(file);
  } catch (const Error& e) {
    thrown = e.code() == ErrorCode::kDamaged || e.code() == ErrorCode::kIncomplete;
  }
  Require(thrown, "something is wrong with it");
}

}  // namespace dbomsbak
