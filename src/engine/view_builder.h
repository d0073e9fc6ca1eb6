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
  // table stands in its place for the moment.
  void Create(const std::vector<const View*>& views, const std::vector<const View*>& known);

  // What a killed run left of its stubs.
  static void DropStubs(Session& session, const std::string& database);

 private:
  void CreateAsPossible(std::vector<const View*>& pending);
  void CreateStubs(const View& view, const std::vector<const View*>& known, unsigned depth);
  void DropStubs();

  Session& session_;
  ObjectCreator& creator_;
  std::function<void(const std::string&)> before_stub_database_;
  std::vector<std::pair<std::string, std::string>> stubs_;
  std::vector<std::string> stub_databases_;
  std::string first_refusal_;
};

}  // namespace dbomsbak
