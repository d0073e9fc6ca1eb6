#include "engine/load_form.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/sql/field_rows.h"
#include "sql/table_outline.h"

namespace dbomsbak {
namespace {

bool IsGenerated(const TableItem& column) {
  return std::any_of(column.tokens.begin(), column.tokens.end(), [](const SqlToken& token) {
    return token.IsWord("as") || token.IsWord("generated");
  });
}

// Names of columns and the word for their type. Without those that are made of others.
std::map<std::string, std::string> DeclaredTypes(const TableOutline& outline) {
  std::map<std::string, std::string> types;
  for (const TableItem& item : outline.items) {
    if (item.kind != TableItem::Kind::kColumn || item.body >= item.tokens.size()) continue;
    types[item.name] = LowerAscii(item.tokens[item.body].text);
  }
  return types;
}

bool IsPlainTable(const TableOutline& outline) {
  return outline.partitioning.empty() && outline.Option("with system versioning") == nullptr &&
         std::none_of(outline.items.begin(), outline.items.end(), [](const TableItem& item) {
           return item.kind == TableItem::Kind::kPeriod ||
                  (item.kind == TableItem::Kind::kColumn && IsGenerated(item));
         });
}

bool HasPlainKeys(const TableOutline& outline) {
  return std::all_of(outline.items.begin(), outline.items.end(), [](const TableItem& item) {
    return item.kind != TableItem::Kind::kKey ||
           (!item.tokens.empty() &&
            (item.tokens.front().IsWord("primary") || item.tokens.front().IsWord("unique") ||
             item.tokens.front().IsWord("key")));
  });
}

bool FieldsFit(const ObjectRecord& record, const TableOutline& outline) {
  const std::map<std::string, std::string> types = DeclaredTypes(outline);
  return !record.columns.empty() &&
         std::all_of(record.columns.begin(), record.columns.end(), [&](const ColumnRecord& column) {
           const std::optional<ColumnKind> kind = ColumnKind::Parse(column.kind);
           const auto type = types.find(column.name);
           return kind && type != types.end() && FieldRows::Fits(*kind, type->second);
         });
}

}  // namespace

LoadForm LoadFormOf(const ContentObject& table, const ServerTraits& traits) {
  if (!traits.takes_local_rows || LowerAscii(table.record.engine) != "innodb") {
    return LoadForm::kInserts;
  }
  const TableOutline outline = OutlineOf(table.create);
  if (!IsPlainTable(outline) || !FieldsFit(table.record, outline)) return LoadForm::kInserts;
  const std::uint64_t size = table.record.data ? table.record.data->length : 0;
  const bool whole = traits.has_bulk_load && HasPlainKeys(outline) &&
                     outline.Option("row_format") == nullptr && size >= kSmallestWholeLoad &&
                     size <= kLargestWholeLoad;
  return whole ? LoadForm::kWhole : LoadForm::kFields;
}

}  // namespace dbomsbak
