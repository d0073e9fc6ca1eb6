// Which tables and columns a view's definition names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
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

struct ViewFunction {
  std::string database;  // empty when not qualified
  std::string name;
  std::size_t arguments = 0;
};

// Stored functions it calls, each once. A server does not quote the names of its own functions.
std::vector<ViewFunction> ViewFunctions(std::string_view create_view);

// The names of the view's own columns; none where the text does not begin with a plain SELECT.
std::vector<std::string> ViewColumns(std::string_view create_view);

}  // namespace dbomsbak
