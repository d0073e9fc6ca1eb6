// The proof line of plain SQL output: written by dump, checked by verify.
// Specification: formats/archive-v1.md, "Plain SQL".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

// "-- dbomsbak proof: sha256=… bytes=…\n", for the `bytes` bytes before it.
std::string ProofLine(const Sha256Digest& sha256, std::uint64_t bytes);

// The last line of every dump. Other programs' last line begins so.
inline constexpr std::string_view kLastLine = "-- Dump completed\n";

// Stands in the head of an archive's text, and not in that of plain SQL, which brings its proof.
inline constexpr std::string_view kHowToLoadArchive =
    "-- To load it without dbomsbak:  zstd -dc THIS_FILE | mysql --comments DATABASE\n";

// Returns the number of proved bytes. Errors: kDamaged, kIncomplete without a last line, kUnproven
// for a foreign dump, or the decompressed text of an archive, that is complete as far as its last
// line tells.
std::uint64_t ProvePlainSql(const RandomAccessFile& file, Observer& observer,
                            const CancelToken& cancel);

}  // namespace dbomsbak
