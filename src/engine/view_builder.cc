#include "engine/view_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "engine/live_names.h"

namespace dbomsbak {
namespace {

// A view on a view on a view: deeper than any server lets them be nested.
constexpr unsigned kMaxDepth = 64;

const View* FindView(const std::vector<const View*>& views, const std::string& database,
                     const std::string& name) {
  for (const View* view : views) {
    if (view->id.database == database && view->id.name == name) return view;
  }
  return nullptr;
}

}  // namespace

ViewBuilder::ViewBuilder(Session& session, ObjectCreator& creator, JournalStore& journal,
                         StubGround ground)
    : session_(session), creator_(creator), journal_(journal), ground_(std::move(ground)) {}

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
  if (!pending.empty()) Refuse(pending, known, refusal);
}

void ViewBuilder::Refuse(const std::vector<const View*>& pending,
                         const std::vector<const View*>& known, const std::string& refusal) {
  const std::vector<UnmetView> unmet = UnmetViews(session_, pending, known, ground_);
  if (!unmet.empty()) {
    throw Error(ErrorCode::kRestorePreflight, unmet.front().Describe(), kUnmetViewHint);
  }
  throw Error(
      ErrorCode::kQueryRefused,
      fmt::format("{} cannot be created: {}", pending.front()->id.Describe(), refusal),
      "Something it is built on is there, but not as the view needs it: put that right, or leave "
      "the view out when dumping: --ignore-table DB.VIEW.");
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

void ViewBuilder::Make(const Stub& stub) {
  MakeStub(session_, journal_, stub);
  stubs_.push_back(stub);
}

void ViewBuilder::StandIn(const View& view, const std::vector<const View*>& known, unsigned depth) {
  if (depth > kMaxDepth) return;
  for (const ViewReference& reference : BasesOf(session_, view)) {
    // A view that shall be there is no stub's place; what it lacks in its turn is.
    if (const View* base = FindView(known, reference.database, reference.table)) {
      StandIn(*base, known, depth + 1);
    } else if (!RelationExists(session_, reference.database, reference.table)) {
      StandInForTable(reference);
    }
  }
  StandInForFunctions(view);
}

void ViewBuilder::StandInForTable(const ViewReference& reference) {
  const std::string& database = reference.database;
  if (!DatabaseExists(session_, database)) {
    Make({Stub::Kind::kDatabase, database, {}, {}});
    ground_.databases.insert(database);
  }
  if (!ground_.MayStandIn(database)) return;
  Make({Stub::Kind::kTable, database, reference.table, reference.columns});
}

void ViewBuilder::StandInForFunctions(const View& view) {
  for (const auto& [database, name, arguments] : FunctionsOf(session_, view)) {
    if (!ground_.MayStandIn(database) || !DatabaseExists(session_, database) ||
        FunctionExists(session_, database, name)) {
      continue;
    }
    std::vector<std::string> parameters;
    for (std::size_t i = 0; i < arguments; ++i) parameters.push_back(fmt::format("a{}", i));
    Make({Stub::Kind::kFunction, database, name, std::move(parameters)});
  }
}

void ViewBuilder::LendColumns(const std::vector<const View*>& pending,
                              const std::vector<const View*>& known) {
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> needed;
  for (const View* view : pending) {
    for (const ViewReference& reference : BasesOf(session_, *view)) {
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
    if (!ground_.MayChange(database, table)) continue;
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
      NoteLentView(journal_, view->id);
      lent_views_.push_back(view);
      session_.Execute(fmt::format("CREATE OR REPLACE VIEW {} AS SELECT {}",
                                   QuoteQualified(database, table), list));
      continue;
    }
    for (const std::string& column : missing) {
      Make({Stub::Kind::kColumn, database, table, {column}});
    }
  }
}

void ViewBuilder::TakeStubsAway() {
  const std::vector<const View*> views = std::exchange(lent_views_, {});
  for (const View* view : views) {
    creator_.Create(view->id.database, SettingsOf(*view), WithOrReplace(view->create));
  }
  if (!views.empty()) NoteLentViewsBack(journal_);
  DropStubs(session_, journal_, std::exchange(stubs_, {}));
}

}  // namespace dbomsbak
