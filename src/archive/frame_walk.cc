#include "archive/frame_walk.h"

#include <fmt/format.h>

#include "dbomsbak/archive/format.h"
#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::uint32_t kZstdMagic = 0xFD2FB528;
constexpr char kTakeAgain[] =
    "Take another copy of the file: this one is not whole, and a new dump would hold what is live "
    "now.";

std::string ReadUpTo(const RandomAccessFile& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(file.ReadAt(offset, bytes.data(), size));
  return bytes;
}

[[noreturn]] void ThrowIncomplete(const RandomAccessFile& file, std::string_view what) {
  throw Error(ErrorCode::kIncomplete, fmt::format("'{}' is incomplete: {}", file.name(), what),
              kTakeAgain)
      .About(file.name());
}

// Steps from frame to frame, from the start.
class Walker {
 public:
  explicit Walker(const RandomAccessFile& file) : file_(file), size_(file.Size()) {}

  [[noreturn]] void Run() {
    StepOver(layout::kHeaderTag, "header");
    while (true) {
      const std::string magic = ReadUpTo(file_, offset_, 4);
      if (magic.empty()) {
        ThrowIncomplete(file_,
                        fmt::format("it ends at byte {}, after frame {}; index and footer are "
                                    "missing",
                                    size_, frames_));
      }
      if (magic.size() < 4) EndsInside(fmt::format("the head of frame {}", frames_));
      if (GetU32(magic.data()) != kZstdMagic) break;
      StepOverZstdFrame();
      ++frames_;
    }
    StepOver(layout::kIndexTag, "index");
    if (offset_ == size_) {
      ThrowIncomplete(file_, fmt::format("it ends at byte {}, before its footer", size_));
    }
    const std::uint64_t footer_offset = offset_;
    StepOver(layout::kFooterTag, "footer");
    JudgeFooter(footer_offset);
  }

 private:
  [[noreturn]] void EndsInside(std::string_view what) {
    ThrowIncomplete(file_, fmt::format("it ends at byte {}, inside {}, which begins at byte {}",
                                       size_, what, offset_));
  }

  // Over one of our own frames, which must be the one with `tag`.
  void StepOver(std::string_view tag, std::string_view what) {
    std::string expected;
    layout::PutTaggedHead(expected, tag, 0);
    const std::string head = ReadUpTo(file_, offset_, layout::kTaggedHeadSize);
    for (std::size_t i = 0; i < head.size(); ++i) {
      const bool in_size = i >= 4 && i < layout::kFrameHeadSize;
      if (!in_size && head[i] != expected[i]) {
        ThrowDamaged(file_, fmt::format("at byte {} there is neither an SQL frame nor the {}",
                                        offset_, what));
      }
    }
    if (head.size() < layout::kTaggedHeadSize) EndsInside(fmt::format("the {}", what));
    const std::uint64_t end = offset_ + layout::kFrameHeadSize + GetU32(head.data() + 4);
    if (end > size_) EndsInside(fmt::format("the {}", what));
    offset_ = end;
  }

  // Frame and block heads of RFC 8878, sections 3.1.1.1 and 3.1.1.2.
  void StepOverZstdFrame() {
    const std::string what = fmt::format("frame {}", frames_);
    const std::string head = ReadUpTo(file_, offset_ + 4, 1);
    if (head.empty()) EndsInside(what);
    const auto descriptor = static_cast<unsigned char>(head[0]);
    const bool single_segment = (descriptor & 0x20) != 0;
    static constexpr unsigned kDictionarySizes[] = {0, 1, 2, 4};
    static constexpr unsigned kContentSizes[] = {0, 2, 4, 8};
    const unsigned content_size =
        (descriptor >> 6) == 0 && single_segment ? 1 : kContentSizes[descriptor >> 6];
    std::uint64_t at =
        offset_ + 5 + (single_segment ? 0 : 1) + kDictionarySizes[descriptor & 3] + content_size;
    bool last = false;
    while (!last) {
      const std::string block = ReadUpTo(file_, at, 3);
      if (block.size() < 3) EndsInside(what);
      const std::uint32_t bits = static_cast<unsigned char>(block[0]) |
                                 static_cast<std::uint32_t>(GetU16(block.data() + 1)) << 8;
      last = (bits & 1) != 0;
      const std::uint32_t type = bits >> 1 & 3;
      if (type == 3) {
        ThrowDamaged(file_,
                     fmt::format("{} at byte {}: impossible block at byte {}", what, offset_, at));
      }
      at += 3 + (type == 1 ? 1 : bits >> 3);
    }
    if ((descriptor & 4) != 0) at += 4;
    if (at > size_) EndsInside(what);
    offset_ = at;
  }

  [[noreturn]] void JudgeFooter(std::uint64_t footer_offset) {
    const std::uint64_t footer_size = offset_ - footer_offset;
    std::optional<layout::ParsedFooter> footer;
    if (footer_size <= layout::kMaxFooterSize) {
      std::string frame;
      ReadExactly(file_, footer_offset, footer_size, frame);
      footer = layout::ParseFooter(frame);
    }
    if (!footer) {
      ThrowDamaged(file_, fmt::format("the footer at byte {} contradicts itself", footer_offset));
    }
    const FooterRecord& record = footer->record;
    if (record.index_offset + record.index_size != footer_offset) {
      ThrowDamaged(file_,
                   fmt::format("the footer at byte {} stood at byte {} when it was written: bytes "
                               "before it are missing or were added",
                               footer_offset, record.index_offset + record.index_size));
    }
    if (size_ > record.file_size && record.file_size >= offset_) {
      const std::string behind = ReadUpTo(file_, record.file_size, 4);
      const bool another = behind.size() == 4 && GetU32(behind.data()) == kOwnFrameMagic;
      ThrowDamaged(
          file_, fmt::format("{} bytes stand behind its end at byte {}{}", size_ - record.file_size,
                             record.file_size, another ? ": another archive was appended" : ""));
    }
    if (size_ < record.file_size) {
      ThrowIncomplete(file_, fmt::format("it ends at byte {}, inside the seek table; {} bytes are "
                                         "missing",
                                         size_, record.file_size - size_));
    }
    ThrowDamaged(
        file_, fmt::format("what follows the footer, at byte {}, is not its seek table", offset_));
  }

  const RandomAccessFile& file_;
  const std::uint64_t size_;
  std::uint64_t offset_ = 0;
  std::uint64_t frames_ = 0;
};

}  // namespace

std::optional<ArchiveTail> FindTail(const RandomAccessFile& file) {
  const std::uint64_t size = file.Size();
  if (size < layout::SeekTableSize(0) + layout::kFooterSize) return std::nullopt;
  std::string bytes;
  ReadExactly(file, size - layout::kSeekTableTailSize, layout::kSeekTableTailSize, bytes);
  ArchiveTail tail;
  tail.seek_table_entries = GetU32(bytes.data());
  if (bytes[4] != 0 || GetU32(bytes.data() + 5) != kSeekTableFooterMagic) return std::nullopt;
  const std::uint64_t seek_table_size = layout::SeekTableSize(tail.seek_table_entries);
  if (seek_table_size + layout::kFooterSize > size) return std::nullopt;
  tail.seek_table_offset = size - seek_table_size;

  ReadExactly(file, tail.seek_table_offset - 16, 16, bytes);
  const std::uint64_t footer_size = GetU64(bytes.data());
  if (bytes.compare(8, std::string::npos, layout::kFooterEndMagic) != 0 ||
      footer_size < layout::kFooterSize || footer_size > layout::kMaxFooterSize ||
      footer_size > tail.seek_table_offset) {
    return std::nullopt;
  }
  tail.footer_offset = tail.seek_table_offset - footer_size;
  ReadExactly(file, tail.footer_offset, footer_size, bytes);
  std::optional<layout::ParsedFooter> footer = layout::ParseFooter(bytes);
  if (!footer) return std::nullopt;
  tail.footer = *footer;
  return tail;
}

void ThrowWhatIsWrong(const RandomAccessFile& file) { Walker(file).Run(); }

void ReadExactly(const RandomAccessFile& file, std::uint64_t offset, std::size_t size,
                 std::string& out) {
  out.resize(size);
  const std::size_t count = file.ReadAt(offset, out.data(), size);
  if (count != size) {
    ThrowDamaged(file, fmt::format("it ended at byte {} while it was read", offset + count));
  }
}

void ThrowDamaged(const RandomAccessFile& file, std::string_view what) {
  throw Error(ErrorCode::kDamaged, fmt::format("'{}' is damaged: {}", file.name(), what),
              "Take another copy of the file; this one cannot be trusted.")
      .About(file.name());
}

void ThrowNewerFormat(const RandomAccessFile& file, std::string_view what) {
  throw Error(ErrorCode::kNewerFormat, fmt::format("'{}' {}", file.name(), what),
              "Use the version of dbomsbak that wrote it, or a newer one.")
      .About(file.name());
}

}  // namespace dbomsbak
