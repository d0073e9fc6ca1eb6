// Which tables and columns a view's definition names.
#pragma once

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

}  // namespace dbomsbak
