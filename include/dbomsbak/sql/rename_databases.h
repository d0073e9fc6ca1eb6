// Definitions moved from one database to another by rewriting the database names they carry.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/object_id.h"

namespace dbomsbak {

using DatabaseMap = std::map<std::string, std::string>;  // from → to

// `create` as the server prints it in SHOW CREATE (back-ticked identifiers). Rewrites database
// qualifiers of tables, columns (three-part names), functions and sequences; never touches string
// literals, comments, aliases, or one- and two-part column names. For tables: REFERENCES
// `db`.`t`, nextval(`db`.`s`), UNION=(`db`.`t`). For views: FROM and JOIN lists, three-part
// columns, `db`.`f`(…). Bodies of routines, triggers and events are not rewritten.
std::string RenameDatabases(ObjectKind kind, std::string_view create, const DatabaseMap& map);

// Database names that stand as qualifiers in `create`, each once, in order of appearance.
std::vector<std::string> QualifyingDatabases(ObjectKind kind, std::string_view create);

}  // namespace dbomsbak
