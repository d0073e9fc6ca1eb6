#include "dbomsbak/archive/text_source.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kPackedPiece = std::size_t{256} << 10;
constexpr int kMaxWindowLog = 27;  // what zstd -d takes without being asked

class PlainText final : public TextSource {
 public:
  explicit PlainText(std::shared_ptr<const RandomAccessFile> file) : file_(std::move(file)) {}
  std::size_t Read(char* out, std::size_t size) override {
    const std::size_t got = file_->ReadAt(at_, out, size);
    at_ += got;
    return got;
  }

 private:
  std::shared_ptr<const RandomAccessFile> file_;
  std::uint64_t at_ = 0;
};

// What gzip and zstd have in common: a piece of the packed file in hand.
class PackedText : public TextSource {
 protected:
  explicit PackedText(std::shared_ptr<const RandomAccessFile> file)
      : file_(std::move(file)), piece_(kPackedPiece, '\0') {}

  // Makes sure that a packed byte is at hand; false at the end of the file.
  bool Refill() {
    if (next_ < filled_) return true;
    filled_ = file_->ReadAt(at_, piece_.data(), piece_.size());
    at_ += filled_;
    next_ = 0;
    return filled_ > 0;
  }
  std::string_view packed() const { return {piece_.data() + next_, filled_ - next_}; }
  void Consume(std::size_t bytes) { next_ += bytes; }

  [[noreturn]] void ThrowIncomplete(std::string_view what) const {
    throw Error(
        ErrorCode::kIncomplete,
        fmt::format("'{}' is incomplete: the {} file has been cut off", file_->name(), what),
        "Take another copy of the file: this one is not whole, and a new dump would hold what is "
        "live now.")
        .About(file_->name());
  }
  [[noreturn]] void ThrowDamaged(std::string_view what, std::string_view why) const {
    throw Error(ErrorCode::kDamaged,
                fmt::format("'{}' is damaged: the {} file cannot be unpacked near byte {}: {}",
                            file_->name(), what, at_ - (filled_ - next_), why),
                "Take another copy of the file; this one cannot be trusted.")
        .About(file_->name());
  }

 private:
  std::shared_ptr<const RandomAccessFile> file_;
  std::string piece_;
  std::size_t next_ = 0, filled_ = 0;
  std::uint64_t at_ = 0;  // in the file, behind the piece
};

class GzipText final : public PackedText {
 public:
  explicit GzipText(std::shared_ptr<const RandomAccessFile> file) : PackedText(std::move(file)) {
    constexpr int kGzipOnly = 16 + MAX_WBITS;
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) {
      throw Error(ErrorCode::kInternal, "zlib could not be started");
    }
  }
  ~GzipText() override { inflateEnd(&stream_); }
  GzipText(const GzipText&) = delete;
  GzipText& operator=(const GzipText&) = delete;

  std::size_t Read(char* out, std::size_t size) override {
    size = std::min<std::size_t>(size, std::numeric_limits<unsigned>::max());
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = static_cast<unsigned>(size);
    while (stream_.avail_out > 0) {
      if (!Refill()) {
        if (in_member_) ThrowIncomplete("gzip");
        break;
      }
      if (!in_member_) {
        inflateReset(&stream_);  // the next member
        in_member_ = true;
      }
      // zlib only reads from next_in.
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed().data()));
      stream_.avail_in = static_cast<unsigned>(packed().size());
      const int result = inflate(&stream_, Z_NO_FLUSH);
      Consume(packed().size() - stream_.avail_in);
      if (result == Z_STREAM_END) {
        in_member_ = false;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        ThrowDamaged("gzip", stream_.msg != nullptr ? stream_.msg : zError(result));
      }
    }
    return size - stream_.avail_out;
  }

 private:
  z_stream stream_{};
  bool in_member_ = true;
};

class ZstdText final : public PackedText {
 public:
  explicit ZstdText(std::shared_ptr<const RandomAccessFile> file) : PackedText(std::move(file)) {
    if (context_ == nullptr) throw Error(ErrorCode::kInternal, "zstd could not be started");
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
  }

  std::size_t Read(char* out, std::size_t size) override {
    ZSTD_outBuffer output{out, size, 0};
    while (output.pos < output.size) {
      const bool more = Refill();
      ZSTD_inBuffer input{packed().data(), more ? packed().size() : 0, 0};
      const std::size_t before = output.pos;
      const std::size_t left = ZSTD_decompressStream(context_.get(), &output, &input);
      if (ZSTD_isError(left) != 0) ThrowDamaged("zstd", ZSTD_getErrorName(left));
      Consume(input.pos);
      if (more || output.pos > before) {
        in_frame_ = left != 0;
        continue;
      }
      if (in_frame_) ThrowIncomplete("zstd");
      break;
    }
    return output.pos;
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
  };
  std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
  bool in_frame_ = true;
};

}  // namespace

std::unique_ptr<TextSource> TextSource::Open(std::shared_ptr<const RandomAccessFile> file) {
  const FileKind kind = LooksLike(*file);
  switch (kind) {
    case FileKind::kPlainSql:
    case FileKind::kEmpty:
      return std::make_unique<PlainText>(std::move(file));
    case FileKind::kGzip:
      return std::make_unique<GzipText>(std::move(file));
    case FileKind::kZstd:
    case FileKind::kArchive:
      return std::make_unique<ZstdText>(std::move(file));
    default:
      throw Error(
          ErrorCode::kUnsupported,
          fmt::format("'{}' is {}, which cannot be read here", file->name(), Describe(kind)),
          std::string(Advice(kind)))
          .About(file->name());
  }
}

FileKind LooksLikeUnpacked(const std::shared_ptr<const RandomAccessFile>& file) {
  const FileKind kind = LooksLike(*file);
  if (kind != FileKind::kGzip && kind != FileKind::kZstd) return kind;
  std::array<char, 4096> begin{};
  std::size_t size = 0;
  try {
    const std::unique_ptr<TextSource> source = TextSource::Open(file);
    while (size < begin.size()) {
      // Little at a time: what stands before a damage tells as well.
      constexpr std::size_t kLittle = 64;
      const std::size_t got =
          source->Read(begin.data() + size, std::min(kLittle, begin.size() - size));
      if (got == 0) break;
      size += got;
    }
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kIo) throw;
  }
  return LooksLike(std::string_view(begin.data(), size)) == FileKind::kPlainSql
             ? FileKind::kPlainSql
             : kind;
}

}  // namespace dbomsbak
