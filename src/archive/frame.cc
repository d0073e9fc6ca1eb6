#include "dbomsbak/archive/frame.h"

#include <fmt/format.h>
#include <xxhash.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <utility>

#include "archive/layout.h"
#include "dbomsbak/archive/format.h"
#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMaxRawBlock = std::size_t{128} << 10;  // RFC 8878, 3.1.1.2.4
constexpr unsigned char kChecksumBit = 1 << 2;                // of the frame header descriptor

// Texts up to here are decompressed in one step; longer ones grow as their bytes arrive, so that
// a size without bytes behind it costs nothing.
constexpr std::size_t kOneStepText = std::size_t{32} << 20;

// A frame of raw blocks, as RFC 8878 lays it out: 4-byte content size, 2 MiB window, checksum.
std::string StoreRaw(std::string_view text) {
  std::string frame;
  frame.reserve(text.size() + 3 * (text.size() / kMaxRawBlock + 1) + 14);
  PutU32(frame, ZSTD_MAGICNUMBER);
  frame.push_back(static_cast<char>(0x80 | kChecksumBit));
  frame.push_back(static_cast<char>((21 - 10) << 3));
  PutU32(frame, static_cast<std::uint32_t>(text.size()));
  std::string_view rest = text;
  do {
    const std::string_view block = rest.substr(0, kMaxRawBlock);
    rest.remove_prefix(block.size());
    const auto head = static_cast<std::uint32_t>(block.size() << 3 | (rest.empty() ? 1 : 0));
    frame.push_back(static_cast<char>(head & 0xFF));
    frame.push_back(static_cast<char>(head >> 8 & 0xFF));
    frame.push_back(static_cast<char>(head >> 16 & 0xFF));
    frame += block;
  } while (!rest.empty());
  PutU32(frame, static_cast<std::uint32_t>(XXH64(text.data(), text.size(), 0)));
  return frame;
}

// Levels 2 to 4 look for matches of five bytes in large tables. In digits, hex and short JSON
// fields most of those are chance, and cost more bits than they save: level 1 is then two to five
// times as fast and up to 14 % smaller. A sample tells, as all text of a frame is mostly of one
// table; where it is within half a percent, so was the whole frame.
constexpr int kLastDoubtfulLevel = 4;
constexpr std::size_t kSampledText = std::size_t{1} << 20;  // frames below are not worth a sample
constexpr std::size_t kSample = std::size_t{128} << 10;
constexpr bool IsAsSmall(std::size_t size, std::size_t other) {
  return size <= other + other / 200;
}

[[noreturn]] void ThrowDamaged(std::string message) {
  throw Error(ErrorCode::kDamaged, std::move(message),
              "Take another copy of the file; this one cannot be trusted.");
}

[[noreturn]] void ThrowOtherAmount() {
  ThrowDamaged("the zstd frame holds another amount of text");
}

}  // namespace

struct FrameCompressor::Impl {
  int level = 3;
  ZSTD_CCtx* context = nullptr;
  std::unique_ptr<char[]> packed;  // where frames are packed, not filled before
  std::size_t packed_room = 0;
  std::size_t packed_size = 0;
  CompressedFrame frame;  // between Pack() and Take()
  Impl() = default;
  ~Impl() { ZSTD_freeCCtx(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  // Valid until the next call.
  std::string_view Pack(int with_level, std::string_view text) {
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, with_level);
    const std::size_t bound = ZSTD_compressBound(text.size());
    if (packed_room < bound) {
      GiveBack();  // first: a giant frame is not packed beside the room of another
      packed.reset(new char[bound]);
      packed_room = bound;
    }
    const std::size_t size =
        ZSTD_compress2(context, packed.get(), packed_room, text.data(), text.size());
    if (ZSTD_isError(size)) {
      throw Error(ErrorCode::kInternal,
                  fmt::format("zstd cannot compress a frame: {}", ZSTD_getErrorName(size)));
    }
    return {packed.get(), size};
  }

  void GiveBack() {
    packed.reset();
    packed_room = 0;
  }

  // The quickest level that packs `text` as well as `level` does.
  int LevelFor(std::string_view text) {
    if (level < 2 || level > kLastDoubtfulLevel || text.size() < kSampledText) return level;
    const std::string_view sample = text.substr(text.size() / 2, kSample);
    const std::size_t usual = Pack(level, sample).size();
    return IsAsSmall(Pack(1, sample).size(), usual) ? 1 : level;
  }
};

FrameCompressor::FrameCompressor(int level) : impl_(std::make_unique<Impl>()) {
  impl_->level = level;
  if (level == 0) return;
  impl_->context = ZSTD_createCCtx();
  if (impl_->context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(impl_->context, ZSTD_c_contentSizeFlag, 1);
  ZSTD_CCtx_setParameter(impl_->context, ZSTD_c_checksumFlag, 1);
  // High levels are made for larger inputs: on a frame of 4 MiB half the tables compress as well
  // (within 0.2 %) in a third of the memory. The window also keeps within what any zstd reads by
  // default.
  if (level >= 12) {
    constexpr int kLargestLog = 22;
    ZSTD_CCtx_setParameter(impl_->context, ZSTD_c_windowLog, kLargestLog);
    ZSTD_CCtx_setParameter(impl_->context, ZSTD_c_chainLog, kLargestLog);
    ZSTD_CCtx_setParameter(impl_->context, ZSTD_c_hashLog, kLargestLog);
  }
}

FrameCompressor::~FrameCompressor() = default;

CompressedFrame FrameCompressor::Compress(std::string_view text) {
  Pack(text);
  return Take();
}

void FrameCompressor::Pack(std::string_view text) {
  if (text.empty()) throw Error(ErrorCode::kInternal, "an archive frame may not be empty");
  if (text.size() > layout::kMaxFrameText) {
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("a statement of {} bytes exceeds what an archive frame can hold", text.size()),
        "Dump that table to plain SQL (-o FILE.sql), or leave it out (--ignore-table).");
  }
  impl_->frame.text_size = static_cast<std::uint32_t>(text.size());
  if (impl_->level == 0) {
    impl_->frame.stored = StoreRaw(text);
  } else {
    impl_->packed_size = impl_->Pack(impl_->LevelFor(text), text).size();
  }
}

CompressedFrame FrameCompressor::Take() {
  CompressedFrame frame = std::exchange(impl_->frame, {});
  if (impl_->level != 0) {
    // Frames wait in queues bounded by size(): they have no room to spare.
    frame.stored.assign(impl_->packed.get(), impl_->packed_size);
    // A giant frame must not keep its memory for good.
    if (frame.text_size > 2 * kFrameTextTarget) impl_->GiveBack();
  }
  frame.sha256 = Sha256(frame.stored);
  return frame;
}

struct FrameDecompressor::Impl {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  Impl() {
    if (context == nullptr) throw std::bad_alloc();
  }
  ~Impl() { ZSTD_freeDCtx(context); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void InOneStep(std::string_view stored, std::uint32_t text_size, std::string& text) {
    text.resize(text_size);
    const std::size_t size =
        ZSTD_decompressDCtx(context, text.data(), text.size(), stored.data(), stored.size());
    if (ZSTD_isError(size)) ThrowDamaged(fmt::format("zstd: {}", ZSTD_getErrorName(size)));
    if (size != text_size) ThrowOtherAmount();
  }

  void Growing(std::string_view stored, std::uint32_t text_size, std::string& text) {
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    text.resize(kOneStepText);
    ZSTD_inBuffer in{stored.data(), stored.size(), 0};
    std::size_t done = 0;
    while (true) {
      if (done == text.size()) {
        if (done == text_size) break;
        text.resize(std::min<std::size_t>(text.size() * 2, text_size));
      }
      ZSTD_outBuffer out{text.data(), text.size(), done};
      const std::size_t in_before = in.pos;
      const std::size_t result = ZSTD_decompressStream(context, &out, &in);
      if (ZSTD_isError(result)) ThrowDamaged(fmt::format("zstd: {}", ZSTD_getErrorName(result)));
      const bool moved = out.pos != done || in.pos != in_before;
      done = out.pos;
      if (result == 0) break;
      if (!moved) ThrowOtherAmount();
    }
    // The checksum stands behind the last block and may not have been looked at yet.
    while (in.pos < in.size) {
      ZSTD_outBuffer none{text.data(), 0, 0};
      const std::size_t in_before = in.pos;
      const std::size_t result = ZSTD_decompressStream(context, &none, &in);
      if (ZSTD_isError(result)) ThrowDamaged(fmt::format("zstd: {}", ZSTD_getErrorName(result)));
      if (in.pos == in_before) ThrowOtherAmount();
    }
    if (done != text_size) ThrowOtherAmount();
  }
};

FrameDecompressor::FrameDecompressor() : impl_(std::make_unique<Impl>()) {}
FrameDecompressor::~FrameDecompressor() = default;

void FrameDecompressor::Decompress(std::string_view stored, std::uint32_t text_size,
                                   std::string& text) {
  if (stored.size() < 6 || GetU32(stored.data()) != ZSTD_MAGICNUMBER) {
    ThrowDamaged("not a zstd frame");
  }
  if ((static_cast<unsigned char>(stored[4]) & kChecksumBit) == 0) {
    ThrowDamaged("a zstd frame without checksum");
  }
  const unsigned long long claimed = ZSTD_getFrameContentSize(stored.data(), stored.size());
  if (claimed != text_size) ThrowOtherAmount();
  if (text_size > layout::MostTextOf(stored.size())) {
    ThrowDamaged("the zstd frame is too small for its text");
  }
  const std::size_t frame_size = ZSTD_findFrameCompressedSize(stored.data(), stored.size());
  if (ZSTD_isError(frame_size) || frame_size != stored.size()) {
    ThrowDamaged("not exactly one zstd frame");
  }
  if (text_size <= kOneStepText) {
    impl_->InOneStep(stored, text_size, text);
  } else {
    impl_->Growing(stored, text_size, text);
  }
}

}  // namespace dbomsbak
