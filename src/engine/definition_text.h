// What restore must find, or change, in the text of a definition: by tokens, never by pattern.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/base/object_id.h"
#include "dbomsbak/sql/rename_databases.h"

namespace dbomsbak {

// Charsets and collations a definition asks for, lower case, each once. Words inside strings,
// comments and quoted identifiers are not taken for them.
struct DefinitionNeeds {
  std::vector<std::string> charsets;
  std::vector<std::string> collations;
};
DefinitionNeeds NeedsOf(std::string_view create);

// A definition whose head names its object without a database, so that `USE db` decides where it
// goes: "CREATE … TRIGGER db.t … ON db.x" becomes "CREATE … TRIGGER `t` … ON `x`". Servers print
// the head of a trigger as it was typed. Triggers, routines, packages, events and views.
// Error kUnsupported when the head cannot be read: it is a CREATE of just this kind of object, with
// no version comment up to its name, so that no server reads it otherwise.
std::string WithoutHeadDatabase(ObjectKind kind, std::string_view create);

// Is it such a definition, in words that make one of this kind of object and nothing else, and of
// no other database than `database` (in upper or lower case)? `client_charset`: in which a server
// shall read it; `oracle`: under sql_mode ORACLE.
bool MakesProgramOf(const ObjectId& object, std::string_view create,
                    std::string_view client_charset, bool oracle);

// Does the definition of a table or sequence go on with a query that fills it, or with another
// statement? Servers print neither.
bool DoesMoreThanCreate(std::string_view create);

// The statement with another name in the place of the first quoted one: of a table or sequence, as
// servers print CREATE, that is its own.
std::string WithFirstName(std::string_view statement, const std::string& name);

// The same event, DISABLED. Error kUnsupported when the text does not say ENABLE or DISABLE.
std::string WithEventDisabled(std::string_view create_event);

enum class EventState { kEnabled, kDisabled, kDisabledOnReplica };
// What the text says; an event that says nothing is enabled.
EventState EventStateOf(std::string_view create_event);

// The storage engine a table names, as it is written; empty when it names none.
std::string EngineOf(std::string_view create_table);

// Has a table a column of type ENUM or SET?
bool HasEnumColumn(std::string_view create_table);

// Databases that sequences are taken from (`nextval(`db`.`s`)`) rewritten, and nothing else.
std::string WithSequenceDatabases(std::string_view create_table, const DatabaseMap& map);

// Sequences a table takes values from, as (database, name), each once.
std::vector<std::pair<std::string, std::string>> SequencesUsedBy(std::string_view create_table);

// A list of modes without one of them.
std::string WithoutSqlMode(std::string_view modes, std::string_view mode);

// Does a function say DETERMINISTIC, NO SQL or READS SQL DATA? A server with a binary log may ask
// for it.
bool DeclaresItsData(std::string_view create_function);

}  // namespace dbomsbak
