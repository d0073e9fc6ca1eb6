// The proof line of plain SQL output: written by dump, checked by verify.
// Specification: formats/archive-v1.md, "Plain SQL".
#pragma once

#include <cstdint>
#include <string>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

// "-- dbomsbak proof: sha256=… bytes=…\n", for the `bytes` bytes before it.
std::string PlainProofLine(const Sha256Digest& sha256, std::uint64_t bytes);

// The last line of every dump, and the beginning of other programs' last line.
inline constexpr char kDumpCompleted[] = "-- Dump completed";

// Returns the number of proved bytes. Errors: kDamaged, kIncomplete without a last line, kUnproven for
// a foreign dump that is complete as far as its last line tells.
std::uint64_t ProvePlainSql(const RandomAccessFile& file, Observer& observer,
                            const CancelToken& cancel);

}  // namespace dbomsbak
