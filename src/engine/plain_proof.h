// The proof line of plain SQL output: written by dump, checked by verify.
// Specification: formats/archive-v1.md, "Plain SQL".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/digest.h"

namespace dbomsbak {

// "-- dbomsbak proof: sha256=… bytes=…\n", for the `bytes` bytes before it.
std::string ProofLine(const Sha256Digest& sha256, std::uint64_t bytes);

// The last line of every dump. Other programs' last line begins so.
inline constexpr std::string_view kLastLine = "-- Dump completed\n";

// Stands in the head of an archive's text, and not in that of plain SQL, which brings its proof.
inline constexpr std::string_view kHowToLoadArchive =
    "-- To load it without dbomsbak:  zstd -dc THIS_FILE | mysql --comments DATABASE\n";

// Judges the text of a plain dump by its last lines and, where it has one, its proof line. Feed it
// the whole text in pieces of any size. One thread. Memory: the head and the tail of the text.
class PlainProver {
 public:
  // `name`: of the file, for messages.
  explicit PlainProver(std::string name) : name_(std::move(name)) {}

  void Feed(std::string_view piece);

  struct Verdict {
    bool proved = false;
    std::uint64_t proved_bytes = 0;
    std::string why_not;  // a sentence; when it is not proved
    Sha256Digest sha256;  // of all that was fed
  };
  // Errors: kDamaged, kIncomplete without a last line. A foreign dump, or the unpacked text of an
  // archive, that is complete as far as its last line tells is not proved.
  Verdict Finish();

  std::uint64_t bytes() const { return bytes_; }

 private:
  Verdict Judge();
  Verdict WithoutProof() const;
  [[noreturn]] void ThrowDamaged(std::string_view what) const;

  std::string name_;
  std::string head_, tail_;
  std::uint64_t bytes_ = 0;
  Sha256Hasher hasher_;  // of what is before `hashed_` bytes of tail_
  std::size_t hashed_ = 0;
};

}  // namespace dbomsbak
