// The tables of a set by name: what came or went around the snapshot shows here.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"
#include "engine/table_touch.h"

namespace dbomsbak {

using NameSet = std::set<QualifiedName>;

// Tables and sequences by name; views have nothing to touch.
struct NamesNow {
  NameSet all;    // with views
  NameSet shown;  // as ListNamesOnly tells them
  NameSet tables;
  NameSet non_transactional;  // of these
  NameSet sequences;
  NameSet pins;                  // of the tables: those with transactions, of one engine
  bool several_engines = false;  // there are tables with transactions of another engine, too
  bool any_view = false;
};

NamesNow ListNames(Session& session, const ServerTraits& traits, const Scope& scope);

// Names alone, which costs the server next to nothing: to be compared with each other only, for a
// server may list something here that it does not list there.
NameSet ListNamesOnly(Session& session, const ServerTraits& traits, const Scope& scope);

// "`d`.`t` (dropped)", or (created): the first that only one of them has.
std::optional<std::string> FirstDifference(const NameSet& before, const NameSet& after);

// What came or went since `before`; only names, and those that `catalog` tells. `reader`
// has the snapshot (`read_as_of` names it in a SELECT): what it does not see came behind it.
std::optional<std::string> FirstNewName(const NamesNow& before, const Scope& scope,
                                        const ServerTraits& traits, const Catalog& catalog,
                                        Session& session, Session& reader,
                                        const std::string& read_as_of);

// Statements that may hide a table for some milliseconds.
struct AltersSoFar {
  std::string begun;        // by the server, ever: to be compared only
  bool others_run = false;  // some statement of another session, perhaps such a one
  std::chrono::steady_clock::time_point at;
};

// Where status can be asked without any privilege: not on OceanBase.
AltersSoFar CountAlters(Session& session);

// A table that is there soon behind the snapshot, though it was not listed around it: created, or
// hidden then, which nobody can tell, for it has a new definition in either case. `session` sees
// what is there now; `before` was counted before the list was made. Where no statement ran that
// hides a table, it is not even looked for; else that takes as long as one may be hidden, or until
// no other statement runs.
std::optional<std::string> FirstTableBack(const NameSet& listed, const AltersSoFar& before,
                                          const Scope& scope, const ServerTraits& traits,
                                          Session& session);

// Later: a table with transactions that was there at the snapshot, though not listed around it:
// "`d`.`t` (hidden by an ALTER TABLE)". `session` sees what is there now (information_schema of
// MySQL 8 and later is of the snapshot of who asks), `reader` has the snapshot still. Where it is
// locked, nobody can tell, and it counts.
std::optional<std::string> FirstHiddenTable(const NameSet& listed, const Scope& scope,
                                            const ServerTraits& traits, Session& session,
                                            Session& reader);

}  // namespace dbomsbak
