#include "engine/plain_proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr std::string_view kProofStart = "-- dbomsbak proof: sha256=";
constexpr std::string_view kProofBytes = " bytes=";
constexpr std::string_view kOwnMark = "\n-- dbomsbak: {";  // the machine-readable line at the start
constexpr std::string_view kLastWords = kLastLine.substr(0, kLastLine.size() - 1);
constexpr std::size_t kHeadBytes = 65536;  // holds the comment for people and the line behind it
constexpr std::size_t kTailBytes = 4096;   // holds the last lines
constexpr std::size_t kReadPiece = std::size_t{1} << 20;

struct Proof {
  Sha256Digest sha256;
  std::uint64_t bytes = 0;
};

std::string Read(const RandomAccessFile& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(file.ReadAt(offset, bytes.data(), size));
  return bytes;
}

// `line` without its newline.
std::optional<Proof> ParseProofLine(std::string_view line) {
  if (!line.starts_with(kProofStart)) return std::nullopt;
  line.remove_prefix(kProofStart.size());
  const std::optional<Sha256Digest> sha256 = Sha256Digest::FromHex(line.substr(0, 64));
  if (!sha256) return std::nullopt;
  line.remove_prefix(64);
  if (!line.starts_with(kProofBytes)) return std::nullopt;
  line.remove_prefix(kProofBytes.size());
  Proof proof{*sha256, 0};
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), proof.bytes);
  if (error != std::errc() || end != line.data() + line.size()) return std::nullopt;
  return proof;
}

// Is the last line that is not blank the end mark of a dump, ours or another program's?
bool EndsAsDumpsDo(std::string_view tail) {
  const std::size_t end = tail.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return false;
  tail = tail.substr(0, end + 1);
  const std::size_t newline = tail.rfind('\n');
  const std::string_view last = newline == std::string_view::npos ? tail : tail.substr(newline + 1);
  return last.starts_with(kLastWords);
}

// The tail has its proof line where `proof_at` says; everything from there on is known.
bool IsExactEnd(std::string_view tail, std::size_t proof_at, const Proof& proof) {
  return tail.substr(proof_at) == ProofLine(proof.sha256, proof.bytes) + std::string(kLastLine);
}

[[noreturn]] void ThrowDamaged(const RandomAccessFile& file, std::string_view what) {
  throw Error(ErrorCode::kDamaged, fmt::format("'{}' is damaged: {}", file.name(), what),
              "Take another copy of the file; this one cannot be trusted.")
      .About(file.name());
}

[[noreturn]] void ThrowWithoutProof(const RandomAccessFile& file, std::string_view tail) {
  const std::string head = Read(file, 0, kHeadBytes);
  if (!EndsAsDumpsDo(tail)) {
    throw Error(
        ErrorCode::kIncomplete,
        fmt::format("'{}' is incomplete: its last line is not '{}'", file.name(), kLastWords),
        "The dump was cut short, or was written without comments; take it again.")
        .About(file.name());
  }
  std::string hint = "Only dumps of dbomsbak can be proved; this one is another program's.";
  if (head.find(kOwnMark) != std::string::npos) {
    const bool of_archive = head.find(kHowToLoadArchive) != std::string::npos;
    if (!of_archive || tail.find(kProofStart) != std::string_view::npos) {
      ThrowDamaged(file, "the proof line before its last line is missing or unreadable");
    }
    hint = "It is the text of an archive, whose proof stayed behind: verify the archive itself.";
  }
  throw Error(ErrorCode::kUnproven,
              fmt::format("'{}' is complete, but carries no proof that it is intact", file.name()),
              std::move(hint))
      .About(file.name());
}

}  // namespace

std::string ProofLine(const Sha256Digest& sha256, std::uint64_t bytes) {
  return fmt::format("{}{}{}{}\n", kProofStart, sha256.hex(), kProofBytes, bytes);
}

std::uint64_t ProvePlainSql(const RandomAccessFile& file, Observer& observer,
                            const CancelToken& cancel) {
  const std::uint64_t size = file.Size();
  const std::uint64_t tail_offset = size > kTailBytes ? size - kTailBytes : 0;
  const std::string tail = Read(file, tail_offset, kTailBytes);

  const std::string line_start = "\n" + std::string(kProofStart);
  const std::size_t newline = tail.rfind(line_start);
  if (newline == std::string::npos) ThrowWithoutProof(file, tail);
  const std::size_t proof_at = newline + 1;
  const std::size_t line_end = tail.find('\n', proof_at);
  if (line_end == std::string::npos) ThrowWithoutProof(file, tail);
  const std::optional<Proof> proof =
      ParseProofLine(std::string_view(tail).substr(proof_at, line_end - proof_at));
  if (!proof) ThrowWithoutProof(file, tail);
  if (proof->bytes != tail_offset + proof_at) {
    ThrowDamaged(file, fmt::format("its proof line stands at byte {} and speaks for {} bytes",
                                   tail_offset + proof_at, proof->bytes));
  }
  if (!IsExactEnd(tail, proof_at, *proof)) {
    const std::string_view found = std::string_view(tail).substr(line_end + 1);
    if (kLastLine.starts_with(found)) {
      throw Error(ErrorCode::kIncomplete,
                  fmt::format("'{}' is incomplete: it ends at byte {}, inside its last line",
                              file.name(), size),
                  "Take another copy of the file; this one was cut.")
          .About(file.name());
    }
    ThrowDamaged(file,
                 fmt::format("bytes stand behind its proof line at byte {} that do not belong "
                             "there",
                             proof->bytes));
  }

  Sha256Hasher hasher;
  Progress progress;
  progress.phase = "verify";
  progress.object = file.name();
  std::string piece;
  for (std::uint64_t at = 0; at < proof->bytes;) {
    cancel.ThrowIfCancelled();
    piece = Read(file, at,
                 static_cast<std::size_t>(std::min<std::uint64_t>(kReadPiece, proof->bytes - at)));
    if (piece.empty()) ThrowDamaged(file, fmt::format("it ended at byte {} while it was read", at));
    hasher.Update(piece);
    at += piece.size();
    progress.bytes_done = at;
    observer.Update(progress);
  }
  if (hasher.Finish() != proof->sha256) {
    ThrowDamaged(file,
                 fmt::format("the {} bytes before its proof line do not match the SHA-256 there",
                             proof->bytes));
  }
  return proof->bytes;
}

}  // namespace dbomsbak
