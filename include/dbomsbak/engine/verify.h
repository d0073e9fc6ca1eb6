// Proving an archive, or a plain SQL file that carries its proof comment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

struct VerifyOptions {
  unsigned jobs = 0;  // 0: one a core; fewer where their frames exceed the memory
  std::size_t max_memory_bytes = std::size_t{96} << 20;
  // The root digest of a receipt, or the SHA-256 of the file as FILE.sha256 has it.
  std::optional<Sha256Digest> expect;
  // The file as it lies there, where what is verified is in an encrypted one; else null.
  std::shared_ptr<const RandomAccessFile> stored = nullptr;
};

struct VerifyReport {
  bool plain_sql = false;
  bool partial = false;
  bool expected_by_file = false;   // `expect` was the SHA-256 of the file
  std::optional<Receipt> receipt;  // archives
  std::uint64_t rows = 0, tables = 0, objects = 0, frames = 0;
  std::uint64_t text_bytes = 0;
};

// A plain dump that is complete as far as it tells, but carries no proof: code kUnproven. `report`
// has what was counted.
class UnprovenError : public Error {
 public:
  UnprovenError(Error error, VerifyReport found)
      : Error(std::move(error)), report(std::move(found)) {}
  VerifyReport report;
};

// Everything there is to check: footer, header, index, seek table, each frame's digest and zstd
// checksum, slices cover the text, row counts and row digests recomputed from the SQL text.
// Throws the first damage found, naming frame, object and offset; kDiffers for a file that is not
// the expected one. Of a plain dump, packed or not: its end, its statements against the grammar of
// dumps, and the proof line of our own; UnprovenError when it has none.
VerifyReport Verify(const std::shared_ptr<const RandomAccessFile>& file,
                    const VerifyOptions& options, Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
