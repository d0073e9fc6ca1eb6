// Foreign keys as SHOW CREATE TABLE prints them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

struct ForeignKeyLine {
  std::string name;
  std::string parent_database;  // empty: the child's own
  std::string parent_table;
  std::string definition;  // CONSTRAINT … REFERENCES …, without the comma behind
  std::size_t between_offset = 0, between_length = 0;  // ` FOREIGN KEY (…) REFERENCES ` in it
  std::size_t rest_offset = 0;                         // what stands behind the parent's name

  // The same key under another name, into the table of its parent's name in `database`.
  std::string Pointing(std::string_view other_name, const std::string& database) const;
};

// In the order of the text, which is the server's own: one line a key.
std::vector<ForeignKeyLine> ForeignKeyLines(std::string_view create_table);

}  // namespace dbomsbak
