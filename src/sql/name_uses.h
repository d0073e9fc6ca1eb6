// Where a definition names tables, columns, functions and sequences.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/object_id.h"

namespace dbomsbak {

struct NamePart {
  std::string name;
  std::size_t offset = 0;  // of the text, quotes included
  std::size_t length = 0;
};

// One name of one or more parts, `a`.`b`.`c`.
struct NameUse {
  enum class Role {
    kTable,     // in a FROM list, behind REFERENCES, in UNION=(…), behind ON of a trigger
    kSequence,  // nextval(…) and its kin
    kFunction,  // `db`.`f`(…)
    kObject,    // the object that is created
    kOther,     // columns, mostly
  };
  Role role = Role::kOther;
  std::vector<NamePart> parts;
  std::string alias;      // kTable: the alias, if it has one
  bool is_cte = false;    // kTable: a name that WITH made
  std::size_t scope = 0;  // the SELECT it stands in

  // The part that names a database, nullptr when there is none.
  const NamePart* database() const noexcept;
};

struct NameUses {
  std::vector<NameUse> uses;               // in order of appearance
  std::vector<std::size_t> scope_parents;  // of each SELECT, the one around it; 0 is its own
};

// Of tables, sequences and views all of the text; of triggers the head up to FOR EACH ROW; of the
// other kinds nothing but the name that is created.
NameUses FindNameUses(ObjectKind kind, std::string_view create);

}  // namespace dbomsbak
