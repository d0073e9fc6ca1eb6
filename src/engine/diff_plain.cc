// A plain dump as one side of a diff: its text, read once more for each question about rows.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/plain_rows.h"
#include "dbomsbak/sql/quote.h"
#include "engine/diff_source.h"
#include "engine/plain_content.h"
#include "engine/plain_dump.h"
#include "sql/table_outline.h"

namespace dbomsbak {
namespace {

// How the INSERTs of a table are written; those of one dump are all alike.
struct InsertForm {
  DumpSettings settings;
  std::vector<std::string> columns;  // empty: all of the table
  bool uniform = true;
};

// How a table's values become rows in canonical form.
struct RowPlan {
  std::vector<PlainColumn> columns;
  std::size_t values_a_row = 0;
};

bool IsGenerated(const TableItem& column) {
  return std::any_of(
      column.tokens.begin() + static_cast<std::ptrdiff_t>(column.body), column.tokens.end(),
      [](const SqlToken& token) { return token.IsWord("generated") || token.IsWord("as"); });
}

// n of bit(n) and year(n)
unsigned WidthOf(const Column& column) {
  const bool is_year = column.data_type == "year";
  if (!is_year && column.kind.value_class != ValueClass::kBits) return 0;
  const std::size_t open = column.column_type.find('(');
  if (open == std::string::npos) return is_year ? 4 : 1;
  return static_cast<unsigned>(std::strtoul(column.column_type.c_str() + open + 1, nullptr, 10));
}

// The columns that come first are those of the plan.
void LeaveAside(std::size_t number, const std::string& why, RowPlan& plan, TableToCompare& table) {
  const auto at = static_cast<std::ptrdiff_t>(number);
  plan.columns.erase(plan.columns.begin() + at);
  std::vector<Column>& columns = table.live.columns;
  columns[number].generated = true;
  table.unread.push_back(fmt::format("column {}: {}", QuoteIdentifier(columns[number].name), why));
  std::rotate(columns.begin() + at, columns.begin() + at + 1, columns.end());
  table.again = true;
}

class FromPlainDump final : public DiffSource {
 public:
  FromPlainDump(std::shared_ptr<const RandomAccessFile> file, const std::string& into,
                Observer& observer, const CancelToken& cancel)
      : file_(std::move(file)), options_{into, false} {
    observer.Phase(fmt::format("reading {}, a plain dump", file_->name()));
    dump_ = ReadPlainDump(file_, options_, observer, cancel, [&](const DumpStatement& statement) {
      if (statement.role == DumpStatement::Role::kRows) NoteForm(statement);
    });
    header_ = HeaderOf(dump_);
    for (const auto& [name, database] : dump_.model.databases) {
      ObjectRecord record;
      record.id = {name, ObjectKind::kDatabase, name};
      record.charset = database.charset;
      record.collation =
          database.collation.empty() ? UsualCollation(database.charset) : database.collation;
      if (!database.charset.empty()) objects_.push_back(std::move(record));
    }
    for (const auto& [id, object] : dump_.model.objects) objects_.push_back(RecordOf(object));
    std::sort(objects_.begin(), objects_.end(),
              [](const ObjectRecord& a, const ObjectRecord& b) { return a.id < b.id; });
  }

  const std::string& name() const override { return file_->name(); }
  const HeaderRecord& header() const override { return header_; }
  const std::vector<ObjectRecord>& objects() const override { return objects_; }
  bool is_plain() const override { return true; }

  std::string CreateOf(const ObjectRecord& record) const override {
    const auto found = dump_.model.objects.find(record.id);
    return found == dump_.model.objects.end() ? std::string() : found->second.create;
  }
  std::string RestartOf(const ObjectRecord& record) const override {
    const auto found = dump_.model.objects.find(record.id);
    return found == dump_.model.objects.end() ? std::string() : found->second.restart;
  }

  void ChooseColumns(TableToCompare& table) const override {
    const ObjectId& id = table.archived->id;
    const auto form = forms_.find(id);
    if (form != forms_.end() && !form->second.uniform) {
      table.why_not = "its INSERTs are written in several ways";
      return;
    }
    const InsertForm none;
    const InsertForm& written = form == forms_.end() ? none : form->second;
    std::vector<std::string> names = written.columns;
    if (names.empty()) {
      const std::string create = CreateOf(*table.archived);
      for (const TableItem& item : OutlineOf(create).items) {
        if (item.kind != TableItem::Kind::kColumn) continue;
        if (IsGenerated(item) && form != forms_.end()) {
          table.why_not = "its INSERTs do not say for which columns their values are";
          return;
        }
        names.push_back(item.name);
      }
    }
    RowPlan& plan = plans_[id];
    plan = {};
    plan.values_a_row = names.size();
    std::vector<Column> chosen;
    for (std::size_t place = 0; place < names.size(); ++place) {
      const auto found =
          std::find_if(table.live.columns.begin(), table.live.columns.end(),
                       [&](const Column& candidate) { return candidate.name == names[place]; });
      if (found == table.live.columns.end()) {
        table.why_not = fmt::format("column {} is missing live", QuoteIdentifier(names[place]));
        return;
      }
      const std::string why = found->generated ? std::string() : Unread(*found, written.settings);
      if (!why.empty()) {
        table.unread.push_back(fmt::format("column {}: {}", QuoteIdentifier(names[place]), why));
      }
      if (found->generated || !why.empty()) continue;
      plan.columns.push_back({place, found->kind, WidthOf(*found)});
      chosen.push_back(std::move(*found));
      table.live.columns.erase(found);
    }
    for (Column& column : table.live.columns) {
      column.generated = true;
      chosen.push_back(std::move(column));
    }
    table.live.columns = std::move(chosen);
  }

  void DigestRows(std::span<TableToCompare* const> tables,
                  const CancelToken& cancel) const override {
    std::map<ObjectId, TableToCompare*> wanted;
    for (TableToCompare* const table : tables) {
      table->again = false;
      table->digest = {};
      table->digest.rows = table->archived->rows;
      if (table->why_not.empty()) wanted[table->archived->id] = table;
    }
    std::map<ObjectId, PlainRowReader> readers;
    ForEachInsert(cancel, [&](const DumpStatement& statement, std::string_view values) {
      const auto found = wanted.find(statement.object->id);
      if (found == wanted.end()) return;
      TableToCompare& table = *found->second;
      if (!table.why_not.empty()) return;
      const RowPlan& plan = plans_.at(found->first);
      auto reader = readers.try_emplace(found->first, plan.columns, plan.values_a_row).first;
      try {
        reader->second.ForEachRow(values, *statement.settings, {},
                                  [&](const ParsedRow& row) { table.digest.sum += row.hash; });
      } catch (const Error& e) {
        if (e.code() != ErrorCode::kUnsupported) throw;
        table.why_not = e.message();
      }
    });
    for (const auto& [id, reader] : readers) {
      TableToCompare& table = *wanted.at(id);
      const std::vector<std::string>& unclear = reader.unclear();
      for (std::size_t number = unclear.size(); table.why_not.empty() && number-- > 0;) {
        if (!unclear[number].empty()) LeaveAside(number, unclear[number], plans_.at(id), table);
      }
    }
  }

  void ForEachRow(const TableToCompare& table, const std::vector<std::size_t>& key,
                  const std::function<void(const ParsedRow&)>& each,
                  const CancelToken& cancel) const override {
    const RowPlan& plan = plans_.at(table.archived->id);
    PlainRowReader reader(plan.columns, plan.values_a_row);
    ForEachInsert(cancel, [&](const DumpStatement& statement, std::string_view values) {
      if (statement.object->id != table.archived->id) return;
      reader.ForEachRow(values, *statement.settings, key, each);
    });
  }

 private:
  void NoteForm(const DumpStatement& statement) {
    const DumpSettings& settings = *statement.settings;
    const PlainInsert parts = PartsOfInsert(statement.text, settings.ansi_quotes);
    const auto [found, first] =
        forms_.try_emplace(statement.object->id, InsertForm{settings, parts.columns, true});
    if (first) return;
    InsertForm& form = found->second;
    form.uniform = form.uniform && form.settings == settings && form.columns == parts.columns;
  }

  void ForEachInsert(
      const CancelToken& cancel,
      const std::function<void(const DumpStatement&, std::string_view values)>& each) const {
    DumpReader reader(ReaderOptions(file_->name(), options_), [&](const DumpStatement& statement) {
      if (statement.role != DumpStatement::Role::kRows) return;
      each(statement, PartsOfInsert(statement.text, statement.settings->ansi_quotes).values);
    });
    ForEachTextPiece(file_, cancel, [&](std::string_view piece) { reader.Feed(piece); });
    reader.Finish();
  }

  // Why a column's values in the dump say too little; empty when they tell all.
  std::string Unread(const Column& column, const DumpSettings& settings) const {
    const ValueClass value_class = column.kind.value_class;
    const bool is_float =
        value_class == ValueClass::kFloat32 || value_class == ValueClass::kFloat64;
    if (is_float && !dump_.model.is_own) return "dump programs round FLOAT and DOUBLE";
    if (column.data_type == "timestamp" && settings.time_zone != "+00:00") {
      return "the dump does not tell the time zone of its times";
    }
    const bool members = column.data_type == "enum" || column.data_type == "set";
    if (members && value_class == ValueClass::kInteger) {
      return "its members can be told apart by their numbers alone";
    }
    return {};
  }

  const std::shared_ptr<const RandomAccessFile> file_;
  const PlainDumpOptions options_;
  PlainDump dump_;
  HeaderRecord header_;
  std::vector<ObjectRecord> objects_;
  std::map<ObjectId, InsertForm> forms_;
  mutable std::map<ObjectId, RowPlan> plans_;  // by ChooseColumns
};

}  // namespace

std::unique_ptr<DiffSource> PlainDumpToDiff(std::shared_ptr<const RandomAccessFile> file,
                                            const std::string& into, Observer& observer,
                                            const CancelToken& cancel) {
  return std::make_unique<FromPlainDump>(std::move(file), into, observer, cancel);
}

}  // namespace dbomsbak
