// What a server and an account are like, as far as a restore depends on it. Asked before anything
// changes, then only read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/definition_traits.h"
#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/restore.h"
#include "engine/outside_references.h"
#include "engine/set_swap.h"
#include "engine/view_bases.h"

namespace dbomsbak {

// One database of the set, under all its names.
struct RestoreMember {
  std::string archived;   // in the archive
  std::string live;       // what applications use
  std::string staging;    // where it is loaded
  std::string displaced;  // where what is live now goes
  bool exists = false;    // live, now
  // Where staging is the live database: the names that tables of the archive have there.
  std::map<std::string, std::string> staged_tables = {};

  bool in_place() const { return staging == live; }
  const std::string& StagedTable(const std::string& table) const {
    const auto found = staged_tables.find(table);
    return found == staged_tables.end() ? table : found->second;
  }
};

// Place of the one that is called `archived` in the archive. Error kInternal when there is none.
std::size_t PlaceOf(const std::vector<RestoreMember>& members, const std::string& archived);

struct RestoreFacts {
  ServerTraits traits;
  DefinitionTraits definitions;
  std::string account;  // CURRENT_USER()
  Privileges privileges;
  std::set<std::string> databases;  // all the account can see
  // Lower case, as the server lists them.
  std::set<std::string> charsets, collations, engines;
  // user@host; empty when the account may not see them.
  std::optional<std::set<std::string>> accounts;
  std::set<std::string> guarded_definers;  // see GuardedDefiners()
  InboundKeys keys_into_set;
  std::vector<std::string> sessions;  // other sessions in databases of the set
  std::vector<Leftover> leftovers;
  bool innodb_read_only = false;
  bool binlog_filtered = false;   // binlog_do_db or binlog_ignore_db
  bool copies_own_files = false;  // see CopiesWithinDataFolder(); asked where DDL is not atomic
  bool trusts_function_creators = true;
  std::optional<std::uint64_t>
      free_bytes;        // where the server keeps its data, if it is this machine
  Catalog live;          // of the members that exist
  UnmetSet unmet_views;  // the caller fills it in, when the set is made
  // Keys that are left behind and shall point to what is restored; nullopt: none shall. Likewise.
  std::optional<std::vector<KeyDefinition>> repointed_keys;
  // What the server said of definitions, see Refusals(); the caller fills it in.
  std::map<ObjectId, std::vector<std::string>> refusals;
};

// Other clients' sessions in live databases of the set, described.
std::vector<std::string> SessionsIn(Session& session, const std::vector<RestoreMember>& members);

// What stays as it is while the server runs: traits, definitions, charsets, collations, engines.
RestoreFacts ReadServerFacts(Session& session);

// Everything else, as it is now. `members` with their live names; `exists` is filled in here.
// `definers`: of the objects that shall be there.
void ReadFactsOfNow(Session& session, std::vector<RestoreMember>& members,
                    const std::set<std::string>& definers, RestoreFacts& facts);

}  // namespace dbomsbak
