// The fixed parts of an archive as bytes: frame heads, header, index head, block directory, footer.
// Specification: formats/archive-v1.md. Private to the archive layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/object_id.h"

namespace dbomsbak::layout {

inline constexpr std::size_t kFrameHeadSize = 8;  // magic and payload size of a skippable frame
inline constexpr std::string_view kHeaderTag = "HEAD";
inline constexpr std::string_view kIndexTag = "INDX";
inline constexpr std::string_view kFooterTag = "FOOT";
inline constexpr std::size_t kTaggedHeadSize = 20;  // frame head, "DBOMSBAK", tag

inline constexpr std::size_t kHeaderFixedSize = 36;  // before its JSON
inline constexpr std::size_t kIndexHeadSize = 64;
inline constexpr std::size_t kFrameRecordSize = 48;
inline constexpr std::size_t kFooterFixedSize = 168;  // version 1's fields
inline constexpr std::size_t kFooterTailSize = 48;    // own SHA-256, own size, end magic
inline constexpr std::size_t kFooterSize = kFooterFixedSize + kFooterTailSize;
inline constexpr std::string_view kFooterEndMagic = "DBOMSEND";
inline constexpr std::size_t kSeekTableTailSize = 9;
inline constexpr std::size_t kSeekTableEntrySize = 8;

inline constexpr std::uint32_t kRequiredFlagPartial = 1;
inline constexpr std::uint32_t kKnownRequiredFlags = kRequiredFlagPartial;

// Limits of version 1. A file that exceeds one is damaged, whatever its digests say.
inline constexpr std::size_t kMaxHeaderSize = std::size_t{4} << 20;
inline constexpr std::size_t kMaxFooterSize = std::size_t{64} << 10;
inline constexpr std::uint32_t kMaxFrameText = 0x7FFFFFFF;
inline constexpr std::uint64_t kMaxFrames = std::uint64_t{1} << 24;
inline constexpr std::size_t kBlockTextTarget = std::size_t{64} << 10;  // cut at the next line
inline constexpr std::size_t kMaxObjectLine = std::size_t{4} << 20;
inline constexpr std::size_t kMaxBlockText = kBlockTextTarget + kMaxObjectLine;

// A zstd block holds at most 128 KiB and takes at least four bytes: what `stored` bytes can become.
inline std::uint64_t MostTextOf(std::uint64_t stored) {
  return (stored / 4 + 1) * (std::uint64_t{128} << 10);
}

// And the most bytes that `text` may be stored in: ZSTD_compressBound with room to spare.
inline std::uint64_t MostStoredOf(std::uint64_t text) { return text + text / 128 + 1024; }

// Error kUnsupported.
[[noreturn]] void ThrowIndexTooLarge();
// A skippable frame head with `payload_size`, "DBOMSBAK" and `tag`.
void PutTaggedHead(std::string& out, std::string_view tag, std::uint64_t payload_size);

// The whole header frame around `json`.
std::string EncodeHeader(std::string_view json);

struct ParsedHeader {
  std::uint16_t version = 0;
  std::uint32_t required_flags = 0;
  std::string_view json;
};
// `frame` is the whole frame. Empty when it does not hold together.
std::optional<ParsedHeader> ParseHeader(std::string_view frame);

struct IndexHead {
  std::uint32_t head_size = kIndexHeadSize;
  std::uint64_t frame_count = 0;
  std::uint64_t object_count = 0;
  std::uint64_t block_count = 0;
  std::uint64_t blocks_size = 0;     // bytes of all object blocks
  std::uint64_t directory_size = 0;  // bytes of the block directory
};
void PutIndexHead(std::string& out, const IndexHead& head);
// `bytes`: the first kIndexHeadSize bytes of the frame; `index_size`: of the whole frame.
std::optional<IndexHead> ParseIndexHead(std::string_view bytes, std::uint64_t index_size);

void PutFrameRecord(std::string& out, const FrameRecord& record);
FrameRecord GetFrameRecord(std::string_view bytes);  // exactly kFrameRecordSize bytes

struct DirectoryEntry {
  std::uint64_t offset = 0;  // of the block, in the file
  std::uint32_t stored_size = 0;
  std::uint32_t text_size = 0;
  std::uint32_t object_count = 0;
  ObjectId first;
};
void PutDirectoryEntry(std::string& out, const DirectoryEntry& entry);
// Takes one entry from the reader. Empty when it does not hold together.
std::optional<DirectoryEntry> TakeDirectoryEntry(ByteReader& reader);

std::string EncodeFooter(const FooterRecord& footer);

struct ParsedFooter {
  std::uint16_t version = 0;
  std::uint32_t required_flags = 0;
  FooterRecord record;
  Sha256Digest root;  // of the whole frame
};
// `frame` is the whole frame. Empty when it does not hold together, its own SHA-256 included.
std::optional<ParsedFooter> ParseFooter(std::string_view frame);

// The seek table in pieces: head, entries, tail.
std::uint64_t SeekTableSize(std::uint64_t entry_count);
void PutSeekTableHead(std::string& out, std::uint64_t entry_count);
void PutSeekTableEntry(std::string& out, std::uint64_t stored_size, std::uint32_t text_size);
void PutSeekTableTail(std::string& out, std::uint64_t entry_count);

}  // namespace dbomsbak::layout
