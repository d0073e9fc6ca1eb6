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

struct Proof {
  Sha256Digest sha256;
  std::uint64_t bytes = 0;
};

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

}  // namespace

std::string ProofLine(const Sha256Digest& sha256, std::uint64_t bytes) {
  return fmt::format("{}{}{}{}\n", kProofStart, sha256.hex(), kProofBytes, bytes);
}

void PlainProver::ThrowDamaged(std::string_view what) const {
  throw Error(ErrorCode::kDamaged, fmt::format("'{}' is damaged: {}", name_, what),
              "Take another copy of the file; this one cannot be trusted.")
      .About(name_);
}

void PlainProver::Feed(std::string_view piece) {
  if (head_.size() < kHeadBytes) head_ += piece.substr(0, kHeadBytes - head_.size());
  bytes_ += piece.size();
  tail_ += piece;
  if (tail_.size() <= kTailBytes) return;
  const std::size_t gone = tail_.size() - kTailBytes;
  hasher_.Update(std::string_view(tail_).substr(0, gone));
  tail_.erase(0, gone);
}

PlainProver::Verdict PlainProver::Finish() {
  Verdict verdict = Judge();
  hasher_.Update(std::string_view(tail_).substr(hashed_));
  verdict.sha256 = hasher_.Finish();
  return verdict;
}

PlainProver::Verdict PlainProver::WithoutProof() const {
  if (!EndsAsDumpsDo(tail_)) {
    throw Error(ErrorCode::kIncomplete,
                fmt::format("'{}' is incomplete: its last line is not '-- Dump completed'", name_),
                "The dump was cut short, or was written without comments; take it again.")
        .About(name_);
  }
  Verdict verdict;
  verdict.why_not = "Only dumps of dbomsbak can be proved; this one is another program's.";
  if (head_.find(kOwnMark) != std::string::npos) {
    const bool of_archive = head_.find(kHowToLoadArchive) != std::string::npos;
    if (!of_archive || tail_.find(kProofStart) != std::string::npos) {
      ThrowDamaged("the proof line before its last line is missing or unreadable");
    }
    verdict.why_not =
        "It is the text of an archive, whose proof stayed behind: verify the archive itself.";
  }
  return verdict;
}

PlainProver::Verdict PlainProver::Judge() {
  const std::uint64_t tail_offset = bytes_ - tail_.size();
  const std::string_view tail = tail_;
  const std::string line_start = "\n" + std::string(kProofStart);
  const std::size_t newline = tail.rfind(line_start);
  if (newline == std::string_view::npos) return WithoutProof();
  const std::size_t proof_at = newline + 1;
  const std::size_t line_end = tail.find('\n', proof_at);
  if (line_end == std::string_view::npos) return WithoutProof();
  const std::optional<Proof> proof = ParseProofLine(tail.substr(proof_at, line_end - proof_at));
  if (!proof) return WithoutProof();
  if (proof->bytes != tail_offset + proof_at) {
    ThrowDamaged(fmt::format("its proof line stands at byte {} and speaks for {} bytes",
                             tail_offset + proof_at, proof->bytes));
  }
  if (!IsExactEnd(tail, proof_at, *proof)) {
    const std::string_view found = tail.substr(line_end + 1);
    if (kLastLine.starts_with(found)) {
      throw Error(ErrorCode::kIncomplete,
                  fmt::format("'{}' is incomplete: it ends at byte {}, inside its last line", name_,
                              bytes_),
                  "Take another copy of the file; this one was cut.")
          .About(name_);
    }
    ThrowDamaged(fmt::format(
        "bytes stand behind its proof line at byte {} that do not belong there", proof->bytes));
  }
  hasher_.Update(tail.substr(0, proof_at));
  hashed_ = proof_at;
  if (hasher_.SoFar() != proof->sha256) {
    ThrowDamaged(fmt::format("the {} bytes before its proof line do not match the SHA-256 there",
                             proof->bytes));
  }
  return {true, proof->bytes, {}, {}};
}

}  // namespace dbomsbak
