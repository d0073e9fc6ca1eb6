#include "engine/view_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/view_references.h"
#include "engine/live_names.h"

namespace dbomsbak {
namespace {

constexpr char kStubComment[] = "dbomsbak stub";
// A view on a view on a view: deeper than any server lets them be nested.
constexpr unsigned kMaxDepth = 64;

// What CREATE VIEW says while something it is built on is not there (yet).
bool IsMissingBase(const ServerError& error) {
  constexpr std::array kNumbers{
      1049u,  // unknown database
      1054u,  // unknown column
      1146u,  // no such table
      1305u,  // no such function
      1356u,  // a view underneath is broken
  };
  return std::find(kNumbers.begin(), kNumbers.end(), error.number()) != kNumbers.end();
}

// Names are compared exactly; information_schema finds those that differ in case, too.
bool Exists(Session& session, const std::string& database, const std::string& name,
            std::string_view list, std::string_view prefix) {
  const ResultSet found =
      session.Query(fmt::format("SELECT {1}_SCHEMA, {1}_NAME FROM information_schema.{0} WHERE "
                                "{1}_SCHEMA = {2} AND {1}_NAME = "
                                "{3}",
                                list, prefix, QuoteString(database), QuoteString(name)));
  for (std::size_t i = 0; i < found.rows.size(); ++i) {
    if (found.Text(i, 0) == database && found.Text(i, 1) == name) return true;
  }
  return false;
}

bool TableExists(Session& session, const std::string& database, const std::string& table) {
  return Exists(session, database, table, "TABLES", "TABLE");
}

const View* FindView(const std::vector<const View*>& views, const std::string& database,
                     const std::string& name) {
  for (const View* view : views) {
    if (view->id.database == database && view->id.name == name) return view;
  }
  return nullptr;
}

// A view's references with names in UTF-8 and no database left out.
std::vector<ViewReference> References(Session& session, const View& view) {
  std::vector<ViewReference> references = ViewReferences(view.create);
  for (ViewReference& reference : references) {
    const auto decode = [&](std::string& name) {
      name = ToUtf8(session, name, view.character_set_client);
    };
    decode(reference.database);
    decode(reference.table);
    std::for_each(reference.columns.begin(), reference.columns.end(), decode);
    if (reference.database.empty()) reference.database = view.id.database;
  }
  return references;
}

}  // namespace

ViewBuilder::ViewBuilder(Session& session, ObjectCreator& creator,
                         std::function<void(const std::string&)> before_stub_database)
    : session_(session),
      creator_(creator),
      before_stub_database_(std::move(before_stub_database)) {}

void ViewBuilder::Create(const std::vector<const View*>& views,
                         const std::vector<const View*>& known) {
  std::vector<const View*> pending = views;
  CreateAsPossible(pending);
  if (pending.empty()) return;
  try {
    for (const View* view : pending) StandIn(*view, known, 0);
    CreateAsPossible(pending);
    if (!pending.empty()) {
      LendColumns(pending, known);
      CreateAsPossible(pending);
    }
  } catch (...) {
    try {
      TakeStubsAway();
    } catch (const Error&) {
      // The first error is the one to tell; healing throws stubs away as well.
    }
    throw;
  }
  const std::string refusal = first_refusal_;
  TakeStubsAway();
  if (pending.empty()) return;
  throw Error(ErrorCode::kQueryRefused,
              fmt::format("{} cannot be created: {}", pending.front()->id.Describe(), refusal),
              "Something it is built on is there, but not as the view needs it.");
}

void ViewBuilder::CreateAsPossible(std::vector<const View*>& pending) {
  for (bool progress = true; progress && !pending.empty();) {
    progress = false;
    first_refusal_.clear();
    std::vector<const View*> left;
    for (const View* view : pending) {
      try {
        creator_.Create(view->id.database, SettingsOf(*view), WithOrReplace(view->create));
        progress = true;
      } catch (ServerError& error) {
        if (!IsMissingBase(error)) {
          error.While(fmt::format("creating {}", view->id.Describe()));
          throw;
        }
        if (first_refusal_.empty()) first_refusal_ = error.message();
        left.push_back(view);
      }
    }
    pending = std::move(left);
  }
}

void ViewBuilder::StandIn(const View& view, const std::vector<const View*>& known, unsigned depth) {
  if (depth > kMaxDepth) return;
  for (const ViewReference& reference : References(session_, view)) {
    // A view that shall be there is no stub's place; what it lacks in its turn is.
    if (const View* base = FindView(known, reference.database, reference.table)) {
      StandIn(*base, known, depth + 1);
    } else if (!TableExists(session_, reference.database, reference.table)) {
      StandInForTable(reference.database, reference.table, reference.columns);
    }
  }
  StandInForFunctions(view);
}

void ViewBuilder::StandInForTable(const std::string& database, const std::string& table,
                                  const std::vector<std::string>& columns) {
  if (!DatabaseExists(session_, database)) {
    before_stub_database_(database);
    session_.Execute("CREATE DATABASE " + QuoteIdentifier(database));
    stub_databases_.push_back(database);
  }
  std::string list;
  for (const std::string& column : columns) {
    list += fmt::format("{}{} INT", list.empty() ? "" : ", ", QuoteIdentifier(column));
  }
  session_.Execute(fmt::format("CREATE TABLE {} ({}) COMMENT={}", QuoteQualified(database, table),
                               list.empty() ? "`stub` INT" : list, QuoteString(kStubComment)));
  stub_tables_.push_back({database, table});
}

void ViewBuilder::StandInForFunctions(const View& view) {
  for (auto [database, name] : ViewFunctions(view.create)) {
    database =
        database.empty() ? view.id.database : ToUtf8(session_, database, view.character_set_client);
    name = ToUtf8(session_, name, view.character_set_client);
    if (!DatabaseExists(session_, database) ||
        Exists(session_, database, name, "ROUTINES", "ROUTINE")) {
      continue;
    }
    session_.Execute(
        fmt::format("CREATE FUNCTION {}() RETURNS INT DETERMINISTIC COMMENT {} RETURN 1",
                    QuoteQualified(database, name), QuoteString(kStubComment)));
    stub_functions_.push_back({database, name});
  }
}

void ViewBuilder::LendColumns(const std::vector<const View*>& pending,
                              const std::vector<const View*>& known) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> needed;
  for (const View* view : pending) {
    for (const ViewReference& reference : References(session_, *view)) {
      std::vector<std::string>& columns = needed[{reference.database, reference.table}];
      for (const std::string& column : reference.columns) {
        if (std::find(columns.begin(), columns.end(), column) == columns.end()) {
          columns.push_back(column);
        }
      }
    }
  }
  for (const auto& [base, columns] : needed) {
    const auto& [database, table] = base;
    if (columns.empty() || FindView(pending, database, table) != nullptr) continue;
    const ResultSet rows = session_.Query(fmt::format(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND "
        "TABLE_NAME = {}",
        QuoteString(database), QuoteString(table)));
    std::set<std::string> there;
    for (std::size_t i = 0; i < rows.rows.size(); ++i) there.insert(LowerAscii(rows.Text(i, 0)));
    std::vector<std::string> missing;
    for (const std::string& column : columns) {
      if (!there.contains(LowerAscii(column))) missing.push_back(column);
    }
    if (missing.empty()) continue;
    if (const View* view = FindView(known, database, table)) {
      std::string list;
      for (const std::string& column : columns) {
        list += fmt::format("{}NULL AS {}", list.empty() ? "" : ", ", QuoteIdentifier(column));
      }
      lent_views_.push_back(view);
      session_.Execute(fmt::format("CREATE OR REPLACE VIEW {} AS SELECT {}",
                                   QuoteQualified(database, table), list));
      continue;
    }
    for (const std::string& column : missing) {
      // Servers of our day do this, and take it back, without copying the table.
      session_.Execute(fmt::format("ALTER TABLE {} ADD COLUMN {} INT COMMENT {}",
                                   QuoteQualified(database, table), QuoteIdentifier(column),
                                   QuoteString(kStubComment)));
      lent_columns_.push_back({database, table, column});
    }
  }
}

void ViewBuilder::TakeStubsAway() {
  for (const View* view : std::exchange(lent_views_, {})) {
    creator_.Create(view->id.database, SettingsOf(*view), WithOrReplace(view->create));
  }
  for (const auto& [database, table, column] : std::exchange(lent_columns_, {})) {
    session_.Execute(fmt::format("ALTER TABLE {} DROP COLUMN {}", QuoteQualified(database, table),
                                 QuoteIdentifier(column)));
  }
  for (const auto& [database, name] : std::exchange(stub_tables_, {})) {
    session_.Execute("DROP TABLE IF EXISTS " + QuoteQualified(database, name));
  }
  for (const auto& [database, name] : std::exchange(stub_functions_, {})) {
    session_.Execute("DROP FUNCTION IF EXISTS " + QuoteQualified(database, name));
  }
  for (const std::string& database : std::exchange(stub_databases_, {})) {
    if (ReadLiveNames(session_, database).HoldsNothing()) {
      session_.Execute("DROP DATABASE " + QuoteIdentifier(database));
    }
  }
}

void ViewBuilder::DropStubs(Session& session, const std::string& database) {
  const auto named = [&](std::string_view columns, std::string_view list, std::string_view schema,
                         std::string_view comment) {
    return session.Query(
        fmt::format("SELECT {} FROM information_schema.{} WHERE {} = {} AND {} = {}", columns, list,
                    schema, QuoteString(database), comment, QuoteString(kStubComment)));
  };
  const ResultSet tables = named("TABLE_NAME", "TABLES", "TABLE_SCHEMA", "TABLE_COMMENT");
  for (std::size_t i = 0; i < tables.rows.size(); ++i) {
    session.Execute("DROP TABLE IF EXISTS " + QuoteQualified(database, tables.Text(i, 0)));
  }
  const ResultSet functions =
      named("ROUTINE_NAME", "ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_COMMENT");
  for (std::size_t i = 0; i < functions.rows.size(); ++i) {
    session.Execute("DROP FUNCTION IF EXISTS " + QuoteQualified(database, functions.Text(i, 0)));
  }
  const ResultSet columns =
      named("TABLE_NAME, COLUMN_NAME", "COLUMNS", "TABLE_SCHEMA", "COLUMN_COMMENT");
  for (std::size_t i = 0; i < columns.rows.size(); ++i) {
    session.Execute(fmt::format("ALTER TABLE {} DROP COLUMN {}",
                                QuoteQualified(database, columns.Text(i, 0)),
                                QuoteIdentifier(columns.Text(i, 1))));
  }
}

}  // namespace dbomsbak
