#include "envelope/age_armor.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "dbomsbak/base/base64.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kMostSpace =
    1024;  // before and behind, as much as the age program passes over
constexpr std::uint64_t kLine = 64;
constexpr std::uint64_t kBytesOfLine = 48;

class ArmoredFile final : public RandomAccessFile {
 public:
  explicit ArmoredFile(std::shared_ptr<const RandomAccessFile> file) : file_(std::move(file)) {
    FindBegin();
    const std::uint64_t end = FindEnd();
    if (end == begin_) return;  // nothing in it
    // Whole lines, and a last one that may be shorter, each with its end.
    const std::uint64_t all = end - begin_;
    const std::uint64_t step = kLine + eol_.size();
    lines_ = (all + step - 1) / step;
    const std::uint64_t in_last = all - (lines_ - 1) * step;
    if (in_last <= eol_.size()) Damaged("it has an empty line");
    last_ = Line(lines_ - 1, in_last - eol_.size(), true);
    size_ = (lines_ - 1) * kBytesOfLine + last_.size();
  }

  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override {
    if (offset >= size_) return 0;
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset));
    const std::uint64_t step = kLine + eol_.size();
    std::size_t done = 0;
    while (done < size) {
      std::uint64_t line = (offset + done) / kBytesOfLine;
      const std::size_t skip = static_cast<std::size_t>((offset + done) % kBytesOfLine);
      if (line == lines_ - 1) {
        done += last_.copy(out + done, size - done, skip);
        continue;
      }
      // Many lines at a time; the last of the file is at hand.
      constexpr std::uint64_t kMostLines = 2048;
      const std::uint64_t wanted = (skip + (size - done) + kBytesOfLine - 1) / kBytesOfLine;
      const std::uint64_t count = std::min({wanted, kMostLines, lines_ - 1 - line});
      const std::string text =
          ReadUpTo(*file_, begin_ + line * step, static_cast<std::size_t>(count * step));
      std::string bytes;
      for (std::uint64_t i = 0; i < count; ++i, ++line) {
        const std::string_view one =
            std::string_view(text).substr(std::min<std::size_t>(i * step, text.size()), step);
        bytes += Decoded(line, one, kLine, false);
      }
      done += bytes.copy(out + done, size - done, skip);
    }
    return done;
  }
  std::uint64_t Size() const override { return size_; }
  const std::string& name() const override { return file_->name(); }

 private:
  [[noreturn]] void Damaged(std::string_view what) const {
    throw Error(ErrorCode::kDamaged,
                fmt::format("'{}' is damaged: of its armor, {}", file_->name(), what),
                "Take another copy of the file; this one cannot be trusted.")
        .About(file_->name());
  }

  void FindBegin() {
    const std::string text = ReadUpTo(*file_, 0, kMostSpace + kArmorBegin.size() + 2);
    const std::size_t at = std::min(text.find_first_not_of(kSpace), text.size());
    std::string_view rest = std::string_view(text).substr(at);
    const bool begins = rest.starts_with(kArmorBegin);
    if (begins) rest.remove_prefix(kArmorBegin.size());
    eol_ = rest.starts_with("\r\n") ? "\r\n" : "\n";
    if (!begins || !rest.starts_with(eol_)) {
      Damaged(fmt::format("the first line is not {} alone", kArmorBegin));
    }
    begin_ = at + kArmorBegin.size() + eol_.size();
  }

  // Where the last line, which says that this is the end, begins.
  std::uint64_t FindEnd() const {
    const std::uint64_t size = file_->Size();
    const std::uint64_t from =
        std::max(begin_, size - std::min<std::uint64_t>(size, kMostSpace + kEnd.size()));
    const std::string text = ReadUpTo(*file_, from, static_cast<std::size_t>(size - from));
    const std::size_t end = text.find_last_not_of(kSpace);
    const std::string_view kept =
        std::string_view(text).substr(0, end == std::string::npos ? 0 : end + 1);
    if (!kept.ends_with(kEnd)) {
      throw Error(
          ErrorCode::kIncomplete,
          fmt::format("'{}' is incomplete: the last line of its armor is missing", file_->name()),
          "Take another copy of the file; this one is not whole.")
          .About(file_->name());
    }
    return from + kept.size() - kEnd.size();
  }

  std::string Line(std::uint64_t number, std::uint64_t length, bool last) const {
    const auto size = static_cast<std::size_t>(length + eol_.size());
    return Decoded(number, ReadUpTo(*file_, begin_ + number * (kLine + eol_.size()), size),
                   static_cast<std::size_t>(length), last);
  }

  // A line with its end; only the last one may be padded.
  std::string Decoded(std::uint64_t number, std::string_view line, std::size_t length,
                      bool last) const {
    std::optional<std::string> bytes;
    if (line.size() == length + eol_.size() && line.ends_with(eol_)) {
      bytes = DecodeBase64(line.substr(0, length), true);
    }
    if (!bytes || (!last && bytes->size() != kBytesOfLine)) {
      Damaged(fmt::format("line {} is not base64 as it should be", number + 2));
    }
    return std::move(*bytes);
  }

  std::shared_ptr<const RandomAccessFile> file_;
  std::string_view eol_;
  std::uint64_t begin_ = 0;  // of the first line of base64
  std::uint64_t lines_ = 0;
  std::uint64_t size_ = 0;
  std::string last_;  // what the last line holds
};

}  // namespace

bool LooksArmored(std::string_view begin) {
  const std::size_t at = begin.substr(0, kMostSpace + 1).find_first_not_of(kSpace);
  return at != std::string_view::npos && begin.substr(at).starts_with(kArmorBegin);
}

std::shared_ptr<const RandomAccessFile> OpenArmor(std::shared_ptr<const RandomAccessFile> file) {
  return std::make_shared<ArmoredFile>(std::move(file));
}

}  // namespace dbomsbak
