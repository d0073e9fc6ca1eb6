#include "engine/view_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

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

bool Exists(Session& session, const std::string& database, const std::string& table) {
  const ResultSet found = session.Query(
      fmt::format("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE "
                  "TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                  QuoteString(database), QuoteString(table)));
  for (std::size_t i = 0; i < found.rows.size(); ++i) {
    if (found.Text(i, 0) == database && found.Text(i, 1) == table) return true;
  }
  return false;
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
  for (const View* view : pending) CreateStubs(*view, known, 0);
  CreateAsPossible(pending);
  DropStubs();
  if (pending.empty()) return;
  throw Error(
      ErrorCode::kQueryRefused,
      fmt::format("{} cannot be created: {}", pending.front()->id.Describe(), first_refusal_),
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

void ViewBuilder::CreateStubs(const View& view, const std::vector<const View*>& known,
                              unsigned depth) {
  if (depth > kMaxDepth) return;
  for (ViewReference& reference : ViewReferences(view.create)) {
    for (std::string* name : {&reference.database, &reference.table}) {
      *name = ToUtf8(session_, *name, view.character_set_client);
    }
    const std::string& database =
        reference.database.empty() ? view.id.database : reference.database;
    // A view that shall be there is no stub's place; what it lacks in its turn is.
    const auto base = std::find_if(known.begin(), known.end(), [&](const View* other) {
      return other->id.database == database && other->id.name == reference.table;
    });
    if (base != known.end()) {
      CreateStubs(**base, known, depth + 1);
      continue;
    }
    if (Exists(session_, database, reference.table)) continue;
    if (!DatabaseExists(session_, database)) {
      before_stub_database_(database);
      session_.Execute("CREATE DATABASE " + QuoteIdentifier(database));
      stub_databases_.push_back(database);
    }
    std::string columns;
    for (const std::string& column : reference.columns) {
      columns += fmt::format("{}{} INT", columns.empty() ? "" : ", ",
                             QuoteIdentifier(ToUtf8(session_, column, view.character_set_client)));
    }
    session_.Execute(
        fmt::format("CREATE TABLE {} ({}) COMMENT={}", QuoteQualified(database, reference.table),
                    columns.empty() ? "`stub` INT" : columns, QuoteString(kStubComment)));
    stubs_.emplace_back(database, reference.table);
  }
}

void ViewBuilder::DropStubs() {
  for (const auto& [database, table] : stubs_) {
    session_.Execute("DROP TABLE " + QuoteQualified(database, table));
  }
  stubs_.clear();
  for (const std::string& database : stub_databases_) {
    if (ReadLiveNames(session_, database).HoldsNothing()) {
      session_.Execute("DROP DATABASE " + QuoteIdentifier(database));
    }
  }
  stub_databases_.clear();
}

void ViewBuilder::DropStubs(Session& session, const std::string& database) {
  const ResultSet stubs = session.Query(
      fmt::format("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND "
                  "TABLE_COMMENT = {} AND TABLE_TYPE <> 'VIEW'",
                  QuoteString(database), QuoteString(kStubComment)));
  for (std::size_t i = 0; i < stubs.rows.size(); ++i) {
    session.Execute("DROP TABLE IF EXISTS " + QuoteQualified(database, stubs.Text(i, 0)));
  }
}

}  // namespace dbomsbak
