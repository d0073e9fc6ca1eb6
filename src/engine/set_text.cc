#include "engine/set_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "dbomsbak/sql/insert_parser.h"
#include "engine/plain_proof.h"

namespace dbomsbak {

SetText::SetText(const DumpSet& set, const TextPlan& plan, const SnapshotRecord& snapshot,
                 bool create_databases, bool add_drop_database, DumpFormat format,
                 ChunkHandoff& handoff, TextAssembler& assembler, DumpCounters& counters,
                 SerialObserver& observer)
    : set_(set),
      plan_(plan),
      snapshot_(snapshot),
      create_databases_(create_databases),
      add_drop_database_(add_drop_database),
      format_(format),
      handoff_(handoff),
      assembler_(assembler),
      counters_(counters),
      observer_(observer) {}

std::string SetText::in_hand() const {
  std::lock_guard lock(mutex_);
  return in_hand_;
}

void SetText::Name(const std::string& object) {
  std::lock_guard lock(mutex_);
  in_hand_ = object;
}

void SetText::Use(const Database& database) {
  if (!create_databases_ || used_ == &database) return;
  used_ = &database;
  assembler_.AddStatement(fmt::format("\n{}", UseDatabase(database.name)));
}

void SetText::FillSlices(const TextBlock& block, const TextAssembler::Mark& mark,
                         ObjectRecord& record) {
  record.schema = assembler_.SliceFrom(mark);
  record.create = Slice{mark.frame, mark.offset + block.create_offset, block.create_size};
}

void SetText::AddObject(ObjectRecord record) {
  assembler_.AddObject(std::move(record));
  counters_.objects.fetch_add(1, std::memory_order_relaxed);
}

void SetText::AddBlock(const TextBlock& block, ObjectRecord record) {
  const TextAssembler::Mark mark = assembler_.Here();
  assembler_.AddStatement(block.text);
  FillSlices(block, mark, record);
  AddObject(std::move(record));
}

void SetText::AddUndefined(ObjectRecord record) {
  record.definition_sha256.clear();
  AddObject(std::move(record));
}

std::string SetText::FilterOf(const Table& table) const {
  const auto& filters = set_.scope.row_filters;
  auto filter = filters.find(table.id.database + "." + table.id.name);
  if (filter == filters.end()) filter = filters.find("*");
  return filter == filters.end() ? std::string() : filter->second;
}

void SetText::WriteTable(const Table& table) {
  Name(table.id.Describe());
  ObjectRecord record = RecordOf(table);
  if (!set_.scope.no_create_info) {
    const TextBlock block = TableBlock(table);
    const TextAssembler::Mark mark = assembler_.Here();
    assembler_.AddStatement(block.text);
    FillSlices(block, mark, record);
  } else {
    record.definition_sha256.clear();
  }
  if (set_.scope.no_data) {
    record.row_filtered = true;
    record.row_digest = RowDigestRecord{std::string(kRowDigestId), RowDigest().sum.hex()};
  } else {
    WriteRows(table, record);
    if (handoff_.closed()) return;
  }
  AddObject(std::move(record));
}

void SetText::WriteRows(const Table& table, ObjectRecord& record) {
  std::vector<std::string> columns;
  for (const ColumnRecord& column : record.columns) columns.push_back(column.name);
  const std::string filter = FilterOf(table);
  if (!filter.empty()) assembler_.AddStatement(FilterComment(table.id.name, filter));
  assembler_.BeginRows(InsertHead(table.id.name, columns));
  RowDigest digest;
  RowPiece piece;
  for (bool last = false; !last; ++next_chunk_) {
    std::optional<ChunkEnd> end;
    while (handoff_.Pop(next_chunk_, piece, end)) assembler_.AddRows(piece);
    if (!end) return;  // all is over
    digest += end->digest;
    last = end->last_of_table;
  }
  const TextAssembler::RowsEnd rows = assembler_.EndRows();
  record.data = rows.slice;
  record.rows = digest.rows;
  record.row_digest = RowDigestRecord{std::string(kRowDigestId), digest.sum.hex()};
  record.row_filtered = !filter.empty();
  const auto pruned = set_.pruned.find(table.id);
  if (pruned != set_.pruned.end()) record.pruned = pruned->second;
  if (rows.oversized_row > 0) {
    observer_.Warning(fmt::format(
        "row {} of {} needs a statement of {} bytes, more than this server's max_allowed_packet "
        "({} bytes): the server it is restored to must allow more",
        rows.oversized_row, table.id.Describe(), rows.oversized_bytes,
        set_.traits.max_allowed_packet));
  }
}

void SetText::WriteSection(const TextPlan::Section& section) {
  const Database& database = *section.database;
  if (section.first) {
    if (create_databases_) {
      assembler_.AddStatement(DatabaseBlock(database, add_drop_database_, set_.ddl));
      used_ = &database;
    }
    AddObject(RecordOf(database));
    for (const Sequence& sequence : database.sequences) {
      if (set_.scope.no_create_info) {
        AddUndefined(RecordOf(sequence));
        continue;
      }
      const auto restart = set_.sequence_restarts.find(sequence.id);
      AddBlock(SequenceBlock(sequence, restart == set_.sequence_restarts.end() ? sequence.restart
                                                                               : restart->second),
               RecordOf(sequence));
    }
  }
  if (!section.tables.empty() || section.remaining) Use(database);
  for (const Table* table : section.tables) {
    if (handoff_.closed()) return;
    WriteTable(*table);
  }
  if (section.remaining) WriteStandIns(database);
}

void SetText::WriteStandIns(const Database& database) {
  if (set_.scope.no_create_info) return;
  for (const View& view : database.views) {
    if (view.broken) continue;
    const TextAssembler::Mark mark = assembler_.Here();
    assembler_.AddStatement(ViewStandIn(view));
    stand_ins_[view.id] = assembler_.SliceFrom(mark);
  }
}

void SetText::WriteView(const View& view, const ViewScaffold& scaffold) {
  Use(*set_.catalog.Find(view.id.database));
  Name(view.id.Describe());
  ObjectRecord record = RecordOf(view);
  const auto stand_in = stand_ins_.find(view.id);
  if (stand_in != stand_ins_.end()) record.stand_in = stand_in->second;
  AddBlock(ViewBlock(view, scaffold), std::move(record));
}

void SetText::WriteViews() {
  for (const Database& database : set_.catalog.databases) {
    for (const View& view : database.views) {
      if (set_.scope.no_create_info) {
        AddUndefined(RecordOf(view));
      } else if (!view.broken) {
        WriteView(view, {});
      }
    }
  }
}

void SetText::WriteBrokenViews() {
  if (set_.scope.no_create_info) return;
  ViewSurroundings there = ViewSurroundings::Of(set_.catalog);
  for (const auto& [database, name] : set_.functions) there.AddFunction(database, name);
  // One built on another stands behind it, in whatever database.
  for (const ObjectId& id : set_.catalog.view_order) {
    const Database* database = set_.catalog.Find(id.database);
    if (database == nullptr) continue;
    const auto view = std::find_if(database->views.begin(), database->views.end(),
                                   [&](const View& candidate) { return candidate.id == id; });
    if (view == database->views.end() || !view->broken) continue;
    WriteView(*view, ScaffoldFor(*view, there));
    there.broken[{id.database, id.name}] = &*view;
  }
}

void SetText::WritePrograms(std::vector<StoredProgram> Database::*list) {
  for (const Database& database : set_.catalog.databases) {
    for (const StoredProgram& program : database.*list) {
      Use(database);
      Name(program.id.Describe());
      AddBlock(ProgramBlock(program, database, set_.ddl), RecordOf(program));
    }
  }
}

void SetText::Write() {
  DumpHead head;
  head.tool = std::string("dbomsbak ") + DBOMSBAK_VERSION;
  head.server = set_.traits.FlavourName() + " " + set_.traits.version;
  head.snapshot = snapshot_;
  for (const Database& database : set_.catalog.databases) {
    head.databases.push_back(database.name);
    head.history |= std::any_of(database.tables.begin(), database.tables.end(),
                                [](const Table& table) { return table.system_versioned; });
  }
  head.long_statements = set_.traits.limits_statements;
  head.create_databases = create_databases_;
  head.plain = format_ == DumpFormat::kPlainSql;
  assembler_.AddStatement(Preamble(head));
  for (const TextPlan::Section& section : plan_.sections) {
    WriteSection(section);
    if (handoff_.closed()) return;
  }
  // Databases may use each other's functions and views, so one kind after the other.
  WritePrograms(&Database::routines);
  WriteViews();
  WritePrograms(&Database::triggers);
  WritePrograms(&Database::events);
  // Where one of these cannot be created, all else is there.
  WriteBrokenViews();
  for (const auto& [id, reason] : set_.omitted) {
    ObjectRecord record;
    record.id = id;
    record.omitted = reason;
    assembler_.AddObject(std::move(record));
  }
  assembler_.AddStatement(Epilogue());
  if (format_ == DumpFormat::kArchive) assembler_.AddStatement(kLastLine);
}

}  // namespace dbomsbak
