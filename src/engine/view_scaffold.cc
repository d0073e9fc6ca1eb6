#include "engine/view_scaffold.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/view_references.h"

namespace dbomsbak {
namespace {

using Name = ViewSurroundings::Name;
using Columns = std::map<std::string, std::string>;  // by their names in lower case

// Runs one of two statements: `then` where `condition` of information_schema.`list` finds
// something.
std::string Conditional(std::string_view list, std::string_view condition, std::string_view found,
                        std::string_view otherwise) {
  return fmt::format(
      "SET @dbomsbak_sql = (SELECT IF(COUNT(*) > 0, {}, {}) FROM information_schema.{} WHERE {});\n"
      "PREPARE dbomsbak_stub FROM @dbomsbak_sql;\nEXECUTE dbomsbak_stub;\n"
      "DEALLOCATE PREPARE dbomsbak_stub;\n",
      QuoteString(found), QuoteString(otherwise), list, condition);
}

class Builder {
 public:
  Builder(const View& view, const ViewSurroundings& there)
      : home_(view.id.database), there_(there) {
    Gather(view);
  }

  ViewScaffold Build() {
    for (const auto& [name, columns] : tables_) PlaceTable(name, columns);
    for (const auto& [name, arguments] : functions_) PlaceFunction(name, arguments);
    return std::move(scaffold_);
  }

 private:
  // What the view needs, and what broken views under it need.
  void Gather(const View& view) {
    if (!seen_.insert({view.id.database, view.id.name}).second) return;
    const auto own = [&](const std::string& database) {
      return database.empty() ? view.id.database : database;
    };
    for (const ViewReference& reference : ViewReferences(view.create)) {
      const Name name{own(reference.database), reference.table};
      tables_[name].insert(reference.columns.begin(), reference.columns.end());
      const auto broken = there_.broken.find(name);
      if (broken != there_.broken.end()) Gather(*broken->second);
    }
    for (const ViewFunction& function : ViewFunctions(view.create)) {
      functions_.insert({{own(function.database), function.name}, function.arguments});
    }
  }

  std::string Quoted(const Name& name) const {
    return name.first == home_ ? QuoteIdentifier(name.second)
                               : QuoteQualified(name.first, name.second);
  }

  void Add(const std::string& before, const std::string& after) {
    scaffold_.before += before;
    scaffold_.after = after + scaffold_.after;
  }

  void PlaceTable(const Name& name, const std::set<std::string>& needed) {
    if (const auto table = there_.tables.find(name); table != there_.tables.end()) {
      LendColumns(name, Lacking(table->second, needed));
    } else if (const auto view = there_.views.find(name); view != there_.views.end()) {
      PlaceView(name, view->second, needed);
    } else if (const auto broken = there_.broken.find(name); broken != there_.broken.end()) {
      Columns columns;
      for (std::string& column : ViewColumns(broken->second->create)) {
        std::string lower = LowerAscii(column);
        columns.emplace(std::move(lower), std::move(column));
      }
      // Where its text does not tell them it is believed to fit.
      if (!columns.empty()) PlaceView(name, std::move(columns), needed);
    } else {
      PlaceStub(name, Lacking({}, needed));
    }
  }

  static Columns Lacking(const Columns& there, const std::set<std::string>& needed) {
    Columns lacking;
    for (const std::string& column : needed) {
      std::string lower = LowerAscii(column);
      if (!there.contains(lower)) lacking.emplace(std::move(lower), column);
    }
    return lacking;
  }

  static std::string ColumnList(const Columns& columns) {
    std::string list;
    for (const auto& [lower, column] : columns) {
      list += fmt::format("{}{} int", list.empty() ? "" : ", ", QuoteIdentifier(column));
    }
    return list.empty() ? "`stub` int" : list;
  }

  // Nothing of that name was there. What is there all the same, where the text is loaded, stays.
  void PlaceStub(const Name& name, const Columns& columns) {
    PlaceDatabase(name.first);
    const std::string quoted = Quoted(name);
    const std::string schema = name.first == home_ ? "DATABASE()" : QuoteString(name.first);
    Add(fmt::format("CREATE TABLE IF NOT EXISTS {} ({}) COMMENT={};\n", quoted, ColumnList(columns),
                    QuoteString(kStubComment)),
        Conditional("TABLES",
                    fmt::format("TABLE_SCHEMA = {} AND TABLE_NAME = {} AND TABLE_COMMENT = {}",
                                schema, QuoteString(name.second), QuoteString(kStubComment)),
                    "DROP TABLE " + quoted, "DO 0"));
  }

  // The rows stay where they are, and so do triggers. (A table renamed for the moment would have
  // its triggers' text written anew, and be missed where the text is not run to its end.)
  void LendColumns(const Name& name, const Columns& columns) {
    if (columns.empty()) return;
    std::string add, drop;
    for (const auto& [lower, column] : columns) {
      const std::string_view comma = add.empty() ? "" : ", ";
      add += fmt::format("{}ADD COLUMN {} int COMMENT {}", comma, QuoteIdentifier(column),
                         QuoteString(kStubComment));
      drop += fmt::format("{}DROP COLUMN {}", comma, QuoteIdentifier(column));
    }
    const std::string keep = "/*M!100303 SET SESSION system_versioning_alter_history={} */;\n";
    Add(fmt::format(fmt::runtime(keep), "KEEP") +
            fmt::format("ALTER TABLE {} {};\n", Quoted(name), add),
        fmt::format("ALTER TABLE {} {};\n", Quoted(name), drop) +
            fmt::format(fmt::runtime(keep), "ERROR"));
  }

  // A view that lacks columns stands aside for one with its own and those. (Over a table the server
  // would write the text of the view on top in another way.)
  void PlaceView(const Name& name, Columns columns, const std::set<std::string>& needed) {
    Columns lacking = Lacking(columns, needed);
    if (lacking.empty()) return;
    columns.merge(lacking);
    std::string list;
    for (const auto& [lower, column] : columns) {
      list += fmt::format("{}1 AS {}", list.empty() ? "" : ", ", QuoteIdentifier(column));
    }
    const std::string quoted = Quoted(name);
    const std::string aside = Quoted({name.first, fmt::format("__dbomsbak_aside_{}", ++aside_)});
    Add(fmt::format("RENAME TABLE {} TO {};\nCREATE VIEW {} AS SELECT {};\n", quoted, aside, quoted,
                    list),
        fmt::format("DROP VIEW {};\nRENAME TABLE {} TO {};\n", quoted, aside, quoted));
  }

  void PlaceDatabase(const std::string& database) {
    if (there_.databases.contains(database) || !placed_databases_.insert(database).second) return;
    const std::string quoted = QuoteIdentifier(database);
    const std::string made = fmt::format("@dbomsbak_made_{}", placed_databases_.size());
    Add(Conditional("SCHEMATA", "SCHEMA_NAME = " + QuoteString(database), "DO 0",
                    "CREATE DATABASE " + quoted) +
            fmt::format("SET {} = @dbomsbak_sql <> 'DO 0';\n", made),
        Conditional("SCHEMATA", fmt::format("{} AND SCHEMA_NAME = {}", made, QuoteString(database)),
                    "DROP DATABASE " + quoted, "DO 0"));
  }

  void PlaceFunction(const Name& name, std::size_t arguments) {
    if (there_.functions.contains({name.first, LowerAscii(name.second)})) return;
    PlaceDatabase(name.first);
    Add(StubFunction(Quoted(name), arguments) + ";\n",
        fmt::format("DROP FUNCTION {};\n", Quoted(name)));
  }

  const std::string home_;
  const ViewSurroundings& there_;
  std::set<Name> seen_;
  std::map<Name, std::set<std::string>> tables_;
  std::map<Name, std::size_t> functions_;  // with the number of arguments
  std::set<std::string> placed_databases_;
  unsigned aside_ = 0;
  ViewScaffold scaffold_;
};

}  // namespace

ViewSurroundings ViewSurroundings::Of(const Catalog& catalog) {
  ViewSurroundings there;
  for (const Database& database : catalog.databases) {
    there.databases.insert(database.name);
    for (const Table& table : database.tables) {
      Columns& columns = there.tables[{database.name, table.id.name}];
      for (const Column& column : table.columns)
        columns.emplace(LowerAscii(column.name), column.name);
    }
    for (const View& view : database.views) {
      if (view.broken) continue;
      Columns& columns = there.views[{database.name, view.id.name}];
      for (const std::string& column : view.columns) columns.emplace(LowerAscii(column), column);
    }
  }
  return there;
}

void ViewSurroundings::AddFunction(const std::string& database, const std::string& name) {
  functions.insert({database, LowerAscii(name)});
}

std::string StubFunction(std::string_view quoted_name, std::size_t arguments) {
  std::string list;
  for (std::size_t i = 0; i < arguments; ++i) {
    list += fmt::format("{}a{} longblob", i == 0 ? "" : ", ", i);
  }
  return fmt::format("CREATE FUNCTION {}({}) RETURNS int DETERMINISTIC COMMENT {} RETURN 1",
                     quoted_name, list, QuoteString(kStubComment));
}

ViewScaffold ScaffoldFor(const View& view, const ViewSurroundings& there) {
  return Builder(view, there).Build();
}

}  // namespace dbomsbak
