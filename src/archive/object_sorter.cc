#include "archive/object_sorter.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "dbomsbak/archive/frame.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kRunText = std::size_t{4} << 20;        // sorted in memory, then compressed
constexpr std::size_t kRunPieceText = std::size_t{64} << 10;  // decompressed at a time in the merge
constexpr int kLevel = 3;

struct Entry {
  ObjectId id;
  std::string line;
};

void PutEntry(std::string& out, const Entry& entry) {
  for (const std::string* text : {&entry.id.database, &entry.id.name, &entry.line}) {
    PutU32(out, static_cast<std::uint32_t>(text->size()));
    out += *text;
  }
  PutU32(out, static_cast<std::uint32_t>(entry.id.kind));
}

Entry TakeEntry(ByteReader& reader) {
  Entry entry;
  for (std::string* text : {&entry.id.database, &entry.id.name, &entry.line}) {
    *text = reader.Bytes(reader.U32());
  }
  entry.id.kind = static_cast<ObjectKind>(reader.U32());
  return entry;
}

// A sorted run, read piece by piece from its front.
class Run {
 public:
  void Append(CompressedFrame piece) { pieces_.push_back(std::move(piece)); }

  // Moves to the next entry; false at the end.
  bool Next(FrameDecompressor& decompressor) {
    if (reader_.remaining() == 0) {
      if (next_piece_ == pieces_.size()) return false;
      CompressedFrame piece = std::move(pieces_[next_piece_++]);
      decompressor.Decompress(piece.stored, piece.text_size, text_);
      reader_ = ByteReader(text_);
    }
    entry_ = TakeEntry(reader_);
    return true;
  }
  Entry& entry() { return entry_; }

 private:
  std::vector<CompressedFrame> pieces_;
  std::size_t next_piece_ = 0;
  std::string text_;
  ByteReader reader_{std::string_view()};
  Entry entry_;
};

}  // namespace

struct ObjectSorter::Impl {
  FrameCompressor compressor{kLevel};
  std::vector<Entry> open;
  std::size_t open_text = 0;
  std::vector<std::unique_ptr<Run>> runs;

  void Seal() {
    if (open.empty()) return;
    std::sort(open.begin(), open.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
    auto run = std::make_unique<Run>();
    std::string piece;
    for (const Entry& entry : open) {
      PutEntry(piece, entry);
      if (piece.size() >= kRunPieceText) {
        run->Append(compressor.Compress(piece));
        piece.clear();
      }
    }
    if (!piece.empty()) run->Append(compressor.Compress(piece));
    runs.push_back(std::move(run));
    open.clear();
    open_text = 0;
  }

  Block Finish(layout::DirectoryEntry entry, const std::string& text) {
    CompressedFrame frame = compressor.Compress(text);
    entry.stored_size = static_cast<std::uint32_t>(frame.stored.size());
    entry.text_size = frame.text_size;
    return {std::move(entry), std::move(frame.stored)};
  }
};

ObjectSorter::ObjectSorter() : impl_(std::make_unique<Impl>()) {}
ObjectSorter::~ObjectSorter() = default;

void ObjectSorter::Add(const ObjectId& id, std::string_view line) {
  impl_->open.push_back({id, std::string(line)});
  impl_->open_text += line.size() + id.database.size() + id.name.size() + sizeof(Entry);
  if (impl_->open_text >= kRunText) impl_->Seal();
}

void ObjectSorter::Drain(const std::function<void(Block&&)>& consume) {
  impl_->Seal();
  FrameDecompressor decompressor;
  const auto later = [](Run* a, Run* b) { return b->entry().id < a->entry().id; };
  std::priority_queue<Run*, std::vector<Run*>, decltype(later)> queue(later);
  for (const auto& run : impl_->runs) {
    if (run->Next(decompressor)) queue.push(run.get());
  }

  layout::DirectoryEntry entry;
  std::string text;
  std::optional<ObjectId> last;
  while (!queue.empty()) {
    Run* run = queue.top();
    queue.pop();
    const Entry& object = run->entry();
    if (last && !(*last < object.id)) {
      throw Error(ErrorCode::kInternal,
                  fmt::format("{} was added to the archive twice", object.id.Describe()));
    }
    last = object.id;
    if (entry.object_count == 0) entry.first = object.id;
    ++entry.object_count;
    text += object.line;
    text.push_back('\n');
    if (text.size() >= layout::kBlockTextTarget) {
      consume(impl_->Finish(std::exchange(entry, {}), text));
      text.clear();
    }
    if (run->Next(decompressor)) queue.push(run);
  }
  if (!text.empty()) consume(impl_->Finish(std::move(entry), text));
  impl_->runs.clear();
}

}  // namespace dbomsbak
