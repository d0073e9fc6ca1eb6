// An archive as one side of a diff: its index, and frames where more is asked for.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_slices.h"
#include "engine/diff_source.h"
#include "engine/pruned_tables.h"

namespace dbomsbak {
namespace {

// Two names of one charset have one canonical form.
std::string WithOneCharsetName(std::string kind) {
  for (const std::string_view prefix : {"text:", "enum:"}) {
    if (kind == std::string(prefix) + "utf8") return std::string(prefix) + "utf8mb3";
  }
  return kind;
}

class FromArchive final : public DiffSource {
 public:
  explicit FromArchive(const ArchiveReader& archive) : archive_(archive), slices_(archive) {
    ForEachObject(archive, [&](ObjectRecord&& record) { objects_.push_back(std::move(record)); });
  }

  const std::string& name() const override { return archive_.name(); }
  const HeaderRecord& header() const override { return archive_.header(); }
  const std::vector<ObjectRecord>& objects() const override { return objects_; }
  bool is_plain() const override { return false; }

  std::string CreateOf(const ObjectRecord& record) const override {
    return record.create ? slices_.CreateOf(record) : std::string();
  }
  std::string RestartOf(const ObjectRecord& record) const override {
    return slices_.RestartOf(record);
  }

  void ChooseColumns(TableToCompare& table) const override {
    const ObjectRecord& record = *table.archived;
    if (!record.row_digest) {
      table.why_not = "the archive has no digest of its rows";
    } else if (record.row_digest->id != kRowDigestId) {
      table.why_not = fmt::format("the archive's row digest is of a kind not known here, {}",
                                  record.row_digest->id);
    }
    std::vector<Column> chosen;
    for (const ColumnRecord& column : record.columns) {
      const auto found =
          std::find_if(table.live.columns.begin(), table.live.columns.end(),
                       [&](const Column& candidate) { return candidate.name == column.name; });
      const bool there = found != table.live.columns.end() && !found->generated;
      if (table.why_not.empty() && !there) {
        table.why_not = fmt::format("column {} is missing live", QuoteIdentifier(column.name));
      } else if (table.why_not.empty() &&
                 WithOneCharsetName(found->kind.ToString()) != WithOneCharsetName(column.kind)) {
        table.why_not =
            fmt::format("column {} holds values of another kind live ({}, not {})",
                        QuoteIdentifier(column.name), found->kind.ToString(), column.kind);
      }
      if (there) {
        chosen.push_back(std::move(*found));
        table.live.columns.erase(found);
      }
    }
    // The others are there for keys alone.
    for (Column& column : table.live.columns) {
      column.generated = true;
      chosen.push_back(std::move(column));
    }
    table.live.columns = std::move(chosen);
  }

  void DigestRows(std::span<TableToCompare* const> tables, const CancelToken&) const override {
    for (TableToCompare* const each : tables) {
      TableToCompare& table = *each;
      table.digest.rows = table.archived->rows;
      if (!table.why_not.empty()) continue;
      const auto sum = Uint128::FromHex(table.archived->row_digest->value);
      if (!sum) {
        throw Error(ErrorCode::kDamaged,
                    fmt::format("'{}': the row digest of {} is none", archive_.name(),
                                table.archived->id.Describe()),
                    "Run verify on the archive.")
            .About(table.archived->id.Describe());
      }
      table.digest.sum = *sum;
    }
  }

  void ForEachRow(const TableToCompare& table, const std::vector<std::size_t>& key,
                  const std::function<void(const ParsedRow&)>& each,
                  const CancelToken& cancel) const override {
    const ObjectRecord& record = *table.archived;
    if (!record.data) return;
    std::vector<std::string> names;
    std::vector<ColumnKind> kinds;
    for (const ColumnRecord& column : record.columns) {
      names.push_back(column.name);
      const auto kind = ColumnKind::Parse(column.kind);
      if (!kind) {
        throw Error(ErrorCode::kDamaged,
                    fmt::format("'{}': {} has a column of a kind not known here, {}",
                                archive_.name(), record.id.Describe(), column.kind),
                    "Run verify on the archive.")
            .About(record.id.Describe());
      }
      kinds.push_back(*kind);
    }
    InsertParser parser(record.id.name, std::move(names), kinds);
    archive_.ReadSlice(*record.data, [&](std::string_view statements) {
      cancel.ThrowIfCancelled();
      parser.ForEachRow(statements, key, each);
    });
  }

 private:
  const ArchiveReader& archive_;
  mutable DefinitionSlices slices_;
  std::vector<ObjectRecord> objects_;
};

}  // namespace

std::unique_ptr<DiffSource> ArchiveToDiff(const ArchiveReader& archive) {
  return std::make_unique<FromArchive>(archive);
}

}  // namespace dbomsbak
