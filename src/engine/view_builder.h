// Creates views in an order that works, and those whose base is gone all the same.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/transport/session.h"
#include "engine/object_creator.h"

namespace dbomsbak {

// `session` and `creator` must outlive it; one thread.
class ViewBuilder {
 public:
  // `before_stub_database` is told before a database that a view names, but that does not exist, is
  // created for the moment.
  ViewBuilder(Session& session, ObjectCreator& creator,
              std::function<void(const std::string&)> before_stub_database);

  // Creates or replaces `views` in their databases (View::id). `known`: all views that shall be
  // there, so that a broken view on a broken view is understood. Where a base is missing, a stub
  // (table, function, column of a table, a view in another's place) stands in for the moment.
  // Error kQueryRefused when a view cannot be created all the same.
  void Create(const std::vector<const View*>& views, const std::vector<const View*>& known);

  // Throws away what a killed run left of its stubs, but for views in another's place.
  static void DropStubs(Session& session, const std::string& database);

 private:
  struct Stub {
    std::string database, name;
  };
  struct LentColumn {
    std::string database, table, column;
  };

  void CreateAsPossible(std::vector<const View*>& pending);
  // Whatever a view names that is not there at all.
  void StandIn(const View& view, const std::vector<const View*>& known, unsigned depth);
  void StandInForTable(const std::string& database, const std::string& table,
                       const std::vector<std::string>& columns);
  void StandInForFunctions(const View& view);
  // What is there, but lacks columns.
  void LendColumns(const std::vector<const View*>& pending, const std::vector<const View*>& known);
  void TakeStubsAway();

  Session& session_;
  ObjectCreator& creator_;
  std::function<void(const std::string&)> before_stub_database_;
  std::vector<Stub> stub_tables_, stub_functions_;
  std::vector<std::string> stub_databases_;
  std::vector<LentColumn> lent_columns_;
  std::vector<const View*> lent_views_;  // to be created anew as they shall be
  std::string first_refusal_;
};

}  // namespace dbomsbak
