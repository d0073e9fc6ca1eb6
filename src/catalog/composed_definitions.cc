#include "catalog/composed_definitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/composed_text.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

using Key = std::pair<std::string, std::string>;  // database, name

// Times of events are shown in the session's time zone, but a literal is read in the server's.
class ServerTimeZone {
 public:
  explicit ServerTimeZone(Session& session) : session_(session) {
    session_.Execute("SET time_zone = @@GLOBAL.time_zone");
  }
  ~ServerTimeZone() {
    try {
      session_.Execute("SET time_zone = '+00:00'");
    } catch (...) {  // the session is lost; that error is on its way already
    }
  }
  ServerTimeZone(const ServerTimeZone&) = delete;
  ServerTimeZone& operator=(const ServerTimeZone&) = delete;

 private:
  Session& session_;
};

std::string OceanbaseGrant(const ReadContext& context) {
  return fmt::format("GRANT SELECT ON `oceanbase`.* TO {};", context.account);
}

bool NoneOf(const ReadContext& context, std::vector<StoredProgram> Database::*programs) {
  return std::all_of(context.catalog.databases.begin(), context.catalog.databases.end(),
                     [&](const Database& database) { return (database.*programs).empty(); });
}

void NotAsExpected(ReadContext& context, const ObjectId& id) {
  context.AddUnreadable(id, ErrorCode::kUnsupported,
                        "the server prints its definition in a way this program does not know",
                        "Report this with the definition and the server's version.");
}

void ComposeRoutines(ReadContext& context) {
  if (NoneOf(context, &Database::routines)) return;
  const Answer rows(context.session.Query(
      "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION, ROUTINE_COMMENT, "
      "DTD_IDENTIFIER, CHARACTER_SET_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA "
      "IN (" +
      context.database_list + ")"));
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> found;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    found[{rows.Text(row, "ROUTINE_SCHEMA"), rows.Text(row, "ROUTINE_TYPE"),
           rows.Text(row, "ROUTINE_NAME")}] = row;
  }
  for (Database& database : context.catalog.databases) {
    if (database.routines.empty()) continue;
    context.session.Execute("USE " + QuoteIdentifier(database.name));
    for (StoredProgram& routine : database.routines) {
      const std::string kind(SqlKeyword(routine.id.kind));
      const auto row = found.find({database.name, kind, routine.id.name});
      const std::string shown =
          ShowCreate(context, routine.id,
                     fmt::format("SHOW CREATE {} {}", kind, QuoteIdentifier(routine.id.name)),
                     kind == "FUNCTION" ? "Create Function" : "Create Procedure",
                     fmt::format("GRANT SELECT ON *.* TO {};", context.account));
      if (shown.empty() || row == found.end()) continue;
      RoutineFacts facts;
      facts.comment = rows.Text(row->second, "ROUTINE_COMMENT");
      facts.body = rows.Text(row->second, "ROUTINE_DEFINITION");
      facts.returns = rows.Text(row->second, "DTD_IDENTIFIER");
      const std::string charset = rows.Text(row->second, "CHARACTER_SET_NAME");
      if (charset != database.charset && charset != "binary") facts.return_charset = charset;
      routine.create = RoutineCreate(WithNameQuoted(shown, kind, routine.id.name), facts);
      if (routine.create.empty()) NotAsExpected(context, routine.id);
    }
  }
}

void ComposeTriggers(ReadContext& context) {
  if (NoneOf(context, &Database::triggers)) return;
  const Answer rows(context.session.Query(
      "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, ACTION_STATEMENT FROM information_schema.TRIGGERS "
      "WHERE TRIGGER_SCHEMA IN (" +
      context.database_list + ")"));
  std::map<Key, std::string> statements;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    statements[{rows.Text(row, "TRIGGER_SCHEMA"), rows.Text(row, "TRIGGER_NAME")}] =
        rows.Text(row, "ACTION_STATEMENT");
  }
  for (Database& database : context.catalog.databases) {
    for (StoredProgram& trigger : database.triggers) {
      const auto found = statements.find({database.name, trigger.id.name});
      if (found == statements.end()) continue;  // dropped meanwhile
      trigger.create = TriggerCreate(trigger.definer, found->second);
      if (trigger.create.empty()) NotAsExpected(context, trigger.id);
    }
  }
}

// Numbers of "1048580,45,45,45,2,"; what is none ends them.
std::vector<std::uint64_t> Numbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  while (!text.empty()) {
    std::uint64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) break;
    numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return numbers;
}

// The names of the bits of a sql_mode, in the server's own words; nothing where it knows a bit that
// is not known here.
class SqlModeNames {
 public:
  explicit SqlModeNames(Session& session)
      : session_(session), own_(session.QueryValue("SELECT @@sql_mode").value_or("")) {}

  const std::optional<std::string>& Of(std::uint64_t bits) {
    const auto [found, is_new] = names_.try_emplace(bits);
    if (!is_new) return found->second;
    // The server takes a number of 32 bits, and has one mode more.
    constexpr std::uint64_t kNumbered = 0xFFFFFFFF, kTruncating = std::uint64_t{1} << 33;
    if ((bits & ~(kNumbered | kTruncating)) != 0) return found->second;
    session_.Execute(fmt::format("SET sql_mode = {}", bits & kNumbered));
    std::string names = session_.QueryValue("SELECT @@sql_mode").value_or("");
    session_.Execute("SET sql_mode = " + QuoteString(own_));
    if ((bits & kTruncating) != 0) {
      names += std::string(names.empty() ? "" : ",") + "TIME_TRUNCATE_FRACTIONAL";
    }
    found->second = std::move(names);
    return found->second;
  }

 private:
  Session& session_;
  std::string own_;
  std::map<std::uint64_t, std::optional<std::string>> names_;
};

// What an event was created under. information_schema.EVENTS tells one sql_mode for all and no
// charset; the list behind it has the sql_mode as a number and the collations by their ids: of the
// client, the connection and the database.
void ReadEventSettings(ReadContext& context) {
  std::map<Key, std::vector<std::uint64_t>> settings;
  std::map<std::uint64_t, std::pair<std::string, std::string>> collations;  // name, charset
  try {
    const Answer rows(context.session.Query(
        "SELECT cowner, SUBSTRING_INDEX(job_name, '.', -1) AS name, exec_env FROM "
        "oceanbase.__all_tenant_scheduler_job WHERE job > 0 AND job_class = "
        "'MYSQL_EVENT_JOB_CLASS' AND cowner IN (" +
        context.database_list + ")"));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      settings[{rows.Text(row, "cowner"), rows.Text(row, "name")}] =
          Numbers(rows.Text(row, "exec_env"));
    }
    const Answer known(context.session.Query(
        "SELECT ID, COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS"));
    for (std::size_t row = 0; row < known.size(); ++row) {
      collations[known.Number(row, "ID")] = {known.Text(row, "COLLATION_NAME"),
                                             known.Text(row, "CHARACTER_SET_NAME")};
    }
  } catch (const ServerError& error) {
    if (error.code() != ErrorCode::kPrivilege) throw;
    for (const Database& database : context.catalog.databases) {
      if (database.events.empty()) continue;
      context.AddUnreadable({database.name, ObjectKind::kEvent, "*"}, ErrorCode::kPrivilege,
                            "the sql_mode and charset of events cannot be seen without SELECT on "
                            "oceanbase.__all_tenant_scheduler_job",
                            OceanbaseGrant(context));
    }
    for (Database& database : context.catalog.databases) database.events.clear();
    return;
  }
  SqlModeNames modes(context.session);
  for (Database& database : context.catalog.databases) {
    for (StoredProgram& event : database.events) {
      const auto found = settings.find({database.name, event.id.name});
      if (found == settings.end()) continue;  // dropped meanwhile
      const std::vector<std::uint64_t>& numbers = found->second;
      std::optional<std::string> sql_mode;
      if (!numbers.empty()) sql_mode = modes.Of(numbers[0]);
      if (!sql_mode || numbers.size() < 4 || !collations.contains(numbers[1]) ||
          !collations.contains(numbers[2]) || !collations.contains(numbers[3])) {
        NotAsExpected(context, event.id);
        event.create.clear();
        continue;
      }
      event.sql_mode = *sql_mode;
      event.character_set_client = collations[numbers[1]].second;
      event.collation_connection = collations[numbers[2]].first;
      event.database_collation = collations[numbers[3]].first;
    }
  }
}

void ComposeEvents(ReadContext& context) {
  if (NoneOf(context, &Database::events)) return;
  const ServerTimeZone time_zone(context.session);
  const Answer rows(context.session.Query(
      "SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER, EVENT_DEFINITION, EXECUTE_AT, INTERVAL_VALUE, "
      "INTERVAL_FIELD, STARTS, ENDS, STATUS, ON_COMPLETION, EVENT_COMMENT FROM "
      "information_schema.EVENTS WHERE EVENT_SCHEMA IN (" +
      context.database_list + ")"));
  std::map<Key, std::string> creates;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    EventFacts facts;
    facts.name = rows.Text(row, "EVENT_NAME");
    facts.definer = rows.Text(row, "DEFINER");
    facts.body = rows.Text(row, "EVENT_DEFINITION");
    facts.execute_at = rows.Text(row, "EXECUTE_AT");
    facts.interval_value = rows.Text(row, "INTERVAL_VALUE");
    facts.interval_field = rows.Text(row, "INTERVAL_FIELD");
    facts.starts = rows.Text(row, "STARTS");
    facts.ends = rows.Text(row, "ENDS");
    facts.on_completion = rows.Text(row, "ON_COMPLETION");
    facts.status = rows.Text(row, "STATUS");
    facts.comment = rows.Text(row, "EVENT_COMMENT");
    creates[{rows.Text(row, "EVENT_SCHEMA"), facts.name}] = EventCreate(facts);
  }
  for (Database& database : context.catalog.databases) {
    for (StoredProgram& event : database.events) {
      // The text says all: times in the server's own zone.
      event.time_zone.clear();
      event.create = creates[{database.name, event.id.name}];
    }
  }
  ReadEventSettings(context);
}

void Erase(std::vector<StoredProgram>& programs) {
  std::erase_if(programs, [](const StoredProgram& program) { return program.create.empty(); });
}

}  // namespace

std::string PlainDefiner(std::string definer) {
  const std::size_t at = definer.rfind('@');
  if (at == std::string::npos || !definer.starts_with('\'')) return definer;
  std::string plain;
  const auto add = [&](std::string_view part) {
    if (part.size() >= 2 && part.front() == '\'' && part.back() == '\'') {
      part.remove_prefix(1);
      part.remove_suffix(1);
    }
    plain += part;
  };
  add(std::string_view(definer).substr(0, at));
  plain += '@';
  add(std::string_view(definer).substr(at + 1));
  return plain;
}

void ComposeProgramDefinitions(ReadContext& context) {
  ComposeRoutines(context);
  ComposeTriggers(context);
  ComposeEvents(context);
  for (Database& database : context.catalog.databases) {
    // Not of events: the server keeps the bytes of their text as they came.
    for (auto* programs : {&database.routines, &database.triggers}) {
      for (StoredProgram& program : *programs) {
        program.create =
            InClientCharset(context, std::move(program.create), program.character_set_client);
      }
    }
    Erase(database.routines);
    Erase(database.triggers);
    Erase(database.events);
  }
}

void ReadListedSequences(ReadContext& context) {
  try {
    const Answer rows(context.session.Query(
        "SELECT SEQUENCE_OWNER, SEQUENCE_NAME, MIN_VALUE, MAX_VALUE, INCREMENT_BY, CYCLE_FLAG, "
        "ORDER_FLAG, CACHE_SIZE, LAST_NUMBER FROM oceanbase.DBA_SEQUENCES WHERE SEQUENCE_OWNER IN "
        "(" +
        context.database_list + ") ORDER BY SEQUENCE_OWNER, SEQUENCE_NAME"));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      Database* database = context.Find(rows.Text(row, "SEQUENCE_OWNER"));
      if (database == nullptr) continue;
      SequenceFacts facts;
      facts.name = rows.Text(row, "SEQUENCE_NAME");
      facts.next = rows.Text(row, "LAST_NUMBER");
      facts.increment = rows.Text(row, "INCREMENT_BY");
      facts.min_value = rows.Text(row, "MIN_VALUE");
      facts.max_value = rows.Text(row, "MAX_VALUE");
      facts.cache = rows.Text(row, "CACHE_SIZE");
      facts.cycle = rows.Text(row, "CYCLE_FLAG") == "Y";
      facts.order = rows.Text(row, "ORDER_FLAG") == "Y";
      Sequence& sequence = database->sequences.emplace_back();
      sequence.id = {database->name, ObjectKind::kSequence, facts.name};
      sequence.is_table = false;
      if (context.request.definitions) sequence.create = SequenceCreate(facts);
    }
  } catch (const ServerError& error) {
    if (error.code() != ErrorCode::kPrivilege) throw;
    for (const Database& database : context.catalog.databases) {
      context.AddUnreadable({database.name, ObjectKind::kSequence, "*"}, ErrorCode::kPrivilege,
                            "sequences cannot be seen without SELECT on oceanbase.DBA_SEQUENCES",
                            OceanbaseGrant(context));
    }
  }
}

void SetApartUnsupported(ReadContext& context) {
  std::vector<std::pair<Key, std::string>> found;  // and what it is
  try {
    const Answer rows(context.session.Query(
        "SELECT OWNER, OBJECT_NAME, OBJECT_TYPE FROM oceanbase.DBA_OBJECTS WHERE OWNER IN (" +
        context.database_list +
        ") AND OBJECT_TYPE IN ('MATERIALIZED VIEW', 'MATERIALIZED VIEW LOG', 'PACKAGE', 'TYPE') "
        "ORDER BY OWNER, OBJECT_NAME"));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      found.push_back({{rows.Text(row, "OWNER"), rows.Text(row, "OBJECT_NAME")},
                       LowerAscii(rows.Text(row, "OBJECT_TYPE"))});
    }
  } catch (const ServerError& error) {
    // Those of tables show by their reserved names all the same.
    if (error.code() != ErrorCode::kPrivilege) throw;
  }
  constexpr std::string_view kContainer = "__mv_container_", kLog = "mlog$_";
  for (Database& database : context.catalog.databases) {
    std::erase_if(database.tables, [&](const Table& table) {
      const bool log = table.id.name.starts_with(kLog);
      if (!log && !table.id.name.starts_with(kContainer)) return false;
      const auto listed = std::any_of(found.begin(), found.end(), [&](const auto& entry) {
        return entry.first.first == database.name &&
               (log ? entry.first.second == table.id.name : entry.second == "materialized view");
      });
      if (!listed) {
        found.push_back(
            {{database.name, table.id.name}, log ? "materialized view log" : "materialized view"});
      }
      return true;
    });
  }
  for (const auto& [name, type] : found) {
    if (context.Find(name.first) == nullptr) continue;
    context.AddUnreadable(
        {name.first, type == "package" ? ObjectKind::kPackage : ObjectKind::kTable, name.second},
        ErrorCode::kUnsupported, fmt::format("it is a {}, which no dump can hold", type), {});
  }
}

std::string OwnForm(const ReadContext& context, const ObjectId& id, std::string create) {
  if (context.traits.foreign_keys_newest_first && id.kind == ObjectKind::kTable) {
    create = WithForeignKeysReversed(create);
  }
  if (!context.traits.has_runnable_show_create && id.kind == ObjectKind::kView) {
    create = WithNameQuoted(create, "VIEW", id.name);
  }
  if (context.traits.definitions_name_own_database) {
    create = WithoutOwnDatabase(id.kind, create, id.database);
  }
  return create;
}

std::string TableInOwnForm(ReadContext& context, const Table& table) {
  std::string create = table.create;
  if (!context.traits.has_runnable_show_create) {
    for (const Column& column : table.columns) {
      if (column.raw_column_type.empty()) continue;
      create = WithMembersQuoted(create, {column.name, column.raw_column_type, column.raw_default});
      if (create.empty()) break;
    }
    if (create.empty() || !PartitionsReadBack(create)) {
      NotAsExpected(context, table.id);
      return {};
    }
    for (const Column& column : table.columns) {
      const bool members = column.data_type == "enum" || column.data_type == "set";
      if (members && column.charset == "binary") create = WithBinaryMembers(create, column.name);
    }
  }
  return OwnForm(context, table.id, std::move(create));
}

void NoteRawMembers(const Answer& columns, std::size_t row, Column& column) {
  if (column.data_type != "enum" && column.data_type != "set") return;
  if (MemberListQuoted(column.column_type) == column.column_type) return;
  column.raw_column_type = column.column_type;
  const std::string value = columns.Text(row, "COLUMN_DEFAULT");
  if (value.find_first_of("'\\") != std::string::npos) column.raw_default = value;
}

std::string InClientCharset(ReadContext& context, std::string text, std::string_view charset) {
  if (context.traits.has_runnable_show_create || IsAscii(text) || charset.empty() ||
      charset.starts_with("utf8") || charset == "binary") {
    return text;
  }
  std::string literal = "_utf8mb4 ";
  AppendHexLiteral(text, literal);
  // The answer comes in its own bytes.
  return context.session.QueryValue(fmt::format("SELECT CONVERT({} USING {})", literal, charset))
      .value_or(std::move(text));
}

}  // namespace dbomsbak
