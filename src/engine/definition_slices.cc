#include "engine/definition_slices.h"

#include <fmt/format.h>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/statement_splitter.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMaxDefinitionBytes = std::size_t{16} << 20;

}  // namespace

void ThrowDamagedObject(const ArchiveReader& archive, const ObjectId& id, std::string_view what) {
  throw Error(ErrorCode::kDamaged, fmt::format("{}: {}: {}", archive.name(), id.Describe(), what),
              "Run verify on the archive; restore from another one.")
      .About(id.Describe());
}

std::string DefinitionSlices::Text(const Slice& slice) {
  if (slice.frame != frame_ || !filled_) {
    archive_.ReadFrame(slice.frame, text_);
    frame_ = slice.frame;
    filled_ = true;
  }
  if (slice.offset <= text_.size() && slice.length <= text_.size() - slice.offset) {
    return text_.substr(slice.offset, slice.length);
  }
  return archive_.ReadSliceText(slice, kMaxDefinitionBytes);
}

std::string DefinitionSlices::CreateOf(const ObjectRecord& record) {
  std::string create = Text(*record.create);
  const bool is_table = record.id.kind == ObjectKind::kTable;
  const std::string proved = is_table ? WithoutAutoIncrement(create) : create;
  if (record.id.kind != ObjectKind::kDatabase && Sha256(proved).hex() != record.definition_sha256) {
    ThrowDamagedObject(archive_, record.id, "its definition does not match the index");
  }
  return create;
}

std::string DefinitionSlices::RestartOf(const ObjectRecord& record) {
  std::string restart;
  if (!record.schema) return restart;
  StatementSplitter splitter(kMaxDefinitionBytes, [&](const StatementSplitter::Statement& found) {
    if (found.text.starts_with("SELECT SETVAL(")) restart = found.text;
  });
  splitter.Feed(Text(*record.schema));
  splitter.Finish();
  return restart;
}

}  // namespace dbomsbak
