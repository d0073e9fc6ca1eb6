// The keys that a SHOW CREATE TABLE text declares, found by tokens, never by pattern. Pure
// functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// PRIMARY KEY (…), UNIQUE KEY `u` (…) …, KEY `k` (…) … as they stand. FULLTEXT, SPATIAL and VECTOR
// keys, and constraints, are none of these.
struct DeclaredKey {
  std::string name;                  // PRIMARY for the primary key
  std::vector<std::string> columns;  // in order; of whole columns alone
  bool unique = false;               // the primary key as well
  // Every part is a whole column: no prefix, no expression.
  bool whole_columns = true;
  bool visible = true;  // INVISIBLE and IGNORED ones are kept from the optimizer
  bool hash = false;    // USING HASH: rows do not lie in its order
};
std::vector<DeclaredKey> DeclaredKeys(std::string_view create_table);

// A key that can be made when the rows are there.
struct PlainKey {
  std::string name;
  std::string definition;  // KEY `k` (…) …
};

// A table without those plain keys that ALTER TABLE … ADD can make later, in this order, so that
// the server prints the same table again: KEYs of whole columns or prefixes behind which no key of
// another kind stands. None of a table with foreign keys, which may need them, and none from an
// AUTO_INCREMENT column on.
struct TableAndPlainKeys {
  std::string create;
  std::vector<PlainKey> keys;
};
TableAndPlainKeys WithoutPlainKeys(std::string_view create_table);

}  // namespace dbomsbak
