#include "engine/live_names.h"

#include <fmt/format.h>

#include "dbomsbak/sql/quote.h"
#include "engine/event_text.h"

namespace dbomsbak {
namespace {

// information_schema compares names without regard to case: `column` is asked for as well, and
// rows of a twin are left out. One database a question: only then does the server look nowhere
// else.
ResultSet Ask(Session& session, std::string_view columns, std::string_view table,
              std::string_view column, const std::string& database, std::string_view tail = {}) {
  ResultSet answer =
      session.Query(fmt::format("SELECT {}, {} FROM information_schema.{} WHERE {} = {} {}", column,
                                columns, table, column, QuoteString(database), tail));
  std::erase_if(answer.rows, [&](const Row& row) { return row[0] != database; });
  return answer;
}

void ReadRelations(Session& session, const std::string& database, LiveNames& names) {
  const ResultSet tables =
      Ask(session, "TABLE_NAME, TABLE_TYPE", "TABLES", "TABLE_SCHEMA", database);
  for (std::size_t i = 0; i < tables.rows.size(); ++i) {
    const bool view = tables.Text(i, 2) == "VIEW";
    (view ? names.views : names.tables).insert(tables.Text(i, 1));
  }
}

void ReadRoutines(Session& session, const std::string& database, LiveNames& names) {
  const ResultSet routines =
      Ask(session, "ROUTINE_NAME, ROUTINE_TYPE", "ROUTINES", "ROUTINE_SCHEMA", database);
  for (std::size_t i = 0; i < routines.rows.size(); ++i) {
    const std::string type = routines.Text(i, 2);
    const ObjectKind kind = type == "FUNCTION"       ? ObjectKind::kFunction
                            : type == "PACKAGE"      ? ObjectKind::kPackage
                            : type == "PACKAGE BODY" ? ObjectKind::kPackageBody
                                                     : ObjectKind::kProcedure;
    names.routines.insert({database, kind, routines.Text(i, 1)});
  }
}

bool HasTrigger(const std::vector<TriggerName>& triggers, const std::string& name) {
  for (const TriggerName& trigger : triggers) {
    if (trigger.name == name) return true;
  }
  return false;
}

}  // namespace

bool DatabaseExists(Session& session, const std::string& database) {
  return !Ask(session, "1", "SCHEMATA", "SCHEMA_NAME", database).empty();
}

std::set<std::string> ReadTableNames(Session& session, const std::string& database) {
  LiveNames names;
  ReadRelations(session, database, names);
  return names.tables;
}

std::vector<TriggerName> ReadTriggerNames(Session& session, const std::string& database) {
  const ResultSet answer =
      Ask(session, "TRIGGER_NAME, EVENT_OBJECT_TABLE", "TRIGGERS", "TRIGGER_SCHEMA", database,
          "ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER");
  std::vector<TriggerName> triggers;
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    const std::string name = answer.Text(i, 1);
    // A trigger on several events has a row for each.
    if (!HasTrigger(triggers, name)) triggers.push_back({name, answer.Text(i, 2)});
  }
  return triggers;
}

std::map<std::string, std::string> ReadEventStates(Session& session, const std::string& database) {
  const ResultSet answer = Ask(session, "EVENT_NAME, STATUS", "EVENTS", "EVENT_SCHEMA", database);
  std::map<std::string, std::string> events;
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    events[answer.Text(i, 1)] = answer.Text(i, 2);
  }
  return events;
}

LiveNames ReadLiveNames(Session& session, const std::string& database) {
  LiveNames names;
  const ResultSet schema = Ask(session, "DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME",
                               "SCHEMATA", "SCHEMA_NAME", database);
  if (schema.empty()) return names;
  names.exists = true;
  names.charset = schema.Text(0, 1);
  names.collation = schema.Text(0, 2);
  ReadRelations(session, database, names);
  ReadRoutines(session, database, names);
  names.triggers = ReadTriggerNames(session, database);
  names.events = ReadEventStates(session, database);
  return names;
}

LiveNames NamesOf(const Database& database) {
  LiveNames names;
  names.exists = !database.create.empty();
  names.charset = database.charset;
  names.collation = database.collation;
  for (const Table& table : database.tables) names.tables.insert(table.id.name);
  for (const Sequence& sequence : database.sequences) {
    if (sequence.is_table) names.tables.insert(sequence.id.name);
  }
  for (const View& view : database.views) names.views.insert(view.id.name);
  for (const StoredProgram& routine : database.routines) names.routines.insert(routine.id);
  for (const StoredProgram& trigger : database.triggers) {
    names.triggers.push_back({trigger.id.name, trigger.table});
  }
  for (const StoredProgram& event : database.events) names.events[event.id.name] = event.status;
  return names;
}

std::vector<std::string> Differences(const std::string& database, const Database& wanted,
                                     const LiveNames& live) {
  std::vector<std::string> differences;
  const auto tell = [&](ObjectKind kind, const std::string& name, std::string_view what) {
    differences.push_back(fmt::format("{} is {}", ObjectId{database, kind, name}.Describe(), what));
  };
  const LiveNames expected = NamesOf(wanted);
  const auto compare = [&](ObjectKind kind, const std::set<std::string>& a,
                           const std::set<std::string>& b) {
    for (const std::string& name : a) {
      if (!b.contains(name)) tell(kind, name, "missing");
    }
    for (const std::string& name : b) {
      if (!a.contains(name)) tell(kind, name, "extra");
    }
  };
  compare(ObjectKind::kTable, expected.tables, live.tables);
  compare(ObjectKind::kView, expected.views, live.views);
  for (const ObjectId& id : expected.routines) {
    if (!live.routines.contains(id)) tell(id.kind, id.name, "missing");
  }
  for (const ObjectId& id : live.routines) {
    if (!expected.routines.contains(id)) tell(id.kind, id.name, "extra");
  }
  for (const TriggerName& trigger : expected.triggers) {
    if (!HasTrigger(live.triggers, trigger.name))
      tell(ObjectKind::kTrigger, trigger.name, "missing");
  }
  for (const TriggerName& trigger : live.triggers) {
    if (!HasTrigger(expected.triggers, trigger.name)) {
      tell(ObjectKind::kTrigger, trigger.name, "extra");
    }
  }
  for (const StoredProgram& event : wanted.events) {
    if (!live.events.contains(event.id.name) && !MayBeOver(event.create)) {
      tell(ObjectKind::kEvent, event.id.name, "missing");
    }
  }
  for (const auto& [name, status] : live.events) {
    if (!expected.events.contains(name)) tell(ObjectKind::kEvent, name, "extra");
  }
  return differences;
}

}  // namespace dbomsbak
