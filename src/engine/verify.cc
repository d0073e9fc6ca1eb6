#include "dbomsbak/engine/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "dbomsbak/archive/text_source.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/units.h"
#include "engine/archive_verifier.h"
#include "engine/frame_memory.h"
#include "engine/plain_dump.h"

namespace dbomsbak {
namespace {

Sha256Digest DigestOfFile(const RandomAccessFile& file, const CancelToken& cancel) {
  constexpr std::size_t kPiece = std::size_t{1} << 20;
  Sha256Hasher hasher;
  std::string piece(kPiece, '\0');
  for (std::uint64_t at = 0;;) {
    cancel.ThrowIfCancelled();
    const std::size_t size = file.ReadAt(at, piece.data(), kPiece);
    if (size == 0) return hasher.Finish();
    hasher.Update(std::string_view(piece).substr(0, size));
    at += size;
  }
}

VerifyReport VerifyPlainSql(const std::shared_ptr<const RandomAccessFile>& file,
                            const VerifyOptions& options, Observer& observer,
                            const CancelToken& cancel) {
  VerifyReport report;
  if (options.expect) {
    const Sha256Digest found = DigestOfFile(options.stored ? *options.stored : *file, cancel);
    if (found != *options.expect) {
      throw Error(ErrorCode::kDiffers,
                  fmt::format("'{}' is not the file that was expected: its SHA-256 is {}, expected "
                              "{}",
                              file->name(), found.hex(), options.expect->hex()),
                  "Plain SQL has no root digest; compare with FILE.sha256.")
          .About(file->name());
    }
    report.expected_by_file = true;
  }
  const PlainDump dump =
      ReadPlainDump(file, {{}, true}, observer, cancel, {}, Judge::kProofOrStatements);
  report.plain_sql = true;
  report.text_bytes = dump.text_bytes;
  report.objects = dump.model.databases.size() + dump.model.objects.size();
  report.rows = dump.model.rows;
  for (const auto& [id, object] : dump.model.objects) {
    if (id.kind == ObjectKind::kTable) ++report.tables;
  }
  if (dump.proved) return report;
  throw UnprovenError(
      Error(ErrorCode::kUnproven,
            fmt::format("'{}' is complete, but carries no proof that it is intact ({}, {})",
                        file->name(), Counted(report.tables, "table"), Counted(report.rows, "row")),
            dump.why_not)
          .About(file->name()),
      report);
}

VerifyReport VerifyArchive(const std::shared_ptr<const RandomAccessFile>& file,
                           const VerifyOptions& options, Observer& observer,
                           const CancelToken& cancel) {
  const ArchiveReader archive = ArchiveReader::Open(file);
  const Receipt receipt = archive.receipt();
  VerifyReport report;
  if (options.expect && *options.expect != receipt.root) {
    // The digest in FILE.sha256 is easily taken for the receipt's, and covers as much.
    const RandomAccessFile& stored = options.stored ? *options.stored : *file;
    report.expected_by_file = DigestOfFile(stored, cancel) == *options.expect;
    if (!report.expected_by_file) {
      throw Error(ErrorCode::kDiffers,
                  fmt::format("'{}' is not the archive of this receipt: its root digest is {}, "
                              "expected {}",
                              archive.name(), receipt.root.hex(), options.expect->hex()),
                  "Look for the archive that the receipt was printed for, or the receipt of this "
                  "one.")
          .About(archive.name());
    }
  }
  const unsigned jobs =
      options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  ArchiveVerifier verifier(archive, observer, cancel);
  verifier.ReadIndex();
  verifier.ProveText(JobsWithin(archive, jobs, options.max_memory_bytes));
  verifier.CompareTables();

  report.partial = receipt.footer.partial;
  report.receipt = receipt;
  report.rows = receipt.footer.row_count;
  report.tables = receipt.footer.table_count;
  report.objects = receipt.footer.object_count;
  report.frames = receipt.footer.frame_count;
  report.text_bytes = receipt.footer.text_size;
  return report;
}

}  // namespace

VerifyReport Verify(const std::shared_ptr<const RandomAccessFile>& file,
                    const VerifyOptions& options, Observer& observer, const CancelToken& cancel) {
  if (LooksLikeUnpacked(file) == FileKind::kPlainSql) {
    return VerifyPlainSql(file, options, observer, cancel);
  }
  return VerifyArchive(file, options, observer, cancel);
}

}  // namespace dbomsbak
