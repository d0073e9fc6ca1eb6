// What of the catalogue a dump is to hold: its scope, and what can be read.
#pragma once

#include <optional>
#include <string>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/dump.h"
#include "engine/dump_set.h"
#include "engine/set_listing.h"

namespace dbomsbak {

// Databases sorted and each once, all of the server's where they are asked for; kinds that a list
// of tables leaves out. Error kUsage when there is nothing to dump.
Scope NormalisedScope(const DumpOptions& options, Session& session, Observer& observer);

// Tables that were asked for by name must be there. Error kUsage.
void RequireNamedTables(const Scope& scope, const Catalog& catalog, Observer& observer);

// Takes out of the catalogue what is not asked for.
void ApplyScope(const Scope& scope, Session& session, Catalog& catalog);

// Tables created behind the snapshot are none of its.
void KeepOnlySnapshot(const NamesNow& names, Catalog& catalog);

// Objects that cannot be read leave the set, or end the dump with the first one's code.
void SettleUnreadable(const DumpOptions& options, const Untouchable& untouchable, DumpSet& set);

// The first table or sequence of the list that the catalogue does not know, not even as one that
// cannot be read: hidden by an ALTER TABLE while it was made, or dropped.
std::optional<std::string> FirstMissing(const NamesNow& names, const Catalog& catalog);

// Lists and catalogue must agree on what is read under lock; the first table whose engine became
// one of the other kind.
std::optional<std::string> FirstOtherEngine(const NamesNow& names, const Catalog& catalog);

}  // namespace dbomsbak
