#include "engine/dump_pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include "dbomsbak/base/task_group.h"
#include "dbomsbak/catalog/table_reader.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/rename_databases.h"
#include "dbomsbak/sql/row_encoder.h"
#include "engine/chunk_handoff.h"
#include "engine/chunk_planner.h"
#include "engine/dump_memory.h"
#include "engine/dump_text.h"
#include "engine/frame_outputs.h"
#include "engine/plain_proof.h"
#include "engine/text_assembler.h"

namespace dbomsbak {
namespace {

// What the protocol adds to a statement, and room to spare.
constexpr std::size_t kPacketSlack = 1024;

std::string IsoTime(std::int64_t seconds) {
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Errors that say that a table is no longer what it was at the snapshot.
bool IsDefinitionChange(unsigned number) {
  constexpr unsigned kTableDefinitionChanged = 1412, kNoSuchTable = 1146, kBadField = 1054,
                     kUnknownTable = 1109, kNoSuchTableInEngine = 1932;
  return number == kTableDefinitionChanged || number == kNoSuchTable || number == kBadField ||
         number == kUnknownTable || number == kNoSuchTableInEngine;
}

// OceanBase no longer keeps what a snapshot saw.
constexpr unsigned kSnapshotDiscarded = 4138;

// Tables in the order of the text. What has no snapshot stands first, of all databases, so that its
// lock goes soon; the rest follows database by database.
struct TextPlan {
  struct Section {
    const Database* database = nullptr;
    bool first = false;      // CREATE DATABASE and sequences stand here
    bool remaining = false;  // views' stand-ins stand here
    std::vector<const Table*> tables;
  };
  std::vector<Section> sections;
};

// Each database behind those its foreign keys name, where a server needs that; else, and in a
// circle, by name.
std::vector<const Database*> InOrder(const Catalog& catalog, bool parents_first) {
  std::vector<const Database*> order;
  std::set<std::string> placed;
  if (parents_first) {
    std::map<std::string, std::set<std::string>> parents;
    for (const Database& database : catalog.databases) {
      for (const Table& table : database.tables) {
        for (std::string& name : QualifyingDatabases(ObjectKind::kTable, table.create)) {
          if (name != database.name && catalog.Find(name) != nullptr) {
            parents[database.name].insert(std::move(name));
          }
        }
      }
    }
    for (bool moved = true; moved;) {
      moved = false;
      for (const Database& database : catalog.databases) {
        const auto& needed = parents[database.name];
        if (placed.count(database.name) > 0 ||
            !std::all_of(needed.begin(), needed.end(),
                         [&](const std::string& name) { return placed.count(name) > 0; })) {
          continue;
        }
        placed.insert(database.name);
        order.push_back(&database);
        moved = true;
      }
    }
  }
  for (const Database& database : catalog.databases) {
    if (placed.count(database.name) == 0) order.push_back(&database);
  }
  return order;
}

TextPlan PlanText(const Catalog& catalog, bool parents_first) {
  const bool several = catalog.databases.size() > 1;
  const std::vector<const Database*> order = InOrder(catalog, parents_first);
  bool early = false;
  for (const Database& database : catalog.databases) {
    if (!database.sequences.empty()) early = true;
    for (const Table& table : database.tables) {
      if (table.NeedsLock()) early = true;
    }
  }
  TextPlan plan;
  const auto section = [&](const Database& database, bool first, bool remaining) {
    TextPlan::Section part{&database, first, remaining, {}};
    for (const bool locked : {true, false}) {
      if (locked ? !first : !remaining) continue;
      for (const Table& table : database.tables) {
        if (table.NeedsLock() == locked) part.tables.push_back(&table);
      }
    }
    plan.sections.push_back(std::move(part));
  };
  if (several && early) {
    // Defaults may name a sequence of any database, too.
    for (const Database* database : order) section(*database, true, false);
    for (const Database* database : order) section(*database, false, true);
  } else {
    for (const Database* database : order) section(*database, true, true);
  }
  return plan;
}

// What is there when broken views are created.
TableLookup KnownTables(const Catalog& catalog) {
  const auto lower = [](std::string text) {
    for (char& c : text) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return text;
  };
  TableLookup known;
  for (const Database& database : catalog.databases) {
    for (const Table& table : database.tables) {
      KnownTable& entry = known[{table.id.database, table.id.name}];
      entry.exists = true;
      for (const Column& column : table.columns) entry.columns.insert(lower(column.name));
    }
    for (const View& view : database.views) {
      if (view.broken) continue;
      KnownTable& entry = known[{view.id.database, view.id.name}];
      entry.exists = true;
      for (const std::string& column : view.columns) entry.columns.insert(lower(column));
    }
  }
  return known;
}

// Calls of an observer one at a time.
class Telling {
 public:
  explicit Telling(Observer& observer) : observer_(observer) {}
  void Warning(std::string_view text) {
    std::lock_guard lock(mutex_);
    observer_.Warning(text);
  }
  void Update(const Progress& progress) {
    std::lock_guard lock(mutex_);
    observer_.Update(progress);
  }

 private:
  std::mutex mutex_;
  Observer& observer_;
};

class Pipeline {
 public:
  Pipeline(DumpSet& set, SessionRegistry& registry, const DumpOptions& options, DumpFormat format,
           WritableFile& out, Observer& observer, const CancelToken& cancel);
  DumpResult Run();

 private:
  std::vector<TableToRead> TablesToRead() const;
  HeaderRecord Header() const;

  // Reading sessions' threads.
  void ReadChunks(Session& session, bool holds_locks);
  bool ReadChunk(Session& session, const Chunk& chunk, RowPiece& piece);

  // The assembler's thread.
  void Assemble();
  void AssembleSection(const TextPlan::Section& section);
  void AssembleTable(const Table& table);
  void AssembleText();
  void AssembleStandIns(const Database& database);
  void AssemblePrograms(const Database& database, const std::vector<StoredProgram>& programs);
  void AssembleViews();
  void AssembleView(const Database& database, const View& view, const TableLookup& known);
  // A definition block and its record.
  void AddBlock(const TextBlock& block, ObjectRecord record);
  // The record of an object whose definition is not wanted.
  void AddUndefined(ObjectRecord record);
  void FillSlices(const TextBlock& block, const TextAssembler::Mark& mark, ObjectRecord& record);
  void Use(const Database& database);
  void Name(const std::string& object);

  // The caller's thread.
  void WatchOver(TaskGroup& group);
  void StopAll();
  Progress ProgressNow();

  DumpSet& set_;
  SessionRegistry& registry_;
  const DumpOptions& options_;
  const DumpFormat format_;
  Telling telling_;
  const CancelToken& cancel_;
  const bool create_databases_;
  const MemoryPlan memory_;
  const std::size_t packet_limit_;
  SnapshotRecord snapshot_;
  TextPlan plan_;

  HashingFile file_;
  std::optional<ArchiveWriter> writer_;
  std::optional<ArchiveFrames> archive_frames_;
  std::optional<PlainFrames> plain_frames_;
  std::optional<TextAssembler> assembler_;
  ChunkHandoff handoff_;
  ChunkPlanner planner_;

  std::uint64_t next_chunk_ = 0;    // the assembler's
  const Database* used_ = nullptr;  // by the text so far
  std::map<ObjectId, Slice> stand_ins_;

  std::mutex mutex_;
  std::condition_variable ended_changed_;
  bool ended_ = false;   // the assembler is through, or something failed
  std::string in_hand_;  // for progress
  std::atomic<std::uint64_t> rows_{0}, bytes_{0}, objects_{0};
  std::uint64_t rows_total_ = 0, objects_total_ = 0;
};

Pipeline::Pipeline(DumpSet& set, SessionRegistry& registry, const DumpOptions& options,
                   DumpFormat format, WritableFile& out, Observer& observer,
                   const CancelToken& cancel)
    : set_(set),
      registry_(registry),
      options_(options),
      format_(format),
      telling_(observer),
      cancel_(cancel),
      create_databases_(options.with_create_database || set.catalog.databases.size() > 1),
      memory_(PlanMemory(options.max_memory_bytes, static_cast<unsigned>(set.readers.size()),
                         options.compression_level, format == DumpFormat::kArchive,
                         std::max(1u, std::thread::hardware_concurrency()))),
      packet_limit_(set.traits.max_allowed_packet > 2 * kPacketSlack
                        ? set.traits.max_allowed_packet - kPacketSlack
                        : std::numeric_limits<std::size_t>::max()),
      snapshot_(set.snapshot.record),
      plan_(PlanText(set.catalog, set.traits.outside_keys_need_parents)),
      file_(out),
      handoff_(memory_.handoff_bytes, memory_.reserve_bytes),
      planner_(TablesToRead(), memory_.chunk_bytes) {
  if (options.source_date_epoch) {
    snapshot_.time = IsoTime(*options.source_date_epoch);
    snapshot_.scn.clear();  // a time as well
  }
  for (const Database& database : set.catalog.databases) {
    objects_total_ += 1 + database.tables.size() + database.views.size() +
                      database.sequences.size() + database.routines.size() +
                      database.triggers.size() + database.events.size();
    for (const Table& table : database.tables) rows_total_ += table.estimated_rows;
  }
}

std::vector<TableToRead> Pipeline::TablesToRead() const {
  std::vector<TableToRead> tables;
  if (set_.scope.no_data) return tables;
  const auto& filters = set_.scope.row_filters;
  for (const TextPlan::Section& section : plan_.sections) {
    for (const Table* table : section.tables) {
      TableToRead entry{table, {}, table->NeedsLock()};
      auto filter = filters.find(table->id.database + "." + table->id.name);
      if (filter == filters.end()) filter = filters.find("*");
      if (filter != filters.end()) entry.row_filter = filter->second;
      tables.push_back(std::move(entry));
    }
  }
  return tables;
}

HeaderRecord Pipeline::Header() const {
  HeaderRecord header;
  header.tool = std::string("dbomsbak ") + DBOMSBAK_VERSION;
  header.created = IsoTime(options_.source_date_epoch.value_or(std::time(nullptr)));
  header.server_version = set_.traits.version;
  header.server_flavour = set_.traits.FlavourName();
  header.snapshot = snapshot_;
  header.scope = set_.scope;
  header.options["compression_level"] = std::to_string(options_.compression_level);
  if (create_databases_) header.options["create_database"] = "true";
  if (options_.add_drop_database) header.options["add_drop_database"] = "true";
  if (options_.allow_partial) header.options["allow_partial"] = "true";
  return header;
}

// ---- readers ----

void Pipeline::ReadChunks(Session& session, bool holds_locks) {
  // Text in its own bytes.
  session.Execute("SET character_set_results = NULL");
  RowPiece piece;
  for (;;) {
    std::optional<Chunk> chunk;
    try {
      chunk = planner_.Next(session, holds_locks);
      if (!chunk || !ReadChunk(session, *chunk, piece)) return;
    } catch (ServerError& e) {
      const std::string table =
          chunk ? planner_.table(chunk->table).table->id.Describe() : std::string("the next table");
      // A condition that does not fit looks to the server like a column dropped meanwhile.
      const bool filtered = chunk && !planner_.table(chunk->table).row_filter.empty();
      if (filtered && e.sqlstate().starts_with("42")) {
        e.set_hint(
            "The condition of --where must fit every table; --only or --ignore-table choose.");
      } else if (e.number() == kSnapshotDiscarded && set_.snapshot.retention_s > 0) {
        throw Error(ErrorCode::kNoSnapshot,
                    fmt::format("the server no longer keeps the dump's snapshot, reading {}: {}",
                                table, e.message()),
                    fmt::format("It keeps one for undo_retention, {} s now. ALTER SYSTEM SET "
                                "undo_retention = {} makes it longer.",
                                set_.snapshot.retention_s, 4 * set_.snapshot.retention_s))
            .About(table);
      } else if (IsDefinitionChange(e.number()) || e.number() == kSnapshotDiscarded) {
        throw ChangedMeanwhile(table + ": " + e.message());
      }
      e.While("reading " + table);
      e.About(table);
      throw;
    } catch (Error& e) {
      if (chunk) {
        e.While("reading " + planner_.table(chunk->table).table->id.Describe());
        e.About(planner_.table(chunk->table).table->id.Describe());
      }
      throw;
    }
  }
}

bool Pipeline::ReadChunk(Session& session, const Chunk& chunk, RowPiece& piece) {
  const TableToRead& entry = planner_.table(chunk.table);
  const Table& table = *entry.table;
  std::string condition = chunk.condition;
  if (!entry.row_filter.empty()) {
    condition = condition.empty() ? fmt::format("({})", entry.row_filter)
                                  : fmt::format("{} AND ({})", condition, entry.row_filter);
  }
  const TableSelect select = SelectOf(table, table.id.database, condition, RowOrderOf(table));
  RowEncoder::Options encoding;
  if (packet_limit_ != std::numeric_limits<std::size_t>::max()) {
    const std::size_t head = table.columns.size() * 70 + 200;  // of the INSERT, roughly
    encoding.max_hex_row_bytes =
        packet_limit_ > 2 * head ? packet_limit_ - head : packet_limit_ / 2;
  }
  RowEncoder encoder(select.kinds, encoding);
  ChunkEnd end;
  end.last_of_table = chunk.last;
  std::uint64_t text_bytes = 0;
  std::uint64_t told_rows = 0;
  const auto hand_on = [&] {
    rows_.fetch_add(end.digest.rows - told_rows, std::memory_order_relaxed);
    bytes_.fetch_add(piece.text.size(), std::memory_order_relaxed);
    told_rows = end.digest.rows;
    text_bytes += piece.text.size();
    return handoff_.Push(chunk.number, piece);
  };
  const std::unique_ptr<RowStream> rows = session.Stream(select.sql, select.protocol);
  try {
    while (rows->Next()) {
      if (piece.text.capacity() < kRowPieceBytes) {
        piece.text.reserve(kRowPieceBytes + kRowPieceBytes / 8);
      }
      encoder.Append(rows->cells(), piece.text, end.digest);
      piece.text += ",\n";
      piece.row_ends.push_back(static_cast<std::uint32_t>(piece.text.size()));
      if (piece.text.size() >= kRowPieceBytes && !hand_on()) {
        session.Abort();  // all is over
        return false;
      }
    }
  } catch (...) {
    session.Abort();  // or what is left of the table would be drained before the error gets on
    throw;
  }
  if (!piece.row_ends.empty() && !hand_on()) return false;
  planner_.Learn(chunk, end.digest.rows, text_bytes);
  handoff_.Finish(chunk.number, end);
  return true;
}

// ---- assembler ----

void Pipeline::Name(const std::string& object) {
  std::lock_guard lock(mutex_);
  in_hand_ = object;
}

void Pipeline::Use(const Database& database) {
  if (!create_databases_ || used_ == &database) return;
  used_ = &database;
  assembler_->AddStatement("\n" + UseDatabase(database.name));
}

void Pipeline::FillSlices(const TextBlock& block, const TextAssembler::Mark& mark,
                          ObjectRecord& record) {
  record.schema = assembler_->SliceFrom(mark);
  record.create = Slice{mark.frame, mark.offset + block.create_offset, block.create_size};
}

void Pipeline::AddBlock(const TextBlock& block, ObjectRecord record) {
  const TextAssembler::Mark mark = assembler_->Here();
  assembler_->AddStatement(block.text);
  FillSlices(block, mark, record);
  assembler_->AddObject(std::move(record));
  objects_.fetch_add(1, std::memory_order_relaxed);
}

void Pipeline::AddUndefined(ObjectRecord record) {
  record.definition_sha256.clear();
  assembler_->AddObject(std::move(record));
  objects_.fetch_add(1, std::memory_order_relaxed);
}

void Pipeline::AssembleTable(const Table& table) {
  Name(table.id.Describe());
  ObjectRecord record = RecordOf(table);
  if (!set_.scope.no_create_info) {
    const TextBlock block = TableBlock(table);
    const TextAssembler::Mark mark = assembler_->Here();
    assembler_->AddStatement(block.text);
    FillSlices(block, mark, record);
  } else {
    record.definition_sha256.clear();
  }
  if (set_.scope.no_data) {
    record.row_filtered = true;
  } else {
    std::vector<std::string> columns;
    for (const ColumnRecord& column : record.columns) columns.push_back(column.name);
    assembler_->BeginRows(InsertHead(table.id.name, columns));
    RowDigest digest;
    RowPiece piece;
    for (;; ++next_chunk_) {
      std::optional<ChunkEnd> end;
      while (handoff_.Pop(next_chunk_, piece, end)) assembler_->AddRows(piece);
      if (!end) return;  // all is over
      digest += end->digest;
      if (end->last_of_table) break;
    }
    ++next_chunk_;
    const TextAssembler::RowsEnd rows = assembler_->EndRows();
    record.data = rows.slice;
    record.rows = digest.rows;
    record.row_digest = RowDigestRecord{std::string(kRowDigestId), digest.sum.hex()};
    const auto& filters = set_.scope.row_filters;
    record.row_filtered =
        filters.count(table.id.database + "." + table.id.name) > 0 || filters.count("*") > 0;
    if (rows.oversized_row > 0) {
      telling_.Warning(fmt::format(
          "row {} of {} needs a statement of {} bytes, more than this server's max_allowed_packet "
          "({} bytes): the server it is restored to must allow more",
          rows.oversized_row, table.id.Describe(), rows.oversized_bytes,
          set_.traits.max_allowed_packet));
    }
  }
  assembler_->AddObject(std::move(record));
  objects_.fetch_add(1, std::memory_order_relaxed);
}

void Pipeline::AssembleSection(const TextPlan::Section& section) {
  const Database& database = *section.database;
  if (section.first) {
    ObjectRecord record = RecordOf(database);
    if (create_databases_) {
      assembler_->AddStatement(DatabaseBlock(database, options_.add_drop_database));
      used_ = &database;
    }
    assembler_->AddObject(std::move(record));
    objects_.fetch_add(1, std::memory_order_relaxed);
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
    AssembleTable(*table);
  }
  if (section.remaining) AssembleStandIns(database);
}

void Pipeline::AssembleStandIns(const Database& database) {
  if (set_.scope.no_create_info) return;
  for (const View& view : database.views) {
    if (view.broken) continue;
    const TextAssembler::Mark mark = assembler_->Here();
    assembler_->AddStatement(ViewStandIn(view));
    stand_ins_[view.id] = assembler_->SliceFrom(mark);
  }
}

void Pipeline::AssembleView(const Database& database, const View& view, const TableLookup& known) {
  Use(database);
  Name(view.id.Describe());
  ObjectRecord record = RecordOf(view);
  const auto stand_in = stand_ins_.find(view.id);
  if (stand_in != stand_ins_.end()) record.stand_in = stand_in->second;
  AddBlock(ViewBlock(view, known), std::move(record));
}

void Pipeline::AssembleViews() {
  const auto& databases = set_.catalog.databases;
  bool broken = false;
  for (const Database& database : databases) {
    for (const View& view : database.views) {
      if (set_.scope.no_create_info) {
        AddUndefined(RecordOf(view));
      } else if (view.broken) {
        broken = true;
      } else {
        AssembleView(database, view, {});
      }
    }
  }
  if (!broken) return;
  // In reverse order: a view that needs another broken one is made while that is not there yet.
  TableLookup known = KnownTables(set_.catalog);
  for (auto database = databases.rbegin(); database != databases.rend(); ++database) {
    for (auto view = database->views.rbegin(); view != database->views.rend(); ++view) {
      if (view->broken) AssembleView(*database, *view, known);
    }
  }
}

void Pipeline::AssemblePrograms(const Database& database,
                                const std::vector<StoredProgram>& programs) {
  for (const StoredProgram& program : programs) {
    Use(database);
    Name(program.id.Describe());
    AddBlock(ProgramBlock(program, database), RecordOf(program));
  }
}

void Pipeline::AssembleText() {
  DumpHead head;
  head.tool = std::string("dbomsbak ") + DBOMSBAK_VERSION;
  head.server = set_.traits.FlavourName() + " " + set_.traits.version;
  head.snapshot = snapshot_;
  for (const Database& database : set_.catalog.databases) {
    head.databases.push_back(database.name);
    head.history |= std::any_of(database.tables.begin(), database.tables.end(),
                                [](const Table& table) { return table.system_versioned; });
  }
  head.create_databases = create_databases_;
  head.plain = format_ == DumpFormat::kPlainSql;
  assembler_->AddStatement(Preamble(head));
  for (const TextPlan::Section& section : plan_.sections) {
    AssembleSection(section);
    if (handoff_.closed()) return;
  }
  // Databases may use each other's functions and views, so one kind after the other.
  for (const Database& database : set_.catalog.databases) {
    AssemblePrograms(database, database.routines);
  }
  AssembleViews();
  for (const Database& database : set_.catalog.databases) {
    AssemblePrograms(database, database.triggers);
    AssemblePrograms(database, database.events);
  }
  for (const auto& [id, reason] : set_.omitted) {
    ObjectRecord record;
    record.id = id;
    record.omitted = reason;
    assembler_->AddObject(std::move(record));
  }
  assembler_->AddStatement(Epilogue());
  if (format_ == DumpFormat::kArchive) assembler_->AddStatement(kLastLine);
}

void Pipeline::Assemble() {
  AssembleText();
  if (handoff_.closed()) return;
  assembler_->Finish();
  if (archive_frames_) archive_frames_->Finish();
}

// ---- the caller's thread ----

void Pipeline::StopAll() {
  handoff_.Close();
  planner_.Close();
  if (archive_frames_) archive_frames_->Close();
  registry_.AbortAll();
  std::lock_guard lock(mutex_);
  ended_ = true;
  ended_changed_.notify_all();
}

Progress Pipeline::ProgressNow() {
  Progress progress;
  progress.phase = "dump";
  progress.rows_done = rows_.load(std::memory_order_relaxed);
  progress.rows_total = rows_total_;
  progress.bytes_done = bytes_.load(std::memory_order_relaxed);
  progress.objects_done = objects_.load(std::memory_order_relaxed);
  progress.objects_total = objects_total_;
  std::lock_guard lock(mutex_);
  progress.object = in_hand_;
  return progress;
}

void Pipeline::WatchOver(TaskGroup& group) {
  constexpr auto kTick = std::chrono::milliseconds(20);
  constexpr int kTicksAnUpdate = 5;
  for (int tick = 0;; ++tick) {
    {
      std::unique_lock lock(mutex_);
      if (ended_changed_.wait_for(lock, kTick, [&] { return ended_; })) return;
    }
    try {
      cancel_.ThrowIfCancelled();
    } catch (...) {
      group.Fail(std::current_exception());
    }
    if (tick % kTicksAnUpdate == 0) telling_.Update(ProgressNow());
  }
}

DumpResult Pipeline::Run() {
  if (format_ == DumpFormat::kArchive) {
    writer_.emplace(file_, Header());
    archive_frames_.emplace(*writer_, memory_.frame_buffers);
  } else {
    plain_frames_.emplace(file_);
  }
  FrameSink& sink = archive_frames_ ? static_cast<FrameSink&>(*archive_frames_) : *plain_frames_;
  TextAssembler::Limits limits;
  limits.statement_bytes = packet_limit_;
  assembler_.emplace(sink, limits);
  {
    TaskGroup group([this] { StopAll(); });
    if (archive_frames_) {
      archive_frames_->Start(group, options_.compression_level, memory_.compressors);
    }
    group.Start([this] {
      Assemble();
      std::lock_guard lock(mutex_);
      ended_ = true;
      ended_changed_.notify_all();
    });
    if (set_.snapshot.tables_held) {
      group.Start([this] {
        ReadChunks(*set_.holder, true);
        set_.ReleaseTables();
      });
    }
    for (Session* reader : set_.readers) {
      group.Start([this, reader] { ReadChunks(*reader, false); });
    }
    WatchOver(group);
    group.Wait();
  }
  cancel_.ThrowIfCancelled();
  set_.CheckStillGuarded();

  DumpResult result;
  result.format = format_;
  result.omitted = set_.omitted;
  if (writer_) {
    result.receipt = writer_->Finish();
  } else {
    file_.Append(ProofLine(file_.sha256(), file_.bytes()));
    file_.Append(kLastLine);
    const OutputCounts& counts = plain_frames_->counts();
    FooterRecord& footer = result.receipt.footer;
    footer.object_count = counts.objects;
    footer.table_count = counts.tables;
    footer.row_count = counts.rows;
    footer.partial = counts.partial;
    footer.text_size = footer.file_size = file_.bytes();
    result.receipt.snapshot = snapshot_;
    result.receipt.databases = set_.scope.databases;
  }
  result.output_sha256 = file_.sha256();
  result.output_bytes = file_.bytes();
  telling_.Update(ProgressNow());
  return result;
}

}  // namespace

DumpResult WriteDump(DumpSet& set, SessionRegistry& registry, const DumpOptions& options,
                     DumpFormat format, WritableFile& out, Observer& observer,
                     const CancelToken& cancel) {
  Pipeline pipeline(set, registry, options, format, out, observer, cancel);
  return pipeline.Run();
}

}  // namespace dbomsbak
