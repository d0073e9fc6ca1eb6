// Foreign keys as SHOW CREATE TABLE prints them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

struct ForeignKeyLine {
  std::string name;
  std::string parent_database;  // empty: the child's own
  std::string parent_table;
  std::string definition;  // CONSTRAINT … REFERENCES …, without the comma behind
};

// In the order of the text, which is the server's own: one line a key.
std::vector<ForeignKeyLine> ForeignKeyLines(std::string_view create_table);

}  // namespace dbomsbak
