#include "engine/view_bases.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_differences.h"
#include "engine/live_names.h"
#include "engine/object_creator.h"

namespace dbomsbak {
namespace {

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

// Asks for what views need off the ground, each thing once.
class Finder {
 public:
  Finder(Session& session, const std::vector<const View*>& known, const StubGround& ground)
      : session_(session), ground_(ground) {
    for (const View* view : known) known_[{view->id.database, view->id.name}] = view;
  }

  // What `view` lacks; empty: nothing that matters here.
  const std::string& Missing(const View& view) {
    const auto [found, fresh] = answers_.try_emplace(&view);
    if (fresh) found->second = Find(view);  // a view that is met again below itself lacks nothing
    return answers_[&view];
  }

 private:
  std::string Find(const View& view) {
    for (const ViewReference& reference : BasesOf(session_, view)) {
      const auto known = known_.find({reference.database, reference.table});
      std::string missing = known != known_.end() ? Missing(*known->second) : MissingIn(reference);
      if (!missing.empty()) return missing;
    }
    for (const auto& [database, name, arguments] : FunctionsOf(session_, view)) {
      if (ground_.MayStandIn(database) || !IsThere(database)) continue;
      if (!FunctionExists(session_, database, name)) {
        return "function " + QuoteQualified(database, name);
      }
    }
    return {};
  }

  std::string MissingIn(const ViewReference& reference) {
    const auto& [database, table, columns] = reference;
    const std::string name = QuoteQualified(database, table);
    const bool kept = ground_.kept_tables.contains({database, table});
    if ((ground_.MayStandIn(database) && !kept) || !IsThere(database)) return {};
    std::string list;
    for (const std::string& column : columns) {
      list += (list.empty() ? "" : ", ") + QuoteIdentifier(column);
    }
    if (!list.empty() && !Lacks(name, list)) return {};
    if (Lacks(name, "1")) return "table or view " + name;
    for (const std::string& column : columns) {
      if (Lacks(name, QuoteIdentifier(column))) {
        return fmt::format("column {} of {}", QuoteIdentifier(column), name);
      }
    }
    return {};
  }

  // The server itself is asked: not all that it knows of a table is in information_schema.
  bool Lacks(const std::string& table, const std::string& columns) {
    try {
      session_.Query(fmt::format("SELECT {} FROM {} LIMIT 0", columns, table));
    } catch (const ServerError& error) {
      if (error.code() == ErrorCode::kConnectionLost) throw;
      return IsMissingBase(error);
    }
    return false;
  }

  bool IsThere(const std::string& database) {
    const auto [found, fresh] = databases_.try_emplace(database);
    if (fresh) found->second = DatabaseExists(session_, database);
    return found->second;
  }

  Session& session_;
  const StubGround& ground_;
  std::map<std::pair<std::string, std::string>, const View*> known_;
  std::map<const View*, std::string> answers_;
  std::map<std::string, bool> databases_;
};

std::vector<const View*> Pointers(const std::vector<Database>& databases,
                                  const std::function<bool(std::size_t, const View&)>& choose) {
  std::vector<const View*> views;
  for (std::size_t i = 0; i < databases.size(); ++i) {
    for (const View& view : databases[i].views) {
      if (choose(i, view)) views.push_back(&view);
    }
  }
  return views;
}

bool Holds(const std::vector<View>& views, const View& wanted) {
  return std::any_of(views.begin(), views.end(), [&](const View& view) {
    return view.id == wanted.id && SameDefinition(view, wanted);
  });
}

}  // namespace

std::vector<ViewReference> BasesOf(Session& session, const View& view) {
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

std::vector<ViewFunction> FunctionsOf(Session& session, const View& view) {
  std::vector<ViewFunction> functions = ViewFunctions(view.create);
  for (auto& [database, name, arguments] : functions) {
    database =
        database.empty() ? view.id.database : ToUtf8(session, database, view.character_set_client);
    name = ToUtf8(session, name, view.character_set_client);
  }
  return functions;
}

bool RelationExists(Session& session, const std::string& database, const std::string& name) {
  return Exists(session, database, name, "TABLES", "TABLE");
}

bool FunctionExists(Session& session, const std::string& database, const std::string& name) {
  return Exists(session, database, name, "ROUTINES", "ROUTINE");
}

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

StubGround LiveGround(const PreparedSet& set) {
  StubGround ground;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    const std::string& live = set.members[i].live;
    ground.databases.insert(live);
    for (const Table& table : set.before[i].tables) {
      const std::vector<std::string>& outgoing = set.outgoing[i];
      if (std::find(outgoing.begin(), outgoing.end(), table.id.name) == outgoing.end()) {
        ground.kept_tables.emplace(live, table.id.name);
      }
    }
  }
  return ground;
}

std::string UnmetView::Describe() const {
  return fmt::format(
      "{} needs {}, which is not there or broken, and lies outside of what is restored, where "
      "nothing is put, not even for a moment",
      view.Describe(), base);
}

std::vector<UnmetView> UnmetViews(Session& session, const std::vector<const View*>& views,
                                  const std::vector<const View*>& known, const StubGround& ground) {
  Finder finder(session, known, ground);
  std::vector<UnmetView> unmet;
  for (const View* view : views) {
    const std::string& missing = finder.Missing(*view);
    if (!missing.empty()) unmet.push_back({view->id, missing});
  }
  return unmet;
}

UnmetSet UnmetViewsOf(Session& session, const PreparedSet& set) {
  const auto all = [](std::size_t, const View&) { return true; };
  const auto in_the_way = [&](std::size_t i, const View& view) {
    const std::vector<std::string>& incoming = set.incoming[i];
    return std::find(incoming.begin(), incoming.end(), view.id.name) != incoming.end();
  };
  const auto changed = [&](std::size_t i, const View& view) {
    return !Holds(set.before[i].views, view);
  };
  const auto goes = [&](std::size_t i, const View& view) {
    return !in_the_way(i, view) && !Holds(set.wanted[i].views, view);
  };
  const StubGround ground = LiveGround(set);
  const std::vector<const View*> before = Pointers(set.before, all);
  UnmetSet unmet;
  unmet.to_create =
      UnmetViews(session, Pointers(set.wanted, changed), Pointers(set.wanted, all), ground);
  for (UnmetView& view : UnmetViews(session, Pointers(set.before, in_the_way), before, ground)) {
    unmet.to_create.push_back(std::move(view));
  }
  unmet.to_undo = UnmetViews(session, Pointers(set.before, goes), before, ground);
  return unmet;
}

}  // namespace dbomsbak
