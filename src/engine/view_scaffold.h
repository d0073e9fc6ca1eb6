// What must stand around the CREATE of a broken view, so that a server takes it: stand-ins for what
// it lacks, which go again behind it. Pure text.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

// What will be there when a broken view is created. Names as (database, name).
struct ViewSurroundings {
  using Name = std::pair<std::string, std::string>;

  std::set<std::string> databases;  // those of the dump
  // Of tables and of sound views: each column by its name in lower case, as it is written.
  std::map<Name, std::map<std::string, std::string>> tables, views;
  std::map<Name, const View*> broken;  // views that are made before
  std::set<Name> functions;            // in lower case; those of other databases, too

  // All but `broken` and `functions`.
  static ViewSurroundings Of(const Catalog& catalog);
  void AddFunction(const std::string& database, const std::string& name);
};

struct ViewScaffold {
  std::string before, after;
};

// What everything that only stands in is marked with: the comment of a table, column or function.
inline constexpr std::string_view kStubComment = "dbomsbak stub";

// CREATE FUNCTION of one that stands in for another. Some servers count a call's arguments when a
// view is made; none looks at their types or at that of the answer.
std::string StubFunction(std::string_view quoted_name, std::size_t arguments);

// Also for views that are built on other broken ones, which must be sound for that moment. To be
// run under the view's charsets, because names are in the bytes of its definition.
ViewScaffold ScaffoldFor(const View& view, const ViewSurroundings& there);

}  // namespace dbomsbak
