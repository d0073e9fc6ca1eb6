#include "dbomsbak/engine/verify.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "dbomsbak/archive/file_kind.h"
#include "dbomsbak/base/error.h"
#include "engine/archive_verifier.h"
#include "engine/plain_proof.h"

namespace dbomsbak {
namespace {

VerifyReport VerifyPlainSql(const RandomAccessFile& file, const VerifyOptions& options,
                            Observer& observer, const CancelToken& cancel) {
  if (options.expect_root) {
    throw Error(ErrorCode::kUsage,
                fmt::format("'{}' is plain SQL, which has no root digest to expect", file.name()),
                "Leave out --expect, or give the archive.")
        .About(file.name());
  }
  VerifyReport report;
  report.plain_sql = true;
  report.text_bytes = ProvePlainSql(file, observer, cancel);
  return report;
}

VerifyReport VerifyArchive(std::shared_ptr<const RandomAccessFile> file,
                           const VerifyOptions& options, Observer& observer,
                           const CancelToken& cancel) {
  const ArchiveReader archive = ArchiveReader::Open(std::move(file));
  const Receipt receipt = archive.receipt();
  if (options.expect_root && *options.expect_root != receipt.root) {
    throw Error(
        ErrorCode::kDamaged,
        fmt::format("'{}' is not the archive that was expected: its root digest is {}, not {}",
                    archive.name(), receipt.root.hex(), options.expect_root->hex()),
        "Compare with the receipt that dump printed for this file.")
        .About(archive.name());
  }
  const unsigned jobs =
      options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  ArchiveVerifier verifier(archive, observer, cancel);
  verifier.ReadIndex();
  verifier.ProveText(jobs);
  verifier.CompareTables();

  VerifyReport report;
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

VerifyReport Verify(std::shared_ptr<const RandomAccessFile> file, const VerifyOptions& options,
                    Observer& observer, const CancelToken& cancel) {
  if (LooksLike(*file) == FileKind::kPlainSql) {
    return VerifyPlainSql(*file, options, observer, cancel);
  }
  return VerifyArchive(std::move(file), options, observer, cancel);
}

}  // namespace dbomsbak
