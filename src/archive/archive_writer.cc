#include "dbomsbak/archive/archive_writer.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "archive/layout.h"
#include "archive/object_sorter.h"
#include "dbomsbak/archive/records_json.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kWritePiece = std::size_t{1} << 20;

}  // namespace

struct ArchiveWriter::Impl {
  WritableFile& out;
  HeaderRecord header;
  FooterRecord footer;
  std::uint64_t written = 0;
  std::vector<FrameRecord> frames;
  ObjectSorter objects;

  Impl(WritableFile& file, const HeaderRecord& record) : out(file), header(record) {}

  void Write(std::string_view bytes) {
    out.Append(bytes);
    written += bytes.size();
  }

  // Writes `piece` once it is worth a system call.
  void WriteBuffered(std::string& piece, Sha256Hasher* hasher, bool flush) {
    if (!flush && piece.size() < kWritePiece) return;
    if (hasher != nullptr) hasher->Update(piece);
    Write(piece);
    piece.clear();
  }

  void WriteIndex() {
    footer.index_offset = written;
    layout::IndexHead head;
    head.frame_count = frames.size();
    head.object_count = footer.object_count;

    // The frame's size stands before its content, so the (compressed) blocks are collected first.
    const std::uint64_t blocks_offset =
        written + layout::kIndexHeadSize + frames.size() * layout::kFrameRecordSize;
    std::vector<std::string> blocks;
    std::string directory;
    objects.Drain([&](ObjectSorter::Block&& block) {
      block.entry.offset = blocks_offset + head.blocks_size;
      layout::PutDirectoryEntry(directory, block.entry);
      head.blocks_size += block.stored.size();
      ++head.block_count;
      blocks.push_back(std::move(block.stored));
    });
    head.directory_size = directory.size();

    Sha256Hasher hasher;
    std::string piece;
    layout::PutIndexHead(piece, head);
    for (const FrameRecord& frame : frames) {
      layout::PutFrameRecord(piece, frame);
      WriteBuffered(piece, &hasher, false);
    }
    for (std::string& block : blocks) {
      piece += block;
      block = std::string();
      WriteBuffered(piece, &hasher, false);
    }
    piece += directory;
    WriteBuffered(piece, &hasher, true);
    footer.index_size = written - footer.index_offset;
    footer.index_sha256 = hasher.Finish();
  }

  void WriteSeekTable() {
    const std::uint64_t entries = frames.size() + 3;  // header, frames, index, footer
    std::string piece;
    layout::PutSeekTableHead(piece, entries);
    layout::PutSeekTableEntry(piece, footer.header_size, 0);
    for (const FrameRecord& frame : frames) {
      layout::PutSeekTableEntry(piece, frame.stored_size, frame.text_size);
      WriteBuffered(piece, nullptr, false);
    }
    layout::PutSeekTableEntry(piece, footer.index_size, 0);
    layout::PutSeekTableEntry(piece, layout::kFooterSize, 0);
    layout::PutSeekTableTail(piece, entries);
    WriteBuffered(piece, nullptr, true);
  }
};

ArchiveWriter::ArchiveWriter(WritableFile& out, const HeaderRecord& header)
    : impl_(std::make_unique<Impl>(out, header)) {
  const std::string frame = layout::EncodeHeader(ToJson(header));
  impl_->footer.header_size = frame.size();
  impl_->footer.header_sha256 = Sha256(frame);
  impl_->Write(frame);
}

ArchiveWriter::~ArchiveWriter() = default;

std::uint64_t ArchiveWriter::AppendFrame(const CompressedFrame& frame) {
  if (frame.text_size == 0 || frame.stored.empty() || frame.stored.size() > 0xFFFFFFFF) {
    throw Error(ErrorCode::kInternal, "an archive frame of impossible size");
  }
  if (impl_->frames.size() == layout::kMaxFrames) layout::ThrowIndexTooLarge();
  FrameRecord record;
  record.offset = impl_->written;
  record.stored_size = static_cast<std::uint32_t>(frame.stored.size());
  record.text_size = frame.text_size;
  record.sha256 = frame.sha256;
  impl_->frames.push_back(record);
  impl_->footer.text_size += frame.text_size;
  impl_->Write(frame.stored);
  return impl_->frames.size() - 1;
}

void ArchiveWriter::AddObject(const ObjectRecord& object) {
  const std::string line = ToJson(object);
  if (line.size() >= layout::kMaxObjectLine) {
    throw Error(ErrorCode::kUnsupported,
                fmt::format("what the index must say of {} exceeds 4 MiB", object.id.Describe()),
                "Dump it to plain SQL (-o FILE.sql), or leave it out (--ignore-table).")
        .About(object.id.Describe());
  }
  FooterRecord& footer = impl_->footer;
  ++footer.object_count;
  if (!object.omitted.empty()) {
    footer.partial = true;
  } else if (object.id.kind == ObjectKind::kTable) {
    ++footer.table_count;
    footer.row_count += object.rows;
  }
  impl_->objects.Add(object.id, line);
}

Receipt ArchiveWriter::Finish() {
  impl_->footer.frame_count = impl_->frames.size();
  impl_->WriteIndex();
  FooterRecord& footer = impl_->footer;
  footer.file_size =
      impl_->written + layout::kFooterSize + layout::SeekTableSize(impl_->frames.size() + 3);
  const std::string frame = layout::EncodeFooter(footer);
  impl_->Write(frame);
  impl_->WriteSeekTable();
  const Scope& scope = impl_->header.scope;
  return {Sha256(frame), impl_->header.snapshot, footer, scope.databases, scope.pruned_tables};
}

}  // namespace dbomsbak
