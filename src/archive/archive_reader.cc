#include "dbomsbak/archive/archive_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "archive/frame_walk.h"
#include "archive/layout.h"
#include "dbomsbak/archive/file_kind.h"
#include "dbomsbak/archive/format.h"
#include "dbomsbak/archive/frame.h"
#include "dbomsbak/archive/records_json.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kReadPiece = std::size_t{1} << 20;

// Streams [begin, end) of a file through a hasher; what is asked for is also kept.
class HashedRange {
 public:
  HashedRange(const RandomAccessFile& file, std::uint64_t begin, std::uint64_t end)
      : file_(file), at_(begin), end_(end) {}

  // Advances by `size` bytes, appending them to `kept` unless it is null.
  void Take(std::uint64_t size, std::string* kept) {
    if (size > end_ - at_)
      ThrowDamaged(file_, fmt::format("the index ends early at byte {}", end_));
    if (kept != nullptr) kept->reserve(kept->size() + static_cast<std::size_t>(size));
    while (size > 0) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size, kReadPiece));
      ReadExactly(file_, at_, count, piece_);
      hasher_.Update(piece_);
      if (kept != nullptr) kept->append(piece_);
      at_ += count;
      size -= count;
    }
  }
  void TakeRest() { Take(end_ - at_, nullptr); }
  Sha256Digest Finish() { return hasher_.Finish(); }

 private:
  const RandomAccessFile& file_;
  std::uint64_t at_;
  const std::uint64_t end_;
  Sha256Hasher hasher_;
  std::string piece_;
};

}  // namespace

struct ArchiveReader::Impl {
  std::shared_ptr<const RandomAccessFile> file;
  ArchiveTail tail;
  HeaderRecord header;
  std::string frame_table;  // records as stored: 48 bytes a frame
  std::vector<layout::DirectoryEntry> directory;
  std::vector<std::uint64_t> first_objects;  // of each block, and the count of all at the end

  // What a thread needs to read a frame, kept for the next one.
  struct Scratch {
    std::string stored;
    FrameDecompressor decompressor;
  };
  mutable std::mutex scratch_mutex;
  mutable std::vector<std::unique_ptr<Scratch>> scratch;

  [[noreturn]] void Damaged(std::string_view what) const { ThrowDamaged(*file, what); }
  const FooterRecord& footer() const { return tail.footer.record; }
  std::uint64_t frame_count() const { return frame_table.size() / layout::kFrameRecordSize; }

  FrameRecord Frame(std::uint64_t number) const {
    if (number >= frame_count()) {
      Damaged(fmt::format("frame {} is asked for, and there are {}", number, frame_count()));
    }
    return layout::GetFrameRecord(
        std::string_view(frame_table)
            .substr(number * layout::kFrameRecordSize, layout::kFrameRecordSize));
  }

  // The same without the digest: a terabyte has 262,144 of them, and opening looks at all.
  struct Place {
    std::uint64_t offset;
    std::uint32_t stored_size;
    std::uint32_t text_size;
  };
  Place PlaceOf(std::uint64_t number) const noexcept {
    const char* record = frame_table.data() + number * layout::kFrameRecordSize;
    return {GetU64(record), GetU32(record + 8), GetU32(record + 12)};
  }

  // ---- opening -------------------------------------------------------------------------------

  void Open() {
    const FileKind kind = LooksLike(*file);
    if (kind == FileKind::kEmpty) {
      throw Error(ErrorCode::kIncomplete,
                  fmt::format("'{}' is incomplete: it is empty", file->name()),
                  std::string(Advice(kind)))
          .About(file->name());
    }
    std::optional<ArchiveTail> found = FindTail(*file);
    if (kind != FileKind::kArchive) {
      if (found) Damaged("it ends as an archive, but its first bytes are not an archive's header");
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("'{}' is no archive but {}", file->name(), Describe(kind)),
                  std::string(Advice(kind)))
          .About(file->name());
    }
    if (!found) ThrowWhatIsWrong(*file);
    tail = *found;
    CheckVersion(tail.footer.version, tail.footer.required_flags);
    CheckFooter();
    ReadHeader();
    ReadIndex();
    CheckSeekTable();
  }

  void CheckVersion(std::uint16_t version, std::uint32_t required_flags) const {
    if (version > kFormatVersion) {
      ThrowNewerFormat(*file, fmt::format("has archive format {}, and this program reads up to {}",
                                          version, kFormatVersion));
    }
    const std::uint32_t unknown = required_flags & ~layout::kKnownRequiredFlags;
    if (unknown != 0) {
      ThrowNewerFormat(
          *file, fmt::format("needs features this program does not know (flags {:#x})", unknown));
    }
    if (version == 0) Damaged("it says to have archive format 0");
  }

  // Does the footer fit the file it stands in?
  void CheckFooter() const {
    const FooterRecord& record = footer();
    if (record.file_size != file->Size() || record.index_offset > tail.footer_offset ||
        record.index_size != tail.footer_offset - record.index_offset ||
        tail.seek_table_entries != record.frame_count + 3) {
      ThrowWhatIsWrong(*file);
    }
    if (record.header_size > record.index_offset || record.header_size > layout::kMaxHeaderSize ||
        record.header_size < layout::kHeaderFixedSize) {
      Damaged(fmt::format("its footer at byte {} tells an impossible size of the header",
                          tail.footer_offset));
    }
  }

  void ReadHeader() {
    std::string frame;
    ReadExactly(*file, 0, footer().header_size, frame);
    if (Sha256(frame) != footer().header_sha256) {
      Damaged(fmt::format("the header (bytes 0 to {}) does not match its SHA-256",
                          footer().header_size - 1));
    }
    const std::optional<layout::ParsedHeader> parsed = layout::ParseHeader(frame);
    if (!parsed) Damaged("the header at byte 0 does not hold together");
    CheckVersion(parsed->version, parsed->required_flags);
    std::optional<HeaderRecord> record = HeaderFromJson(parsed->json);
    if (!record) Damaged("the header at byte 0 is not the JSON it should be");
    header = std::move(*record);
  }

  void ReadIndex() {
    const FooterRecord& record = footer();
    const std::uint64_t begin = record.index_offset;
    HashedRange range(*file, begin, begin + record.index_size);
    std::string bytes;
    range.Take(std::min<std::uint64_t>(layout::kIndexHeadSize, record.index_size), &bytes);
    const std::optional<layout::IndexHead> head = layout::ParseIndexHead(bytes, record.index_size);
    std::string directory_bytes;
    if (head) {
      range.Take(head->head_size - layout::kIndexHeadSize, nullptr);
      range.Take(head->frame_count * layout::kFrameRecordSize, &frame_table);
      range.Take(head->blocks_size, nullptr);
      range.Take(head->directory_size, &directory_bytes);
    }
    range.TakeRest();
    if (range.Finish() != record.index_sha256) {
      Damaged(fmt::format("the index (bytes {} to {}) does not match its SHA-256", begin,
                          begin + record.index_size - 1));
    }
    if (!head) Damaged(fmt::format("the index at byte {} does not hold together", begin));
    if (head->frame_count != record.frame_count || head->object_count != record.object_count) {
      Damaged(fmt::format("index at byte {} and footer tell different counts", begin));
    }
    CheckFrameTable();
    const std::uint64_t blocks =
        begin + head->head_size + head->frame_count * layout::kFrameRecordSize;
    ReadDirectory(directory_bytes, *head, blocks);
  }

  void CheckFrameTable() const {
    std::uint64_t offset = footer().header_size;
    std::uint64_t text_size = 0;
    for (std::uint64_t number = 0; number < frame_count(); ++number) {
      const Place frame = PlaceOf(number);
      if (frame.offset != offset || frame.text_size == 0 ||
          frame.text_size > layout::kMaxFrameText ||
          frame.text_size > layout::MostTextOf(frame.stored_size) ||
          frame.stored_size > layout::MostStoredOf(frame.text_size)) {
        Damaged(fmt::format("the index tells impossible things of frame {} at byte {}", number,
                            offset));
      }
      offset += frame.stored_size;
      text_size += frame.text_size;
    }
    if (offset != footer().index_offset || text_size != footer().text_size) {
      Damaged(fmt::format("the frames of the index do not cover the file up to byte {}",
                          footer().index_offset));
    }
  }

  void ReadDirectory(std::string_view bytes, const layout::IndexHead& head, std::uint64_t blocks) {
    ByteReader reader(bytes);
    std::uint64_t offset = blocks;
    std::uint64_t objects = 0;
    for (std::uint64_t number = 0; number < head.block_count; ++number) {
      std::optional<layout::DirectoryEntry> entry = layout::TakeDirectoryEntry(reader);
      if (!entry || entry->offset != offset || entry->object_count == 0 || entry->text_size == 0 ||
          entry->text_size > layout::kMaxBlockText ||
          entry->text_size > layout::MostTextOf(entry->stored_size) ||
          entry->stored_size > layout::MostStoredOf(entry->text_size) ||
          (number > 0 && !(directory.back().first < entry->first))) {
        Damaged(fmt::format("the index tells impossible things of its object block {}", number));
      }
      offset += entry->stored_size;
      first_objects.push_back(objects);
      objects += entry->object_count;
      directory.push_back(std::move(*entry));
    }
    first_objects.push_back(objects);
    if (reader.remaining() != 0 || offset != blocks + head.blocks_size ||
        objects != head.object_count) {
      Damaged(fmt::format("the object blocks do not cover the index at byte {}",
                          footer().index_offset));
    }
  }

  // It is wholly determined by the index: compare instead of believing.
  void CheckSeekTable() const {
    std::uint64_t at = tail.seek_table_offset;
    std::string expected;
    std::string found;
    const auto compare = [&](bool flush) {
      if (!flush && expected.size() < kReadPiece) return;
      ReadExactly(*file, at, expected.size(), found);
      if (found != expected) {
        const auto differs = std::mismatch(found.begin(), found.end(), expected.begin());
        Damaged(fmt::format("the seek table is wrong at byte {}",
                            at + static_cast<std::uint64_t>(differs.first - found.begin())));
      }
      at += expected.size();
      expected.clear();
    };
    layout::PutSeekTableHead(expected, tail.seek_table_entries);
    layout::PutSeekTableEntry(expected, footer().header_size, 0);
    for (std::uint64_t number = 0; number < frame_count(); ++number) {
      const Place frame = PlaceOf(number);
      layout::PutSeekTableEntry(expected, frame.stored_size, frame.text_size);
      compare(false);
    }
    layout::PutSeekTableEntry(expected, footer().index_size, 0);
    layout::PutSeekTableEntry(expected, tail.seek_table_offset - tail.footer_offset, 0);
    layout::PutSeekTableTail(expected, tail.seek_table_entries);
    compare(true);
  }

  // ---- reading -------------------------------------------------------------------------------

  std::unique_ptr<Scratch> Borrow() const {
    {
      std::lock_guard lock(scratch_mutex);
      if (!scratch.empty()) {
        std::unique_ptr<Scratch> mine = std::move(scratch.back());
        scratch.pop_back();
        return mine;
      }
    }
    return std::make_unique<Scratch>();
  }

  void GiveBack(std::unique_ptr<Scratch> mine) const {
    // A giant frame must not keep its memory for good.
    if (mine->stored.capacity() > 4 * kFrameTextTarget) mine->stored = std::string();
    std::lock_guard lock(scratch_mutex);
    scratch.push_back(std::move(mine));
  }

  void ReadFrame(std::uint64_t number, std::string& text) const {
    const FrameRecord frame = Frame(number);
    std::unique_ptr<Scratch> mine = Borrow();
    ReadExactly(*file, frame.offset, frame.stored_size, mine->stored);
    if (Sha256(mine->stored) != frame.sha256) {
      Damaged(fmt::format("frame {} (bytes {} to {}) does not match its SHA-256", number,
                          frame.offset, frame.offset + frame.stored_size - 1));
    }
    try {
      mine->decompressor.Decompress(mine->stored, frame.text_size, text);
    } catch (const Error& e) {
      Damaged(fmt::format("frame {} at byte {}: {}", number, frame.offset, e.message()));
    }
    GiveBack(std::move(mine));
  }

  void ReadBlock(std::uint64_t number, std::vector<ObjectRecord>& objects) const {
    if (number >= directory.size()) {
      Damaged(
          fmt::format("object block {} is asked for, and there are {}", number, directory.size()));
    }
    const layout::DirectoryEntry& entry = directory[number];
    const auto damaged = [&](std::string_view what) {
      Damaged(
          fmt::format("object block {} of the index, at byte {}: {}", number, entry.offset, what));
    };
    std::unique_ptr<Scratch> mine = Borrow();
    ReadExactly(*file, entry.offset, entry.stored_size, mine->stored);
    std::string text;
    try {
      mine->decompressor.Decompress(mine->stored, entry.text_size, text);
    } catch (const Error& e) {
      damaged(e.message());
    }
    GiveBack(std::move(mine));

    objects.clear();
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t end = rest.find('\n');
      if (end == std::string_view::npos) damaged("its last line has no end");
      std::optional<ObjectRecord> object = ObjectFromJson(rest.substr(0, end));
      if (!object) {
        damaged(fmt::format("line {} is not the JSON it should be", objects.size() + 1));
      }
      rest.remove_prefix(end + 1);
      if (!objects.empty() && !(objects.back().id < object->id)) damaged("objects out of order");
      objects.push_back(std::move(*object));
    }
    if (objects.size() != entry.object_count || !(objects.front().id == entry.first) ||
        (number + 1 < directory.size() && !(objects.back().id < directory[number + 1].first))) {
      damaged("it holds other objects than the directory says");
    }
  }
};

ArchiveReader::ArchiveReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ArchiveReader::~ArchiveReader() = default;
ArchiveReader::ArchiveReader(ArchiveReader&&) noexcept = default;
ArchiveReader& ArchiveReader::operator=(ArchiveReader&&) noexcept = default;

ArchiveReader ArchiveReader::Open(std::shared_ptr<const RandomAccessFile> file) {
  auto impl = std::make_unique<Impl>();
  impl->file = std::move(file);
  impl->Open();
  return ArchiveReader(std::move(impl));
}

const HeaderRecord& ArchiveReader::header() const { return impl_->header; }
const FooterRecord& ArchiveReader::footer() const { return impl_->footer(); }

Receipt ArchiveReader::receipt() const {
  return {impl_->tail.footer.root, impl_->header.snapshot, impl_->footer(),
          impl_->header.scope.databases, impl_->header.scope.pruned_tables};
}

std::uint64_t ArchiveReader::frame_count() const { return impl_->frame_count(); }
FrameRecord ArchiveReader::frame(std::uint64_t number) const { return impl_->Frame(number); }

std::uint64_t ArchiveReader::StoredBytesOf(const Slice& slice) const {
  double bytes = 0;
  std::uint64_t offset = slice.offset, left = slice.length;
  for (std::uint64_t number = slice.frame; left > 0 && number < frame_count(); ++number) {
    const FrameRecord record = frame(number);
    if (offset < record.text_size) {
      const std::uint64_t here = std::min<std::uint64_t>(left, record.text_size - offset);
      bytes += static_cast<double>(record.stored_size) * static_cast<double>(here) /
               static_cast<double>(record.text_size);
      left -= here;
    }
    offset = 0;
  }
  return static_cast<std::uint64_t>(bytes + 0.5);
}
const std::string& ArchiveReader::name() const { return impl_->file->name(); }

std::uint64_t ArchiveReader::block_count() const { return impl_->directory.size(); }

std::uint64_t ArchiveReader::first_object_of(std::uint64_t block) const {
  return impl_->first_objects.at(block);
}

void ArchiveReader::ReadBlock(std::uint64_t block, std::vector<ObjectRecord>& objects) const {
  impl_->ReadBlock(block, objects);
}

void ArchiveReader::ForEachObject(const std::function<bool(ObjectRecord&&)>& each) const {
  std::vector<ObjectRecord> objects;
  for (std::uint64_t block = 0; block < block_count(); ++block) {
    ReadBlock(block, objects);
    for (ObjectRecord& object : objects) {
      if (!each(std::move(object))) return;
    }
  }
}

std::optional<ObjectRecord> ArchiveReader::FindObject(const ObjectId& id) const {
  const auto& directory = impl_->directory;
  const auto behind = std::upper_bound(
      directory.begin(), directory.end(), id,
      [](const ObjectId& a, const layout::DirectoryEntry& entry) { return a < entry.first; });
  if (behind == directory.begin()) return std::nullopt;
  std::vector<ObjectRecord> objects;
  ReadBlock(static_cast<std::uint64_t>(behind - directory.begin()) - 1, objects);
  for (ObjectRecord& object : objects) {
    if (object.id == id) return std::move(object);
  }
  return std::nullopt;
}

void ArchiveReader::ReadFrame(std::uint64_t number, std::string& text) const {
  impl_->ReadFrame(number, text);
}

void ArchiveReader::ReadSlice(const Slice& slice,
                              const std::function<void(std::string_view)>& piece) const {
  std::string text;
  std::uint64_t offset = slice.offset;
  std::uint64_t left = slice.length;
  for (std::uint64_t number = slice.frame; left > 0; ++number) {
    ReadFrame(number, text);
    if (offset >= text.size()) {
      impl_->Damaged(fmt::format("a slice of the index points {} bytes into frame {}, which has {}",
                                 offset, number, text.size()));
    }
    std::string_view part = std::string_view(text).substr(offset);
    if (part.size() > left) part = part.substr(0, static_cast<std::size_t>(left));
    left -= part.size();
    offset = 0;
    piece(part);
  }
}

std::string ArchiveReader::ReadSliceText(const Slice& slice, std::size_t max_bytes) const {
  if (slice.length > max_bytes) {
    impl_->Damaged(fmt::format("a definition in frame {} of {} bytes exceeds {}", slice.frame,
                               slice.length, max_bytes));
  }
  std::string text;
  ReadSlice(slice, [&](std::string_view part) { text += part; });
  return text;
}

}  // namespace dbomsbak
