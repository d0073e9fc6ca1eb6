// Triggers, routines, packages and events.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "catalog/composed_definitions.h"
#include "catalog/read_context.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/catalog/dropped_events.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/unquoted.h"

namespace dbomsbak {
namespace {

// "*": the kind as a whole is hidden.
constexpr char kAll[] = "*";

// MariaDB and MySQL before 8 keep ALLOW_INVALID_DATES in their tables of routines and events under
// an old name that SET sql_mode does not know.
std::string SettableSqlMode(std::string mode) {
  constexpr std::string_view kOld = "INVALID_DATES", kSettable = "ALLOW_INVALID_DATES";
  const std::size_t at = mode.find(kOld);
  if (at != std::string::npos && (at == 0 || mode[at - 1] == ',')) {
    mode.replace(at, kOld.size(), kSettable);
  }
  return mode;
}

// MySQL prints NOT PRESERVE of every event that says nothing about it, but in this mode its parser
// does not know these words for what they are. Without them the text means the same.
void MakeReadableInItsMode(StoredProgram& event) {
  if (event.sql_mode.find("HIGH_NOT_PRECEDENCE") == std::string::npos) return;
  constexpr std::string_view kDefault = " ON COMPLETION NOT PRESERVE";
  const std::size_t at = FindUnquoted(event.create, kDefault);
  if (at != std::string_view::npos) event.create.erase(at, kDefault.size());
}

StoredProgram ReadCommon(const Answer& rows, std::size_t row, ObjectId id) {
  StoredProgram program;
  program.id = std::move(id);
  program.definer = PlainDefiner(rows.Text(row, "DEFINER"));
  program.sql_mode = SettableSqlMode(rows.Text(row, "SQL_MODE"));
  program.character_set_client = rows.Text(row, "CHARACTER_SET_CLIENT");
  program.collation_connection = rows.Text(row, "COLLATION_CONNECTION");
  program.database_collation = rows.Text(row, "DATABASE_COLLATION");
  return program;
}

// What shows the bodies of routines that others have made: the narrowest there is.
std::string BodyGrantIn(const ReadContext& context, const std::string& database) {
  if (context.traits.flavour == ServerFlavour::kMariaDb &&
      context.traits.version_number >= 110300) {
    return context.GrantOnDatabase("SHOW CREATE ROUTINE", database);
  }
  return RoutineBodyGrant(context.traits, context.account);
}

bool SeesAllRoutines(const ReadContext& context, const std::string& database) {
  const Privileges& privileges = context.privileges;
  if (privileges.HasGlobal("SELECT") || privileges.HasGlobal("SHOW_ROUTINE") ||
      privileges.HasGlobal("SHOW CREATE ROUTINE") ||
      privileges.HasOnTable("SELECT", "mysql", "proc")) {
    return true;
  }
  for (const char* privilege :
       {"EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE", "SHOW CREATE ROUTINE"}) {
    if (privileges.Has(privilege, database)) return true;
  }
  return false;
}

void ReadTriggers(ReadContext& context) {
  using Place = std::tuple<std::string, std::string, std::string, std::uint64_t, std::string>;
  std::map<std::string, std::map<Place, StoredProgram>> found;
  const Answer rows(context.session.Query(
      "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, "
      "ACTION_ORDER, SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, COLLATION_CONNECTION, "
      "DATABASE_COLLATION FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA IN (" +
      context.database_list + ")"));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const std::string database = rows.Text(row, "TRIGGER_SCHEMA");
    const std::string name = rows.Text(row, "TRIGGER_NAME");
    StoredProgram trigger = ReadCommon(rows, row, {database, ObjectKind::kTrigger, name});
    trigger.table = rows.Text(row, "EVENT_OBJECT_TABLE");
    trigger.order = rows.Number(row, "ACTION_ORDER");
    Place place{trigger.table, rows.Text(row, "ACTION_TIMING"),
                rows.Text(row, "EVENT_MANIPULATION"), trigger.order, name};
    found[database].emplace(std::move(place), std::move(trigger));
  }
  for (Database& database : context.catalog.databases) {
    for (auto& [place, trigger] : found[database.name]) {
      database.triggers.push_back(std::move(trigger));
    }
    if (context.privileges.Has("TRIGGER", database.name)) continue;
    const bool on_each =
        std::all_of(database.tables.begin(), database.tables.end(), [&](const Table& table) {
          return context.privileges.HasOnTable("TRIGGER", database.name, table.id.name);
        });
    if (on_each) continue;
    context.AddUnreadable({database.name, ObjectKind::kTrigger, kAll}, ErrorCode::kPrivilege,
                          "triggers cannot be seen without the TRIGGER privilege",
                          context.GrantOnDatabase("TRIGGER", database.name));
  }
}

ObjectKind RoutineKind(const std::string& type) {
  if (type == "FUNCTION") return ObjectKind::kFunction;
  if (type == "PACKAGE") return ObjectKind::kPackage;
  if (type == "PACKAGE BODY") return ObjectKind::kPackageBody;
  return ObjectKind::kProcedure;
}

void ReadRoutines(ReadContext& context) {
  const Answer rows(context.session.Query(
      "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, SQL_MODE, DEFINER, CHARACTER_SET_CLIENT, "
      "COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.ROUTINES WHERE "
      "ROUTINE_SCHEMA IN (" +
      context.database_list + ")"));
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Database* database = context.Find(rows.Text(row, "ROUTINE_SCHEMA"));
    if (database == nullptr) continue;
    database->routines.push_back(
        ReadCommon(rows, row,
                   {database->name, RoutineKind(rows.Text(row, "ROUTINE_TYPE")),
                    rows.Text(row, "ROUTINE_NAME")}));
  }
  for (Database& database : context.catalog.databases) {
    std::sort(database.routines.begin(), database.routines.end(),
              [](const StoredProgram& a, const StoredProgram& b) {
                return std::tie(a.id.name, a.id.kind) < std::tie(b.id.name, b.id.kind);
              });
    if (SeesAllRoutines(context, database.name)) continue;
    for (const ObjectKind kind : {ObjectKind::kFunction, ObjectKind::kProcedure}) {
      context.AddUnreadable({database.name, kind, kAll}, ErrorCode::kPrivilege,
                            "routines cannot be seen without a privilege on them",
                            BodyGrantIn(context, database.name));
    }
  }
}

void ReadEvents(ReadContext& context) {
  const std::string query =
      "SELECT EVENT_SCHEMA, EVENT_NAME, DEFINER, TIME_ZONE, SQL_MODE, STATUS, "
      "CHARACTER_SET_CLIENT, "
      "COLLATION_CONNECTION, DATABASE_COLLATION FROM information_schema.EVENTS WHERE EVENT_SCHEMA "
      "IN (" +
      context.database_list + ")";
  Answer rows(context.session.Query(query));
  if (!context.traits.has_runnable_show_create && rows.size() != 0) {
    AwaitDroppedEvents(context.session, context.traits, context.request.databases);
    rows = Answer(context.session.Query(query));
  }
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Database* database = context.Find(rows.Text(row, "EVENT_SCHEMA"));
    if (database == nullptr) continue;
    StoredProgram event =
        ReadCommon(rows, row, {database->name, ObjectKind::kEvent, rows.Text(row, "EVENT_NAME")});
    event.time_zone = rows.Text(row, "TIME_ZONE");
    event.status = rows.Text(row, "STATUS");
    database->events.push_back(std::move(event));
  }
  for (Database& database : context.catalog.databases) {
    std::sort(database.events.begin(), database.events.end(),
              [](const StoredProgram& a, const StoredProgram& b) { return a.id.name < b.id.name; });
    if (context.privileges.Has("EVENT", database.name)) continue;
    context.AddUnreadable({database.name, ObjectKind::kEvent, kAll}, ErrorCode::kPrivilege,
                          "events cannot be seen without the EVENT privilege",
                          context.GrantOnDatabase("EVENT", database.name));
  }
}

// mysql.procs_priv: Proc_priv is a set of 'Execute', 'Alter Routine', 'Grant'.
std::string GrantStatement(const Answer& rows, std::size_t row, const ObjectId& routine,
                           std::string_view type) {
  std::string privileges;
  bool grant_option = false;
  std::string_view rest;
  const std::string list = rows.Text(row, "Proc_priv");
  rest = list;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    const std::string_view word = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    if (word == "Grant") {
      grant_option = true;
      continue;
    }
    std::string upper(word);
    for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    privileges += (privileges.empty() ? "" : ", ") + upper;
  }
  const std::string host = rows.Text(row, "Host");
  // A role has no host.
  const std::string account = host.empty()
                                  ? QuoteString(rows.Text(row, "User"))
                                  : QuoteString(rows.Text(row, "User")) + "@" + QuoteString(host);
  return fmt::format("GRANT {} ON {} {} TO {}{}", privileges.empty() ? "USAGE" : privileges, type,
                     QuoteQualified(routine.database, routine.name), account,
                     grant_option ? " WITH GRANT OPTION" : "");
}

void ReadRoutineGrants(ReadContext& context) {
  if (!context.traits.has_routine_grant_table) return;
  try {
    const Answer rows(context.session.Query(
        "SELECT Host, Db, User, Routine_name, Routine_type, Proc_priv FROM mysql.procs_priv WHERE "
        "Db IN (" +
        context.database_list + ") ORDER BY Db, Routine_name, Routine_type, User, Host"));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      Database* database = context.Find(rows.Text(row, "Db"));
      if (database == nullptr) continue;
      for (StoredProgram& routine : database->routines) {
        const std::string_view type = SqlKeyword(routine.id.kind);
        if (rows.Text(row, "Routine_type") != type ||
            // The server keeps routine names of grants in lower case, as it compares them.
            !EqualIgnoringCase(rows.Text(row, "Routine_name"), routine.id.name)) {
          continue;
        }
        routine.grants.push_back(GrantStatement(rows, row, routine.id, type));
      }
    }
  } catch (const ServerError& error) {
    // Without SELECT on mysql.procs_priv the grants stay unknown; `check` and `dump` say so.
    if (error.code() != ErrorCode::kPrivilege) throw;
    context.catalog.routine_grants_known = false;
  }
}

std::string ShowStatement(const ObjectId& id) {
  const std::string name = QuoteIdentifier(id.name);
  switch (id.kind) {
    case ObjectKind::kTrigger:
      return "SHOW CREATE TRIGGER " + name;
    case ObjectKind::kEvent:
      return "SHOW CREATE EVENT " + name;
    default:
      return fmt::format("SHOW CREATE {} {}", SqlKeyword(id.kind), name);
  }
}

std::string_view ShowColumn(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kTrigger:
      return "SQL Original Statement";
    case ObjectKind::kEvent:
      return "Create Event";
    case ObjectKind::kFunction:
      return "Create Function";
    case ObjectKind::kPackage:
      return "Create Package";
    case ObjectKind::kPackageBody:
      return "Create Package Body";
    default:
      return "Create Procedure";
  }
}

void ReadDefinitions(ReadContext& context, std::vector<StoredProgram>& programs) {
  for (StoredProgram& program : programs) {
    std::string grant;
    if (program.id.kind == ObjectKind::kTrigger) {
      grant = context.GrantOnDatabase("TRIGGER", program.id.database);
    } else if (program.id.kind == ObjectKind::kEvent) {
      grant = context.GrantOnDatabase("EVENT", program.id.database);
    } else {
      grant = BodyGrantIn(context, program.id.database);
    }
    program.create = ShowCreate(context, program.id, ShowStatement(program.id),
                                ShowColumn(program.id.kind), grant);
    if (program.id.kind == ObjectKind::kEvent) MakeReadableInItsMode(program);
  }
  std::erase_if(programs, [](const StoredProgram& program) { return program.create.empty(); });
}

}  // namespace

void ReadPrograms(ReadContext& context) {
  ReadTriggers(context);
  ReadRoutines(context);
  ReadEvents(context);
  if (context.request.routine_grants) ReadRoutineGrants(context);
  if (!context.request.definitions) return;
  if (!context.traits.has_runnable_show_create) {
    ComposeProgramDefinitions(context);
    return;
  }
  for (Database& database : context.catalog.databases) {
    if (database.triggers.empty() && database.routines.empty() && database.events.empty()) continue;
    context.session.Execute("USE " + QuoteIdentifier(database.name));
    ReadDefinitions(context, database.routines);
    ReadDefinitions(context, database.triggers);
    ReadDefinitions(context, database.events);
  }
}

}  // namespace dbomsbak
