// FOREIGN KEY and CHECK constraints in the text of SHOW CREATE TABLE.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

struct NamedConstraint {
  std::string name;
  std::size_t name_offset = 0, name_length = 0;  // in the text, quotes included
  bool foreign_key = false;
  std::size_t item_offset = 0;                               // of CONSTRAINT
  std::size_t definition_offset = 0, definition_length = 0;  // what follows the name, to the comma
};

// CONSTRAINT `name` FOREIGN KEY … and CONSTRAINT `name` CHECK … of the table, in order. Found by
// tokens: strings, comments and names are not taken for them.
std::vector<NamedConstraint> FindNamedConstraints(std::string_view create_table);

// Names that servers give to constraints which have none: `t_ibfk_1`, `CONSTRAINT_1`, `t_chk_1` …
bool IsAutomaticConstraintName(std::string_view name, std::string_view table);

}  // namespace dbomsbak
