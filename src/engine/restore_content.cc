#include "engine/restore_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <mutex>
#include <numeric>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/dump_reader.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/unquoted.h"
#include "engine/constraint_names.h"
#include "engine/definition_slices.h"
#include "engine/definition_text.h"
#include "engine/job_board.h"
#include "engine/pruned_tables.h"
#include "engine/restore_choice.h"

namespace dbomsbak {
namespace {

std::vector<ContentObject>* ListFor(RestoreContent& content, ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kDatabase:
      return &content.databases;
    case ObjectKind::kSequence:
      return &content.sequences;
    case ObjectKind::kTable:
      return &content.tables;
    case ObjectKind::kView:
      return &content.views;
    case ObjectKind::kFunction:
    case ObjectKind::kProcedure:
    case ObjectKind::kPackage:
    case ObjectKind::kPackageBody:
      return &content.routines;
    case ObjectKind::kTrigger:
      return &content.triggers;
    case ObjectKind::kEvent:
      return &content.events;
  }
  throw Error(ErrorCode::kInternal, "an object of no kind");
}

[[noreturn]] void ThrowForeign(const ArchiveReader& archive, const ObjectId& id,
                               std::string_view what, std::string_view text) {
  constexpr std::size_t kShown = 120;
  throw Error(ErrorCode::kUnsupported,
              fmt::format("{}: {} of {} is none that a dump writes: {}", archive.name(), what,
                          id.Describe(), text.substr(0, kShown)),
              "Nothing of the file was sent. It is whole, and made by somebody else, or changed by "
              "one who knows how: do not trust it.")
      .About(archive.name());
}

// These are put into statements as they are.
void CheckWords(const ArchiveReader& archive, const ObjectRecord& record) {
  for (const std::string& word : {record.charset, record.collation, record.character_set_client,
                                  record.collation_connection, record.database_collation}) {
    const bool plain = std::all_of(word.begin(), word.end(), [](unsigned char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    if (!plain) ThrowForeign(archive, record.id, "a charset or collation", word);
  }
}

// "GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `d`.`p` TO 'u'@'h' WITH GRANT OPTION" and nothing
// else.
void CheckGrants(const ArchiveReader& archive, const ObjectRecord& record) {
  const auto take = [](std::string_view& text, std::string_view word) {
    if (!text.starts_with(word)) return false;
    text.remove_prefix(word.size());
    return true;
  };
  const auto take_quoted = [](std::string_view& text) {  // 'it\'s' or `it``s`
    if (!text.starts_with('\'') && !text.starts_with('`')) return false;
    const char quote = text.front();
    std::size_t end = 1;
    while (end < text.size() && (text[end] != quote || text.substr(end + 1).starts_with(quote))) {
      end += text[end] == quote || (text[end] == '\\' && quote == '\'') ? 2 : 1;
    }
    if (end >= text.size()) return false;
    text.remove_prefix(end + 1);
    return true;
  };
  for (const std::string& grant : record.grants) {
    std::string_view rest = grant;
    bool usual = take(rest, "GRANT ");
    do {
      usual =
          usual && (take(rest, "EXECUTE") || take(rest, "ALTER ROUTINE") || take(rest, "USAGE"));
    } while (usual && take(rest, ", "));
    // Of which routine: servers keep the name in lower case.
    const std::string of = fmt::format(" ON {} {} TO ", SqlKeyword(record.id.kind),
                                       QuoteQualified(record.id.database, record.id.name));
    usual = usual && EqualIgnoringCase(rest.substr(0, of.size()), of);
    if (usual) rest.remove_prefix(of.size());
    usual = usual && take_quoted(rest);
    if (usual && take(rest, "@")) usual = take_quoted(rest);
    if (usual) take(rest, " WITH GRANT OPTION");
    if (!usual || !rest.empty()) ThrowForeign(archive, record.id, "a grant", grant);
  }
}

// Definitions of tables and sequences are sent as they stand, into the database they shall be in;
// of all others the head is taken apart before, see WithoutHeadDatabase.
void CheckHead(const ArchiveReader& archive, const ContentObject& object) {
  const ObjectId& id = object.record.id;
  if (id.kind != ObjectKind::kTable && id.kind != ObjectKind::kSequence) {
    const bool oracle = object.record.sql_mode.find("ORACLE") != std::string::npos;
    if (!MakesProgramOf(id, object.create, object.record.character_set_client, oracle)) {
      ThrowForeign(archive, id, "the definition", object.create);
    }
    return;
  }
  const std::string_view text = object.create;
  const bool sequence = id.kind == ObjectKind::kSequence;
  std::size_t at = 0;
  for (const std::string_view head :
       {"CREATE SEQUENCE `", "CREATE TABLE `", "CREATE EXTERNAL TABLE `"}) {
    if (text.starts_with(head) && (head == "CREATE SEQUENCE `") == sequence) at = head.size() - 1;
  }
  if (at != 0) TakeQuotedName(text, at);
  // What stands behind the name as servers print it; `database`.`name` would go elsewhere.
  const std::string_view rest = text.substr(std::min(at, text.size()));
  const bool usual = sequence ? rest.size() > 1 && rest[0] == ' ' &&
                                    std::isalpha(static_cast<unsigned char>(rest[1])) != 0
                              : rest.starts_with(" (") || rest.starts_with("(");
  if (at == 0 || !usual || DoesMoreThanCreate(text)) {
    ThrowForeign(archive, id, "the definition", text);
  }
}

// "SELECT SETVAL(`name`, 41, 0, 2)" and nothing else.
void CheckRestart(const ArchiveReader& archive, const ContentObject& object) {
  constexpr std::string_view kHead = "SELECT SETVAL(`";
  const std::string_view text = object.restart;
  if (text.empty()) return;
  std::size_t at = kHead.size() - 1;
  if (text.starts_with(kHead)) TakeQuotedName(text, at);
  if (!text.starts_with(kHead) || !text.ends_with(')') || at >= text.size() ||
      text.substr(at, text.size() - 1 - at).find_first_not_of(", -0123456789") !=
          std::string_view::npos) {
    ThrowForeign(archive, object.record.id, "the value", text);
  }
}

void ReadDefinitions(const ArchiveReader& archive, std::vector<ContentObject>& objects,
                     const CancelToken& cancel) {
  std::vector<ContentObject*> by_place;
  for (ContentObject& object : objects) {
    if (object.record.create) by_place.push_back(&object);
  }
  const auto place = [](const ContentObject* object) {
    return std::pair(object->record.create->frame, object->record.create->offset);
  };
  std::sort(by_place.begin(), by_place.end(),
            [&](const auto* a, const auto* b) { return place(a) < place(b); });
  DefinitionSlices slices(archive);
  for (ContentObject* object : by_place) {
    cancel.ThrowIfCancelled();
    object->create = slices.CreateOf(object->record);
    if (object->record.id.kind == ObjectKind::kSequence) {
      object->restart = slices.RestartOf(object->record);
      CheckRestart(archive, *object);
    }
    CheckHead(archive, *object);
  }
}

void SortByText(std::vector<ContentObject>& objects) {
  std::stable_sort(objects.begin(), objects.end(),
                   [](const ContentObject& a, const ContentObject& b) {
                     const Slice x = a.record.create.value_or(Slice{});
                     const Slice y = b.record.create.value_or(Slice{});
                     return std::pair(x.frame, x.offset) < std::pair(y.frame, y.offset);
                   });
}

void ReadIndex(const ArchiveReader& archive, RestoreContent& content) {
  const std::vector<std::string>& databases = archive.header().scope.databases;
  ForEachObject(archive, [&](ObjectRecord&& record) {
    if (std::find(databases.begin(), databases.end(), record.id.database) == databases.end() ||
        (record.id.kind == ObjectKind::kDatabase && record.id.name != record.id.database)) {
      ThrowDamagedObject(archive, record.id, "it is outside of the databases of the archive");
    }
    if (!record.omitted.empty()) {
      content.omitted.push_back(std::move(record));
      return;
    }
    if (record.id.kind != ObjectKind::kDatabase && !record.create) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("{} holds no definition of {}", archive.name(), record.id.Describe()),
                  "It was dumped with --no-create-info: load it into tables that exist with "
                  "zstd -dc FILE | mysql.");
    }
    CheckWords(archive, record);
    CheckGrants(archive, record);
    ContentObject object;
    object.record = std::move(record);
    ListFor(content, object.record.id.kind)->push_back(std::move(object));
  });
}

// Cuts the rows of all tables into load units. They must not overlap: no row is loaded twice.
void CutUnits(const ArchiveReader& archive, RestoreContent& content) {
  content.rows = 0;
  const auto text_size = [&](std::uint64_t frame) { return archive.frame(frame).text_size; };
  for (std::size_t i = 0; i < content.tables.size(); ++i) {
    const ObjectRecord& record = content.tables[i].record;
    content.rows += record.rows;
    if (!record.data) {
      if (record.rows != 0)
        ThrowDamagedObject(archive, record.id, "the index has no place for its rows");
      continue;
    }
    AppendLoadUnits(static_cast<std::uint32_t>(i), *record.data, archive.frame_count(), text_size,
                    content.units);
  }
  std::sort(content.units.begin(), content.units.end(), [](const LoadUnit& a, const LoadUnit& b) {
    return std::pair(a.frame, a.offset) < std::pair(b.frame, b.offset);
  });
  for (std::size_t i = 1; i < content.units.size(); ++i) {
    const LoadUnit& before = content.units[i - 1];
    const LoadUnit& unit = content.units[i];
    if (before.frame == unit.frame && before.offset + before.length > unit.offset) {
      ThrowDamagedObject(archive, content.tables[unit.table].record.id,
                         "its rows stand where another table's are");
    }
  }
}

// Every frame read and hashed, every INSERT looked at, by `jobs` threads.
class FrameCheck {
 public:
  // With `units_only`: the frames that hold rows of these tables.
  FrameCheck(const ArchiveReader& archive, RestoreContent& content, bool units_only,
             const CancelToken& cancel)
      : archive_(archive), content_(content), cancel_(cancel), rows_(content.tables.size()) {
    for (const ContentObject& table : content.tables) heads_.push_back(HeadOf(table.record));
    if (units_only) {
      for (const LoadUnit& unit : content.units) {
        if (frames_.empty() || frames_.back() != unit.frame) frames_.push_back(unit.frame);
      }
    } else {
      frames_.resize(archive.frame_count());
      std::iota(frames_.begin(), frames_.end(), std::uint64_t{0});
    }
  }

  std::size_t frame_count() const { return frames_.size(); }

  void Run(unsigned jobs, Observer& observer) {
    progress_.phase = "check";
    progress_.rows_total = content_.rows;
    progress_.objects_total = frames_.size();
    JobBoard board(jobs);
    TaskGroup group([this] { stopped_ = true; });
    for (unsigned job = 0; job < jobs; ++job) {
      group.Start([this, &observer, &board, job] { CheckFrames(observer, board, job); });
    }
    group.Wait();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const ObjectRecord& record = content_.tables[i].record;
      if (rows_[i] != record.rows) {
        ThrowDamagedObject(archive_, record.id,
                           fmt::format("it holds {} where the index says {}",
                                       Counted(rows_[i], "row"), Grouped(record.rows)));
      }
    }
  }

 private:
  static std::string HeadOf(const ObjectRecord& record) {
    std::vector<std::string> names;
    for (const ColumnRecord& column : record.columns) names.push_back(column.name);
    return InsertHead(record.id.name, names);
  }

  void CheckFrames(Observer& observer, JobBoard& board, std::size_t job) {
    std::string text;
    for (;;) {
      const std::size_t next = next_++;
      if (next >= frames_.size() || stopped_) break;
      const std::uint64_t frame = frames_[next];
      cancel_.ThrowIfCancelled();
      archive_.ReadFrame(frame, text);
      auto unit = std::lower_bound(
          content_.units.begin(), content_.units.end(), frame,
          [](const LoadUnit& each, std::uint64_t number) { return each.frame < number; });
      std::uint64_t rows = 0;
      for (; unit != content_.units.end() && unit->frame == frame; ++unit) {
        board.Take(job, progress_.phase, content_.tables[unit->table].record.id.Describe());
        const std::uint64_t of_unit = CheckUnit(*unit, text);
        board.Add(job, of_unit, unit->length);
        rows += of_unit;
      }
      Report(rows, text.size(), board, observer);
    }
    board.Rest(job);
  }

  // Returns its rows.
  std::uint64_t CheckUnit(const LoadUnit& unit, std::string_view text) {
    std::uint64_t rows = 0;
    std::uint64_t largest = 0;
    if (unit.offset > text.size() || unit.length > text.size() - unit.offset) {
      ThrowDamagedObject(archive_, content_.tables[unit.table].record.id,
                         "its rows run past the frame");
    }
    try {
      ForEachInsert(text.substr(unit.offset, unit.length), heads_[unit.table],
                    [&](std::string_view statement, std::uint64_t count) {
                      CheckLiterals(unit.table, statement, count);
                      rows += count;
                      largest = std::max<std::uint64_t>(largest, statement.size());
                    });
    } catch (Error& e) {
      e.While(fmt::format("{}: {} in frame {}", archive_.name(),
                          content_.tables[unit.table].record.id.Describe(), unit.frame));
      throw;
    }
    std::lock_guard lock(mutex_);
    rows_[unit.table] += rows;
    ContentObject& table = content_.tables[unit.table];
    table.largest_statement = std::max(table.largest_statement, largest);
    return rows;
  }

  // Lists of literals and nothing else: an expression would be run.
  void CheckLiterals(std::uint32_t table, std::string_view statement, std::uint64_t rows) const {
    const std::string_view values = statement.substr(heads_[table].size());
    std::size_t offset = 0;
    if (CountLiteralRows(values, true, false, offset) == rows) return;
    const std::size_t before = values.rfind('\n', offset);
    ThrowForeign(archive_, content_.tables[table].record.id, "a row",
                 values.substr(before == std::string_view::npos ? 0 : before + 1));
  }

  void Report(std::uint64_t rows, std::uint64_t bytes, const JobBoard& board, Observer& observer) {
    std::lock_guard lock(mutex_);
    progress_.rows_done += rows;
    progress_.bytes_done += bytes;
    ++progress_.objects_done;
    board.CopyTo(progress_.jobs);
    observer.Update(progress_);
  }

  const ArchiveReader& archive_;
  RestoreContent& content_;
  const CancelToken& cancel_;
  std::vector<std::uint64_t> frames_;
  std::vector<std::string> heads_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stopped_{false};
  std::mutex mutex_;
  std::vector<std::uint64_t> rows_;
  Progress progress_;
};

}  // namespace

std::set<std::string> RestoreContent::Definers() const {
  std::set<std::string> definers;
  for (const auto* objects : {&views, &routines, &triggers, &events}) {
    for (const ContentObject& object : *objects) definers.insert(object.record.definer);
  }
  definers.erase("");
  return definers;
}

std::string ContentObject::StagedCreate() const {
  if (keys_to_staying.empty()) return create;
  std::set<std::string> names;
  for (const ForeignKeyLine& key : keys_to_staying) names.insert(key.name);
  return WithoutForeignKeys(create, names);
}

std::vector<std::string> RestoreContent::Databases() const {
  std::vector<std::string> names;
  for (const ContentSource& source : sources) {
    const std::vector<std::string>& more = source.header.scope.databases;
    names.insert(names.end(), more.begin(), more.end());
  }
  std::sort(names.begin(), names.end());
  return names;
}

const ContentSource& RestoreContent::SourceOf(const std::string& database) const {
  for (const ContentSource& source : sources) {
    const std::vector<std::string>& names = source.header.scope.databases;
    if (std::find(names.begin(), names.end(), database) != names.end()) return source;
  }
  return sources.front();
}

std::uint64_t RestoreContent::RowsOf(const ContentSource& source) const {
  std::set<std::uint32_t> numbers;
  for (std::size_t i = 0; i < source.unit_count; ++i) {
    numbers.insert(units[source.first_unit + i].table);
  }
  std::uint64_t sum = 0;
  for (const std::uint32_t number : numbers) sum += tables[number].record.rows;
  return sum;
}

std::optional<std::vector<std::string>> RestoreContent::OnlyOf(const std::string& database) const {
  const Scope& scope = SourceOf(database).header.scope;
  const auto part = chosen.find(database);
  if (scope.only_tables.empty() && part == chosen.end()) return std::nullopt;
  std::vector<std::string> only;
  if (part != chosen.end()) {
    only.assign(part->second.begin(), part->second.end());
  } else {
    for (const auto& [of, table] : scope.only_tables) {
      if (of == database) only.push_back(table);
    }
  }
  return only;
}

bool RestoreContent::Covers(const ObjectId& id, const std::string& table) const {
  const Scope& scope = SourceOf(id.database).header.scope;
  if (std::find(scope.databases.begin(), scope.databases.end(), id.database) ==
          scope.databases.end() ||
      !scope.CoversKind(id.kind)) {
    return false;
  }
  const auto part = chosen.find(id.database);
  const bool of_part = part == chosen.end() ||
                       part->second.contains(id.kind == ObjectKind::kTrigger ? table : id.name);
  if (!of_part) return false;
  if (keep_extra && id.kind != ObjectKind::kDatabase) {
    // A trigger belongs to its table.
    const ObjectId& one =
        id.kind == ObjectKind::kTrigger ? ObjectId{id.database, ObjectKind::kTable, table} : id;
    if (!known.contains(one)) return false;
  }
  const bool left_out = std::any_of(omitted.begin(), omitted.end(), [&](const ObjectRecord& each) {
    // Where a privilege hid a whole kind from the dump, the name is "*".
    const bool whole_kind = each.id.name == "*" && each.id.database == id.database;
    return each.id == id || (whole_kind && each.id.kind == id.kind);
  });
  if (left_out) return false;
  switch (id.kind) {
    case ObjectKind::kTable:
    case ObjectKind::kSequence:
    case ObjectKind::kView:
      return scope.CoversTable(id.database, id.name);
    case ObjectKind::kTrigger:
      return scope.CoversTable(id.database, table);
    case ObjectKind::kDatabase:
    case ObjectKind::kFunction:
    case ObjectKind::kProcedure:
    case ObjectKind::kPackage:
    case ObjectKind::kPackageBody:
    case ObjectKind::kEvent:
      return scope.only_tables.empty() && part == chosen.end();
  }
  return false;
}

ContentSource SourceOf(const ArchiveReader& archive) {
  ContentSource source;
  source.name = archive.name();
  source.header = archive.header();
  source.digest = archive.receipt().root.hex();
  source.partial = archive.footer().partial;
  return source;
}

RestoreContent ReadContent(const ArchiveReader& archive, const ContentChoice& choice, unsigned jobs,
                           Observer& observer, const CancelToken& cancel) {
  RestoreContent content;
  ContentSource& source = content.sources.front();
  source = SourceOf(archive);
  content.root_digest = source.digest;
  content.text_bytes = archive.footer().text_size;
  ReadIndex(archive, content);
  Choose(choice, content);
  CutUnits(archive, content);
  source.unit_count = content.units.size();
  FrameCheck check(archive, content, !choice.empty(), cancel);
  observer.Phase(
      fmt::format("checking {}: {}", archive.name(), Counted(check.frame_count(), "frame")));
  check.Run(std::max(1U, jobs), observer);
  for (auto* objects : {&content.databases, &content.sequences, &content.tables, &content.views,
                        &content.routines, &content.triggers, &content.events}) {
    ReadDefinitions(archive, *objects, cancel);
  }
  // The text has views in the order they can be created in, and triggers in theirs.
  SortByText(content.views);
  SortByText(content.triggers);
  return content;
}

}  // namespace dbomsbak
