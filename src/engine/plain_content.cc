#include "engine/plain_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "dbomsbak/archive/format.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/create_table.h"
#include "engine/definition_text.h"

namespace dbomsbak {
namespace {

// Many small INSERTs (--skip-extended-insert) are committed together, but not too many.
constexpr std::uint64_t kUnitStatements = 4096;

bool IsOtherPrograms(const DumpModel& model) {
  return model.program.starts_with("MySQL dump") || model.program.starts_with("MariaDB dump");
}

std::string FlavourOf(const std::string& version) {
  if (version.find("MariaDB") != std::string::npos) return "MariaDB";
  if (version.find("OceanBase") != std::string::npos) return "OceanBase";
  return version.empty() ? "" : "MySQL";
}

// Such tables hold their rows elsewhere: dump programs pass them over.
bool HasRowsElsewhere(const std::string& engine) {
  const std::string lower = LowerAscii(engine);
  return lower == "mrg_myisam" || lower == "merge" || lower == "federated";
}

// Definitions alone: what mysqldump --no-data leaves out, and says nothing of.
bool LacksRows(const DumpModel& model, const DumpedObject& object) {
  return IsOtherPrograms(model) && object.id.kind == ObjectKind::kTable &&
         !object.has_data_section && object.rows == 0 && !HasRowsElsewhere(EngineOf(object.create));
}

bool Any(const DumpModel& model, std::initializer_list<ObjectKind> kinds) {
  return std::any_of(model.objects.begin(), model.objects.end(), [&](const auto& each) {
    return std::find(kinds.begin(), kinds.end(), each.first.kind) != kinds.end();
  });
}

template <typename Condition>
bool All(const DumpModel& model, const Condition& condition) {
  return std::all_of(model.databases.begin(), model.databases.end(),
                     [&](const auto& each) { return condition(each.second); });
}

Scope ScopeOf(const DumpModel& model) {
  Scope scope;
  for (const auto& [name, database] : model.databases) scope.databases.push_back(name);
  const auto leave_out = [&](bool left_out, std::initializer_list<ObjectKind> kinds) {
    if (left_out) scope.excluded_kinds.insert(scope.excluded_kinds.end(), kinds);
  };
  const auto routines = {ObjectKind::kFunction, ObjectKind::kProcedure, ObjectKind::kPackage,
                         ObjectKind::kPackageBody};
  leave_out(!All(model, [](const DumpedDatabase& each) { return each.created; }),
            {ObjectKind::kDatabase});
  leave_out(!All(model, [](const DumpedDatabase& each) { return each.tells_routines; }) &&
                !Any(model, routines),
            routines);
  leave_out(!All(model, [](const DumpedDatabase& each) { return each.tells_events; }) &&
                !Any(model, {ObjectKind::kEvent}),
            {ObjectKind::kEvent});
  leave_out(!Any(model, {ObjectKind::kTrigger}), {ObjectKind::kTrigger});
  std::size_t tables = 0, without_rows = 0;
  for (const auto& [id, object] : model.objects) {
    if (id.kind == ObjectKind::kTable) ++tables;
    if (LacksRows(model, object)) ++without_rows;
  }
  scope.no_data = tables > 0 && without_rows == tables;
  for (const auto& [id, object] : model.objects) {
    const std::string name = id.database + "." + id.name;
    if (object.row_filtered) scope.row_filters[name] = "a condition";
    if (!scope.no_data && LacksRows(model, object)) scope.row_filters[name] = "no rows";
  }
  return scope;
}

std::string StatusOf(std::string_view create_event) {
  switch (EventStateOf(create_event)) {
    case EventState::kDisabled:
      return "DISABLED";
    case EventState::kDisabledOnReplica:
      return "SLAVESIDE_DISABLED";
    case EventState::kEnabled:
      break;
  }
  return "ENABLED";
}

ObjectRecord DatabaseRecord(const DumpedDatabase& database) {
  ObjectRecord record;
  record.id = {database.name, ObjectKind::kDatabase, database.name};
  record.charset = database.charset;
  record.collation =
      database.collation.empty() ? UsualCollation(database.charset) : database.collation;
  return record;
}

void AddNotes(const PlainDump& dump, RestoreContent& content) {
  if (!dump.proved) {
    content.notes.push_back(fmt::format(
        "'{}' carries no proof that it is intact: its rows are counted, not compared", dump.name));
  }
  const Scope& scope = content.sources.front().header.scope;
  const auto stays = [&](ObjectKind kind, std::string_view what) {
    if (!scope.CoversKind(kind)) {
      content.notes.push_back(
          fmt::format("'{}' does not speak of {}: live ones of its databases stay as they are",
                      dump.name, what));
    }
  };
  stays(ObjectKind::kProcedure, "routines");
  stays(ObjectKind::kTrigger, "triggers");
  stays(ObjectKind::kEvent, "events");
  if (!scope.CoversKind(ObjectKind::kDatabase) && !dump.model.is_own) {
    content.notes.push_back(fmt::format(
        "'{}' does not tell whether it holds every table of its database: live tables that it "
        "lacks go with the displaced copy",
        dump.name));
  }
  for (const std::string& left_out : dump.model.left_out) {
    content.notes.push_back(fmt::format("of '{}', read and not obeyed: {}", dump.name, left_out));
  }
}

// What the grammar of dumps let pass is once more looked at as restore will read it.
void CheckDefinition(const std::string& file, const DumpedObject& dumped,
                     const ContentObject& object) {
  const ObjectRecord& record = object.record;
  bool usual = true;
  if (record.id.kind == ObjectKind::kTable) {
    usual = !DoesMoreThanCreate(object.create);
  } else if (record.id.kind != ObjectKind::kSequence) {
    const bool oracle = record.sql_mode.find("ORACLE") != std::string::npos;
    usual = MakesProgramOf(record.id, object.create, record.character_set_client, oracle);
  }
  if (usual) return;
  constexpr std::size_t kShown = 120;
  throw Error(ErrorCode::kUnsupported,
              fmt::format("'{}' line {}: the definition of {} is none that a dump holds: {}", file,
                          dumped.line, record.id.Describe(), object.create.substr(0, kShown)),
              "Nothing was changed. Take it out, or load the file with the mysql client after "
              "reading it.")
      .About(file);
}

std::vector<ContentObject>& ListFor(RestoreContent& content, ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kTable:
      return content.tables;
    case ObjectKind::kView:
      return content.views;
    case ObjectKind::kSequence:
      return content.sequences;
    case ObjectKind::kTrigger:
      return content.triggers;
    case ObjectKind::kEvent:
      return content.events;
    default:
      return content.routines;
  }
}

}  // namespace

bool UnitCutter::Add(const DumpStatement& rows) {
  const bool fits = number_ > 0 && table_ == rows.object->id && settings_ == *rows.settings &&
                    bytes_ < kInsertTextTarget && statements_ < kUnitStatements;
  if (!fits) {
    ++number_;
    table_ = rows.object->id;
    settings_ = *rows.settings;
    bytes_ = statements_ = 0;
  }
  bytes_ += rows.text.size();
  ++statements_;
  return !fits;
}

std::string UsualCollation(std::string_view charset) {
  using namespace std::string_view_literals;
  // The rest have one called after them, _general_ci.
  constexpr std::pair<std::string_view, std::string_view> kOthers[] = {
      {"big5", "big5_chinese_ci"},       {"dec8", "dec8_swedish_ci"},
      {"hp8", "hp8_english_ci"},         {"latin1", "latin1_swedish_ci"},
      {"swe7", "swe7_swedish_ci"},       {"ujis", "ujis_japanese_ci"},
      {"sjis", "sjis_japanese_ci"},      {"tis620", "tis620_thai_ci"},
      {"euckr", "euckr_korean_ci"},      {"gb2312", "gb2312_chinese_ci"},
      {"gbk", "gbk_chinese_ci"},         {"latin5", "latin5_turkish_ci"},
      {"cp932", "cp932_japanese_ci"},    {"eucjpms", "eucjpms_japanese_ci"},
      {"gb18030", "gb18030_chinese_ci"}, {"binary", "binary"}};
  if (charset.empty()) return {};
  for (const auto& [name, collation] : kOthers) {
    if (name == charset) return std::string(collation);
  }
  return std::string(charset) + "_general_ci";
}

HeaderRecord HeaderOf(const PlainDump& dump) {
  HeaderRecord header;
  header.tool = dump.model.program;
  header.server_version = dump.model.server_version;
  header.server_flavour = FlavourOf(dump.model.server_version);
  header.scope = ScopeOf(dump.model);
  return header;
}

ObjectRecord RecordOf(const DumpedObject& object) {
  ObjectRecord record;
  record.id = object.id;
  record.definer = object.definer;
  record.sql_mode = object.sql_mode.value_or("");
  record.character_set_client = object.character_set_client;
  record.collation_connection = object.collation_connection.empty()
                                    ? UsualCollation(object.character_set_client)
                                    : object.collation_connection;
  record.database_collation = object.database_collation;
  record.time_zone = object.time_zone;
  record.table = object.table;
  record.order = object.order;
  record.rows = object.rows;
  record.row_filtered = object.row_filtered;
  if (object.id.kind == ObjectKind::kTable) {
    record.engine = EngineOf(object.create);
    record.auto_increment = AutoIncrementOf(object.create);
    record.definition_sha256 = Sha256(WithoutAutoIncrement(object.create)).hex();
  } else {
    record.definition_sha256 = Sha256(object.create).hex();
  }
  if (object.id.kind == ObjectKind::kEvent) record.status = StatusOf(object.create);
  for (const std::string& column : object.columns) record.columns.push_back({column, ""});
  return record;
}

RestoreContent ReadPlainContent(const std::shared_ptr<const RandomAccessFile>& file,
                                const PlainDumpOptions& options, Observer& observer,
                                const CancelToken& cancel) {
  observer.Phase(fmt::format("checking {}, a plain dump", file->name()));
  RestoreContent content;
  ContentSource& source = content.sources.front();
  source.name = file->name();
  source.plain = true;
  UnitCutter cutter;
  std::vector<ObjectId> unit_tables;
  const PlainDump dump =
      ReadPlainDump(file, options, observer, cancel, [&](const DumpStatement& statement) {
        if (statement.role != DumpStatement::Role::kRows) return;
        if (cutter.Add(statement)) {
          content.units.push_back({cutter.number(), 0, 0, 0});
          if (unit_tables.empty() || unit_tables.back() != statement.object->id) {
            unit_tables.push_back(statement.object->id);
          }
          content.units.back().table = static_cast<std::uint32_t>(unit_tables.size() - 1);
        }
        std::uint32_t& length = content.units.back().length;
        length = static_cast<std::uint32_t>(
            std::min<std::uint64_t>(length + std::uint64_t{statement.text.size()},
                                    std::numeric_limits<std::uint32_t>::max()));
      });
  source.header = HeaderOf(dump);
  source.digest = content.root_digest = dump.sha256.hex();
  source.unit_count = content.units.size();
  content.rows = dump.model.rows;
  content.text_bytes = dump.text_bytes;
  for (const auto& [name, database] : dump.model.databases) {
    if (database.charset.empty()) continue;  // the server will tell
    ContentObject object;
    object.record = DatabaseRecord(database);
    content.databases.push_back(std::move(object));
  }
  std::map<ObjectId, std::uint32_t> places;
  for (const auto& [id, dumped] : dump.model.objects) {
    ContentObject object;
    object.record = RecordOf(dumped);
    object.create = dumped.create;
    CheckDefinition(file->name(), dumped, object);
    object.restart = dumped.restart;
    object.largest_statement = dumped.largest_statement;
    std::vector<ContentObject>& list = ListFor(content, id.kind);
    if (id.kind == ObjectKind::kTable) places[id] = static_cast<std::uint32_t>(list.size());
    list.push_back(std::move(object));
  }
  for (LoadUnit& unit : content.units) unit.table = places.at(unit_tables[unit.table]);
  // As they must be created: the dump has them so.
  std::stable_sort(content.triggers.begin(), content.triggers.end(),
                   [](const ContentObject& a, const ContentObject& b) {
                     return a.record.order < b.record.order;
                   });
  AddNotes(dump, content);
  return content;
}

}  // namespace dbomsbak
