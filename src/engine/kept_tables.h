// Tables that a restore in place has displaced and not dropped: `__dbomsbak_old_RUN_N`, in a live
// database. They hold what may be nowhere else, and are none of the application's: no restore and
// no dump takes them for that.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

std::string DisplacedTableName(const std::string& run, std::size_t number);
bool IsDisplacedTableName(const std::string& table);

struct KeptTable {
  std::string run, database, table;
  std::string was;      // its name when it was live; empty when nobody has noted it
  std::string created;  // UTC; empty when the server does not tell
  std::uint64_t bytes = 0;

  std::string Describe() const;  // "`d`.`__dbomsbak_old_…` (was `t`)"
};

// Of all databases that the account can see, by run and number; those of a run that is not through
// are among them.
std::vector<KeptTable> FindKeptTables(Session& session);

// Names alone, which costs the server next to nothing. `databases` empty: of all.
std::vector<KeptTable> FindKeptNames(Session& session, const std::vector<std::string>& databases);

// Notes with the table what it was called, in its comment; its own follows, as far as the server
// takes it. May be called again.
void NoteNameOfKept(Session& session, const std::string& database, const std::string& table,
                    const std::string& was);

// Takes them out of what was read of a live database, but for those that somebody (an archive, a
// displaced copy) knows as tables of his own.
void LeaveOutKept(const std::set<std::string>& known, Database& live);

// Foreign keys of tables that stay into these, described: a DROP must not take one along.
std::vector<std::string> KeysIntoKept(Session& session, const std::vector<KeptTable>& tables);

// Drops one, with foreign_key_checks on: a key that nobody has seen keeps it. False: it does.
bool DropKept(Session& session, const ObjectId& table);

}  // namespace dbomsbak
