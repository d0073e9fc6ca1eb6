#include "engine/stubs.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "dbomsbak/sql/quote.h"
#include "engine/set_swap.h"
#include "engine/set_sweep.h"
#include "engine/view_scaffold.h"

namespace dbomsbak {
namespace {

using Json = nlohmann::json;

// Steps of the journal, all of event "note".
constexpr char kNoteStub[] = "stub";  // payload: the Stub
constexpr char kNoteStubsGone[] = "stubs-gone";
constexpr char kNoteLentView[] = "lent-view";  // payload: the view's ObjectId
constexpr char kNoteLentViewsBack[] = "lent-views-back";

// Pure ASCII, so that no charset on its way can change it.
std::string Dump(const Json& json) { return json.dump(-1, ' ', true); }

std::string ToJson(const Stub& stub) {
  return Dump({{"kind", static_cast<int>(stub.kind)},
               {"database", stub.database},
               {"name", stub.name},
               {"columns", stub.columns}});
}

Stub StubFromJson(const std::string& text) {
  const Json json = Json::parse(text);
  return {static_cast<Stub::Kind>(json.at("kind").get<int>()),
          json.at("database").get<std::string>(), json.at("name").get<std::string>(),
          json.at("columns").get<std::vector<std::string>>()};
}

std::vector<Stub> StubsLeft(JournalStore& journal) {
  std::vector<Stub> stubs;
  for (const JournalEntry& entry : journal.Load()) {
    if (entry.event != "note") continue;
    if (entry.step == kNoteStubsGone) stubs.clear();
    if (entry.step == kNoteStub) stubs.push_back(StubFromJson(entry.payload));
  }
  return stubs;
}

// Is it there, with our comment on it? Names are compared exactly: the list finds others, too.
bool IsStillStub(Session& session, const Stub& stub) {
  std::string sql;
  switch (stub.kind) {
    case Stub::Kind::kDatabase:
      return true;  // it is dropped only when it is empty
    case Stub::Kind::kTable:
      sql = fmt::format(
          "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} "
          "AND TABLE_NAME = {} AND TABLE_COMMENT = {}",
          QuoteString(stub.database), QuoteString(stub.name), QuoteString(kStubComment));
      break;
    case Stub::Kind::kFunction:
      sql = fmt::format(
          "SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE "
          "ROUTINE_SCHEMA = {} AND ROUTINE_NAME = {} AND ROUTINE_TYPE = 'FUNCTION' AND "
          "ROUTINE_COMMENT = {}",
          QuoteString(stub.database), QuoteString(stub.name), QuoteString(kStubComment));
      break;
    case Stub::Kind::kColumn:
      sql = fmt::format(
          "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} "
          "AND TABLE_NAME = {} AND COLUMN_NAME = {} AND COLUMN_COMMENT = {}",
          QuoteString(stub.database), QuoteString(stub.name), QuoteString(stub.columns.at(0)),
          QuoteString(kStubComment));
      break;
  }
  const ResultSet found = session.Query(sql);
  for (std::size_t i = 0; i < found.rows.size(); ++i) {
    if (found.Text(i, 0) == stub.database && found.Text(i, 1) == stub.name) return true;
  }
  return false;
}

void Drop(Session& session, const Stub& stub) {
  switch (stub.kind) {
    case Stub::Kind::kDatabase:
      DropIfEmpty(session, stub.database);
      return;
    case Stub::Kind::kTable:
      session.Execute("DROP TABLE IF EXISTS " + QuoteQualified(stub.database, stub.name));
      return;
    case Stub::Kind::kFunction:
      session.Execute("DROP FUNCTION IF EXISTS " + QuoteQualified(stub.database, stub.name));
      return;
    case Stub::Kind::kColumn:
      session.Execute(fmt::format("ALTER TABLE {} DROP COLUMN {}",
                                  QuoteQualified(stub.database, stub.name),
                                  QuoteIdentifier(stub.columns.at(0))));
      return;
  }
}

}  // namespace

void MakeStub(Session& session, JournalStore& journal, const Stub& stub) {
  journal.Append("note", kNoteStub, ToJson(stub));
  switch (stub.kind) {
    case Stub::Kind::kDatabase:
      session.Execute("CREATE DATABASE " + QuoteIdentifier(stub.database));
      return;
    case Stub::Kind::kTable: {
      std::string list;
      for (const std::string& column : stub.columns) {
        list += fmt::format("{}{} INT", list.empty() ? "" : ", ", QuoteIdentifier(column));
      }
      session.Execute(fmt::format("CREATE TABLE {} ({}) COMMENT={}",
                                  QuoteQualified(stub.database, stub.name),
                                  list.empty() ? "`stub` INT" : list, QuoteString(kStubComment)));
      return;
    }
    case Stub::Kind::kFunction:
      session.Execute(StubFunction(QuoteQualified(stub.database, stub.name), stub.columns.size()));
      return;
    case Stub::Kind::kColumn:
      // Servers of our day do this, and take it back, without copying the table.
      session.Execute(fmt::format("ALTER TABLE {} ADD COLUMN {} INT COMMENT {}",
                                  QuoteQualified(stub.database, stub.name),
                                  QuoteIdentifier(stub.columns.at(0)), QuoteString(kStubComment)));
      return;
  }
}

void DropStubs(Session& session, JournalStore& journal, const std::vector<Stub>& stubs) {
  if (stubs.empty()) return;
  for (auto stub = stubs.rbegin(); stub != stubs.rend(); ++stub) Drop(session, *stub);
  journal.Append("note", kNoteStubsGone, "");
}

void DropStubsLeft(Session& session, JournalStore& journal) {
  const std::vector<Stub> stubs = StubsLeft(journal);
  if (stubs.empty()) return;
  for (auto stub = stubs.rbegin(); stub != stubs.rend(); ++stub) {
    if (IsStillStub(session, *stub)) Drop(session, *stub);
  }
  journal.Append("note", kNoteStubsGone, "");
}

void NoteLentView(JournalStore& journal, const ObjectId& view) {
  journal.Append("note", kNoteLentView, Dump({{"database", view.database}, {"name", view.name}}));
}

void NoteLentViewsBack(JournalStore& journal) { journal.Append("note", kNoteLentViewsBack, ""); }

std::vector<ObjectId> LentViewsLeft(JournalStore& journal) {
  std::vector<ObjectId> views;
  for (const JournalEntry& entry : journal.Load()) {
    if (entry.event != "note") continue;
    // Views of earlier operations are done with.
    if (entry.step == kNoteSet || entry.step == kNoteLentViewsBack) views.clear();
    if (entry.step != kNoteLentView) continue;
    const Json json = Json::parse(entry.payload);
    views.push_back({json.at("database").get<std::string>(), ObjectKind::kView,
                     json.at("name").get<std::string>()});
  }
  return views;
}

}  // namespace dbomsbak
