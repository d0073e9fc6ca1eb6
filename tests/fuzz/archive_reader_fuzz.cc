// Files that shall be archives: as they are, and with all digests made right, as only a malicious
// writer would do it. What opens is read to its end as libzstd reads it.
#include <zstd.h>

#include <memory>
#include <vector>

#include "archive/layout.h"
#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/verify.h"
#include "engine/restore_content.h"
#include "fuzz/fuzz.h"
#include "unit/memory_file.h"

namespace dbomsbak {
namespace {

using fuzz::Require;

void Put(std::string& bytes, std::size_t at, std::string_view value) {
  bytes.replace(at, value.size(), value);
}
void PutU64At(std::string& bytes, std::size_t at, std::uint64_t value) {
  std::string raw;
  PutU64(raw, value);
  Put(bytes, at, raw);
}

// Digests, file size and seek table made right where the positions that they are of lie within the
// file.
std::string Sealed(std::string bytes) {
  if (bytes.size() < layout::SeekTableSize(0) + layout::kFooterSize) return bytes;
  const std::uint64_t entries = GetU32(bytes.data() + bytes.size() - layout::kSeekTableTailSize);
  const std::uint64_t table_size = layout::SeekTableSize(entries);
  if (table_size + layout::kFooterSize > bytes.size()) return bytes;
  const std::size_t table = bytes.size() - table_size;
  const std::uint64_t footer_size = GetU64(bytes.data() + table - 16);
  if (footer_size < layout::kFooterSize || footer_size > table) return bytes;
  const std::size_t footer = table - footer_size;

  const std::uint64_t header_size = GetU64(bytes.data() + footer + 32);
  const std::uint64_t index = GetU64(bytes.data() + footer + 72);
  const std::uint64_t index_size = GetU64(bytes.data() + footer + 80);
  const auto lies_within = [&](std::uint64_t offset, std::uint64_t size) {
    return offset <= footer && size <= footer - offset;
  };
  if (!lies_within(0, header_size) || !lies_within(index, index_size) ||
      index_size < layout::kIndexHeadSize) {
    return bytes;
  }
  const std::uint32_t head_size = GetU32(bytes.data() + index + 20);
  const std::uint64_t frames = GetU64(bytes.data() + index + 24);
  std::string seek_table;
  layout::PutSeekTableHead(seek_table, frames + 3);
  layout::PutSeekTableEntry(seek_table, header_size, 0);
  if (frames > bytes.size() || head_size > index_size ||
      !lies_within(index + head_size, frames * layout::kFrameRecordSize)) {
    return bytes;
  }
  for (std::uint64_t i = 0; i < frames; ++i) {
    const std::size_t at = index + head_size + i * layout::kFrameRecordSize;
    const FrameRecord record =
        layout::GetFrameRecord(std::string_view(bytes).substr(at, layout::kFrameRecordSize));
    layout::PutSeekTableEntry(seek_table, record.stored_size, record.text_size);
    if (!lies_within(record.offset, record.stored_size)) continue;
    const Sha256Digest digest =
        Sha256(std::string_view(bytes).substr(record.offset, record.stored_size));
    Put(bytes, at + 16, digest.view());
  }
  layout::PutSeekTableEntry(seek_table, index_size, 0);
  layout::PutSeekTableEntry(seek_table, footer_size, 0);
  layout::PutSeekTableTail(seek_table, frames + 3);

  const std::string_view view = bytes;
  const Sha256Digest header_digest = Sha256(view.substr(0, header_size));
  const Sha256Digest index_digest = Sha256(view.substr(index, index_size));
  bytes.resize(table);
  Put(bytes, footer + 40, header_digest.view());
  Put(bytes, footer + 88, index_digest.view());
  PutU64At(bytes, footer + 160, table + seek_table.size());
  const std::size_t covered = footer_size - layout::kFooterTailSize;
  const Sha256Digest footer_digest = Sha256(std::string_view(bytes).substr(footer, covered));
  Put(bytes, footer + covered, footer_digest.view());
  return bytes + seek_table;
}

// As `zstd -dc` unpacks it. Nothing where it cannot.
bool Unpack(std::string_view bytes, std::string& text) {
  const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context(ZSTD_createDCtx(),
                                                                        &ZSTD_freeDCtx);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::vector<char> piece(ZSTD_DStreamOutSize());
  std::size_t left = 0;
  for (;;) {
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    left = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(left) != 0) return false;
    text.append(piece.data(), out.pos);
    if (in.pos == in.size && out.pos < out.size) return left == 0;
  }
}

void ReadAll(const std::string& bytes) {
  const auto file = InMemory(bytes);
  std::uint64_t text_size = 0;
  try {
    const ArchiveReader archive = ArchiveReader::Open(file);
    text_size = archive.footer().text_size;
    std::vector<ObjectId> ids;
    archive.ForEachObject([&](ObjectRecord&& object) {
      ids.push_back(std::move(object.id));
      return true;
    });
    Require(ids.size() == archive.footer().object_count, "all objects are told");
    for (std::size_t i = 0; i < std::min<std::size_t>(ids.size(), 8); ++i) {
      Require(i == 0 || ids[i - 1] < ids[i], "objects are in order");
      Require(archive.FindObject(ids[i]).has_value(), "each object can be found");
    }
    constexpr std::uint64_t kMostText = std::uint64_t{16} << 20;
    if (text_size > kMostText) return;
    std::string text;
    for (std::uint64_t i = 0; i < archive.frame_count(); ++i) {
      std::string frame;
      archive.ReadFrame(i, frame);
      text += frame;
    }
    std::string unpacked;
    Require(Unpack(bytes, unpacked), "zstd unpacks what can be read");
    Require(unpacked == text, "it is the text that zstd unpacks");
  } catch (const Error& e) {
    Require(e.code() != ErrorCode::kInternal, e.message());
    return;
  }

  bool verified = false;
  VerifyOptions options;
  options.jobs = 1;
  try {
    Verify(file, options, SilentObserver(), CancelToken());
    verified = true;
  } catch (const Error& e) {
    Require(e.code() != ErrorCode::kInternal, e.message());
  }
  try {
    const ArchiveReader archive = ArchiveReader::Open(file);
    ReadContent(archive, {}, 1, SilentObserver(), CancelToken());
  } catch (const Error& e) {
    Require(!verified || e.code() == ErrorCode::kUnsupported || e.code() == ErrorCode::kDamaged,
            "what was verified can be restored, or is refused: " + e.message());
  }
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(text) {
  const std::string bytes(text);
  ReadAll(bytes);
  const std::string sealed = Sealed(bytes);
  if (sealed != bytes) ReadAll(sealed);
}

}  // namespace dbomsbak
