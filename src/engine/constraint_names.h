// FOREIGN KEY and CHECK constraints under another name, for servers where the names of a database's
// constraints must not meet in a RENAME between databases: what is to go live carries other names
// until it is there.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"
#include "engine/server_journal.h"

namespace dbomsbak {

struct Constraint {
  std::string name;
  bool foreign_key = false;
  std::string definition;  // what follows the name: FOREIGN KEY (…) …, CHECK (…)
};

// Constraints that tables have lost, by database and table.
using TakenConstraints = std::map<std::pair<std::string, std::string>, std::vector<Constraint>>;

// Named FOREIGN KEY and CHECK constraints of a table, in the order of the text.
std::vector<Constraint> ConstraintsOf(std::string_view create_table);

// A table that can be made before those of other databases, and the foreign keys it is to get when
// they are there: the first that names another database and all behind it, for their order counts.
struct LateKeys {
  std::string create;
  std::vector<std::string> keys;  // CONSTRAINT `f` FOREIGN KEY …
};
LateKeys WithoutLateKeys(std::string_view create_table);

// The table without the foreign keys of these names.
std::string WithoutForeignKeys(std::string_view create_table, const std::set<std::string>& names);
// Without any of ConstraintsOf.
std::string WithoutConstraints(std::string_view create_table);

// The other name. It ends in one word; where name and word exceed 64 characters the name is cut and
// given a hash.
std::string StagedConstraintName(std::string_view name);
bool IsStagedConstraintName(std::string_view name);
bool IsCutConstraintName(std::string_view staged);

// The name of a foreign key's twin (see KeyTwins), cut in the same way. Never one of the above.
std::string TwinConstraintName(std::string_view name);

// The table with all its constraints under their other names.
std::string WithStagedConstraintNames(std::string_view create_table);

// Which constraints of these tables carry names of the other kind than `staged` asks for?
bool ConstraintNamesAre(Session& session, const std::string& database,
                        const std::vector<std::string>& tables, bool staged);

// Gives all constraints of these tables their other names (`staged`), or their own again. Each new
// one is there before the old one goes. Safe to be killed and called again, with either `staged`:
// the order of their making, which OceanBase shows, is kept. Full names of those that are cut are
// kept in the journal.
void SetConstraintNames(Session& session, const ServerTraits& traits, const std::string& database,
                        const std::vector<std::string>& tables, bool staged,
                        ServerJournal& journal);

// Leaves word of the names that WithStagedConstraintNames cuts.
void NoteCutConstraintNames(std::string_view create_table, ServerJournal& journal);

// Step of a note; its payload is the full name.
inline constexpr char kNoteConstraint[] = "constraint";

}  // namespace dbomsbak
