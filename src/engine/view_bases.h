// What views are built on, and what of it is missing where no stand-in may be put.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/sql/view_references.h"
#include "dbomsbak/transport/session.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// Tables and functions a view names, in UTF-8 and with no database left out.
std::vector<ViewReference> BasesOf(Session& session, const View& view);
std::vector<ViewFunction> FunctionsOf(Session& session, const View& view);

// Exactly this name.
bool RelationExists(Session& session, const std::string& database, const std::string& name);
bool FunctionExists(Session& session, const std::string& database, const std::string& name);

// What CREATE VIEW says while something it is built on is not there (yet), or broken.
bool IsMissingBase(const ServerError& error);

// Where stubs may stand: in these databases and in those that do not exist. Whatever is in other
// databases, and the kept tables, is not touched, not even for a moment.
struct StubGround {
  std::set<std::string> databases;
  std::set<std::pair<std::string, std::string>> kept_tables;  // of `databases`

  bool MayStandIn(const std::string& database) const { return databases.contains(database); }
  bool MayChange(const std::string& database, const std::string& table) const {
    return MayStandIn(database) && !kept_tables.contains({database, table});
  }
};

// The live databases, but for tables that stay when the set is swapped.
StubGround LiveGround(const PreparedSet& set);

struct UnmetView {
  ObjectId view;
  std::string base;  // "column `c` of `d`.`t`"

  // "view `a`.`v` needs column `c` of `d`.`t`, which …"
  std::string Describe() const;
};

inline constexpr char kUnmetViewHint[] =
    "Create what is missing there until this is through (of any type), or leave the view out when "
    "dumping: --ignore-table DB.VIEW.";

// Those of `views` that a stub would have to stand off the ground for. `known` as ViewBuilder has
// it: views that shall be there, however broken. Asks the server for what is there.
std::vector<UnmetView> UnmetViews(Session& session, const std::vector<const View*>& views,
                                  const std::vector<const View*>& known, const StubGround& ground);

struct UnmetSet {
  std::vector<UnmetView> to_create;  // in the window, or when it is taken back
  std::vector<UnmetView> to_undo;  // views that go, which an undo of the swap would have to create
};
UnmetSet UnmetViewsOf(Session& session, const PreparedSet& set);

}  // namespace dbomsbak
