// Which tables and columns a view's definition names.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbomsbak {

struct ViewReference {
  std::string database;  // empty when not qualified
  std::string table;
  std::vector<std::string> columns;  // named through the table or its alias, each once
};

// From a CREATE … VIEW text as SHOW CREATE VIEW prints it. Enough to make stubs over which a view
// whose base is gone can still be created.
std::vector<ViewReference> ViewReferences(std::string_view create_view);

// Stored functions it calls, as (database, empty when not qualified; name), each once. A server
// does not quote the names of its own functions.
std::vector<std::pair<std::string, std::string>> ViewFunctions(std::string_view create_view);

// The names of the view's own columns; none where the text does not begin with a plain SELECT.
std::vector<std::string> ViewColumns(std::string_view create_view);

}  // namespace dbomsbak
