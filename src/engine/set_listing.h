// The tables of a set by name: what came or went around the snapshot shows here.
#pragma once

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

// A table with transactions that was there at the snapshot, though not listed around it: `session`
// has the snapshot still. "`d`.`t` (hidden by an ALTER TABLE)". Where it is locked, nobody can
// tell, and it counts.
std::optional<std::string> FirstHiddenTable(const NameSet& listed, const Scope& scope,
                                            const ServerTraits& traits, Session& session);

}  // namespace dbomsbak
