#include "archive/layout.h"

#include "dbomsbak/archive/format.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak::layout {
namespace {

// Checks frame head, magic and tag; leaves the reader behind them.
bool TakeTaggedHead(ByteReader& reader, std::string_view tag) {
  const std::size_t frame_size = reader.remaining();
  if (reader.U32() != kOwnFrameMagic) return false;
  if (std::uint64_t{reader.U32()} + kFrameHeadSize != frame_size) return false;
  return reader.Bytes(kArchiveMagic.size()) == kArchiveMagic && reader.Bytes(tag.size()) == tag &&
         !reader.failed();
}

Sha256Digest TakeDigest(ByteReader& reader) {
  const std::string_view raw = reader.Bytes(32);
  return reader.failed() ? Sha256Digest{} : Sha256Digest::FromBytes(raw);
}

void PutName(std::string& out, std::string_view name) {
  if (name.size() > 0xFFFF)
    throw Error(ErrorCode::kInternal, "an object's name exceeds 65535 bytes");
  PutU16(out, static_cast<std::uint16_t>(name.size()));
  out += name;
}

std::string_view TakeName(ByteReader& reader) { return reader.Bytes(reader.U16()); }

}  // namespace

void ThrowIndexTooLarge() {
  throw Error(ErrorCode::kUnsupported, "the archive's index exceeds what its format allows",
              "Dump fewer databases into one archive.");
}

void PutTaggedHead(std::string& out, std::string_view tag, std::uint64_t payload_size) {
  if (payload_size > 0xFFFFFFFF) ThrowIndexTooLarge();
  PutU32(out, kOwnFrameMagic);
  PutU32(out, static_cast<std::uint32_t>(payload_size));
  out += kArchiveMagic;
  out += tag;
}

std::string EncodeHeader(std::string_view json) {
  if (kHeaderFixedSize + json.size() > kMaxHeaderSize) {
    throw Error(ErrorCode::kUnsupported, "the archive's header exceeds 4 MiB",
                "Name fewer tables on the command line.");
  }
  std::string frame;
  PutTaggedHead(frame, kHeaderTag, kHeaderFixedSize + json.size() - kFrameHeadSize);
  PutU16(frame, kFormatVersion);
  PutU16(frame, 0);
  PutU32(frame, 0);  // required flags
  PutU32(frame, 0);  // optional flags
  PutU32(frame, static_cast<std::uint32_t>(json.size()));
  frame += json;
  return frame;
}

std::optional<ParsedHeader> ParseHeader(std::string_view frame) {
  ByteReader reader(frame);
  if (!TakeTaggedHead(reader, kHeaderTag)) return std::nullopt;
  ParsedHeader header;
  header.version = reader.U16();
  reader.U16();
  header.required_flags = reader.U32();
  reader.U32();
  header.json = reader.Bytes(reader.U32());
  if (reader.failed()) return std::nullopt;
  return header;
}

void PutIndexHead(std::string& out, const IndexHead& head) {
  PutTaggedHead(out, kIndexTag,
                kIndexHeadSize - kFrameHeadSize + head.frame_count * kFrameRecordSize +
                    head.blocks_size + head.directory_size);
  PutU32(out, head.head_size);
  PutU64(out, head.frame_count);
  PutU64(out, head.object_count);
  PutU64(out, head.block_count);
  PutU64(out, head.blocks_size);
  PutU64(out, head.directory_size);
}

std::optional<IndexHead> ParseIndexHead(std::string_view bytes, std::uint64_t index_size) {
  ByteReader reader(bytes);
  if (reader.U32() != kOwnFrameMagic) return std::nullopt;
  if (std::uint64_t{reader.U32()} + kFrameHeadSize != index_size) return std::nullopt;
  if (reader.Bytes(kArchiveMagic.size()) != kArchiveMagic) return std::nullopt;
  if (reader.Bytes(kIndexTag.size()) != kIndexTag) return std::nullopt;
  IndexHead head;
  head.head_size = reader.U32();
  head.frame_count = reader.U64();
  head.object_count = reader.U64();
  head.block_count = reader.U64();
  head.blocks_size = reader.U64();
  head.directory_size = reader.U64();
  if (reader.failed() || head.head_size < kIndexHeadSize || head.frame_count > kMaxFrames ||
      head.blocks_size > index_size || head.directory_size > index_size ||
      head.block_count > head.object_count || head.object_count > index_size * (128U << 10)) {
    return std::nullopt;
  }
  // None of these can overflow now: each term is below 2^33.
  if (head.head_size + head.frame_count * kFrameRecordSize + head.blocks_size +
          head.directory_size !=
      index_size) {
    return std::nullopt;
  }
  return head;
}

void PutFrameRecord(std::string& out, const FrameRecord& record) {
  PutU64(out, record.offset);
  PutU32(out, record.stored_size);
  PutU32(out, record.text_size);
  out += record.sha256.view();
}

FrameRecord GetFrameRecord(std::string_view bytes) {
  FrameRecord record;
  record.offset = GetU64(bytes.data());
  record.stored_size = GetU32(bytes.data() + 8);
  record.text_size = GetU32(bytes.data() + 12);
  record.sha256 = Sha256Digest::FromBytes(bytes.substr(16, 32));
  return record;
}

void PutDirectoryEntry(std::string& out, const DirectoryEntry& entry) {
  PutU64(out, entry.offset);
  PutU32(out, entry.stored_size);
  PutU32(out, entry.text_size);
  PutU32(out, entry.object_count);
  PutName(out, entry.first.database);
  PutName(out, ToString(entry.first.kind));
  PutName(out, entry.first.name);
}

std::optional<DirectoryEntry> TakeDirectoryEntry(ByteReader& reader) {
  DirectoryEntry entry;
  entry.offset = reader.U64();
  entry.stored_size = reader.U32();
  entry.text_size = reader.U32();
  entry.object_count = reader.U32();
  entry.first.database = TakeName(reader);
  const std::optional<ObjectKind> kind = ParseObjectKind(TakeName(reader));
  entry.first.name = TakeName(reader);
  if (reader.failed() || !kind) return std::nullopt;
  entry.first.kind = *kind;
  return entry;
}

std::string EncodeFooter(const FooterRecord& footer) {
  std::string frame;
  PutTaggedHead(frame, kFooterTag, kFooterSize - kFrameHeadSize);
  PutU16(frame, kFormatVersion);
  PutU16(frame, 0);
  PutU32(frame, footer.partial ? kRequiredFlagPartial : 0);
  PutU32(frame, 0);  // optional flags
  PutU64(frame, footer.header_size);
  frame += footer.header_sha256.view();
  PutU64(frame, footer.index_offset);
  PutU64(frame, footer.index_size);
  frame += footer.index_sha256.view();
  PutU64(frame, footer.frame_count);
  PutU64(frame, footer.object_count);
  PutU64(frame, footer.table_count);
  PutU64(frame, footer.row_count);
  PutU64(frame, footer.text_size);
  PutU64(frame, footer.file_size);
  frame += Sha256(frame).view();
  PutU64(frame, kFooterSize);
  frame += kFooterEndMagic;
  return frame;
}

std::optional<ParsedFooter> ParseFooter(std::string_view frame) {
  if (frame.size() < kFooterSize) return std::nullopt;
  ByteReader reader(frame);
  if (!TakeTaggedHead(reader, kFooterTag)) return std::nullopt;
  ParsedFooter footer;
  footer.version = reader.U16();
  reader.U16();
  footer.required_flags = reader.U32();
  reader.U32();
  FooterRecord& record = footer.record;
  record.partial = (footer.required_flags & kRequiredFlagPartial) != 0;
  record.header_size = reader.U64();
  record.header_sha256 = TakeDigest(reader);
  record.index_offset = reader.U64();
  record.index_size = reader.U64();
  record.index_sha256 = TakeDigest(reader);
  record.frame_count = reader.U64();
  record.object_count = reader.U64();
  record.table_count = reader.U64();
  record.row_count = reader.U64();
  record.text_size = reader.U64();
  record.file_size = reader.U64();

  const std::size_t covered = frame.size() - kFooterTailSize;
  ByteReader tail(frame.substr(covered));
  const Sha256Digest own = TakeDigest(tail);
  const std::uint64_t own_size = tail.U64();
  if (reader.failed() || own_size != frame.size() ||
      tail.Bytes(kFooterEndMagic.size()) != kFooterEndMagic ||
      own != Sha256(frame.substr(0, covered))) {
    return std::nullopt;
  }
  footer.root = Sha256(frame);
  return footer;
}

std::uint64_t SeekTableSize(std::uint64_t entry_count) {
  return kFrameHeadSize + entry_count * kSeekTableEntrySize + kSeekTableTailSize;
}

void PutSeekTableHead(std::string& out, std::uint64_t entry_count) {
  PutU32(out, kSeekTableFrameMagic);
  PutU32(out, static_cast<std::uint32_t>(SeekTableSize(entry_count) - kFrameHeadSize));
}

void PutSeekTableEntry(std::string& out, std::uint64_t stored_size, std::uint32_t text_size) {
  PutU32(out, static_cast<std::uint32_t>(stored_size));
  PutU32(out, text_size);
}

void PutSeekTableTail(std::string& out, std::uint64_t entry_count) {
  PutU32(out, static_cast<std::uint32_t>(entry_count));
  out.push_back('\0');  // descriptor: no checksums
  PutU32(out, kSeekTableFooterMagic);
}

}  // namespace dbomsbak::layout
