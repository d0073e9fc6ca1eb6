// A restore without databases of its own: tables are loaded into the live databases, under names of
// this program, and one RENAME there swaps them with what is live. What then is displaced goes when
// it holds nothing that the safety dump does not.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/kept_tables.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// `__dbomsbak_new_RUN_N`, as DisplacedTableName: short, whatever a table is called.
std::string LoadedTableName(const std::string& run, std::size_t number);

// Did this run put a table of that name into a live database, or the journal?
bool IsTableOfRun(const std::string& table, const std::string& run);

// What a server can do within one database. LOCK TABLES is left out: it would have to name tables
// that only the RENAME gives their names.
ServerTraits InPlaceTraits(ServerTraits traits);

// Foreign keys have names of the database's, which those of live tables have: all of them wait for
// the window. What is restored must be archives: kRestorePreflight for a plain dump.
void PrepareInPlace(RestoreContent& content);

// The names that the set's incoming tables get beside the live ones.
void NameStagedTables(const PreparedSet& set, std::vector<RestoreMember>& members);

// What stands against it, and what it gives up, in words for a plan. `unread`: UnreadJournals.
std::vector<std::string> InPlaceProblems(const PreparedSet& set,
                                         const std::vector<RestoreMember>& members,
                                         const RestoreFacts& facts,
                                         const std::map<std::string, std::string>& unread);
std::vector<std::string> InPlaceWarnings(const RestoreContent& content, const ServerTraits& traits);

// Databases in which a table may be the journal of an interrupted run, which nobody could tell: and
// why.
std::map<std::string, std::string> UnreadJournals(Session& session,
                                                  const std::vector<RestoreMember>& members);

// Takes what the run, whose journal stands in `holder`, has put there out of what was read of live
// databases.
void LeaveOutRun(const std::string& run, const std::string& holder, Catalog& live);

// Objects whose definitions have changed between the two looks, described.
std::vector<std::string> ChangedBetween(const std::vector<Database>& before,
                                        const std::vector<Database>& now);

// Views, routines, triggers and events among them.
std::vector<std::string> ProgramsChangedBetween(const std::vector<Database>& before,
                                                const std::vector<Database>& now);

// Views, routines and events, as `live` tells of them behind the RENAME, that are neither what was
// looked at before nor what is wanted: somebody made them meanwhile, and they are in no safety
// dump. Described with their definitions, one text each.
std::vector<std::string> MadeMeanwhile(const PreparedSet& set, const std::vector<Database>& live);

// The set as FindOrphans takes it: the loaded tables' keys to tables that stay.
PreparedSet WithKeysToStaying(const PreparedSet& set);

// The safety dump's content as ProveRows and CompareSequences take it: of the displaced tables.
struct DisplacedProof {
  RestoreContent content;
  std::vector<RestoreMember> members;
};
// False where the dump does not hold just the set's outgoing tables.
bool MakeDisplacedProof(const PreparedSet& set, const RestoreContent& safety,
                        DisplacedProof& proof);

// What of the displaced tables and sequences, as `live` tells of them, has another definition or
// value than in the safety dump: one line each. Constraints are compared as the window found them,
// for it took them off.
std::vector<std::string> DisplacedDifferences(const PreparedSet& set, const RestoreContent& safety,
                                              const Catalog& live, const TakenConstraints& taken);

// Behind the swap, and safe to be called again after a kill. What was live is dropped, but for what
// a foreign key of another table needs, or where there is a `reason` to keep it: then it stays, as
// tables of KeptTable, and is told. The journal goes last. Errors: kNeedsHelp, kConnectionLost.
void EndInPlace(Session& session, const ServerTraits& traits, const PreparedSet& set,
                ServerJournal& journal, const std::string& reason, Observer& observer);

// Loaded tables of a run that swapped nothing, and its journal; no other's.
void SweepInPlace(Session& session, const std::string& run,
                  const std::vector<std::string>& databases);

// What a run in place left in live databases.
struct InPlaceRun {
  std::string holder;  // the database its journal stands in
  std::string run;
  std::vector<std::string> databases;
  std::string created;    // UTC
  bool swapping = false;  // the window has been opened
  bool dropping = false;  // it is closed, and what is displaced goes
  bool finished = false;  // it is closed
  PreparedSet set;        // with `swapping`
};
std::vector<InPlaceRun> FindInPlaceRuns(Session& session);

// Behind its RENAME.
bool AllTablesSwapped(Session& session, const InPlaceRun& run);
// Ends a run that swapped all tables and cannot be finished for `reason`: what it displaced is
// kept.
HealedSet GiveUpInPlace(Session& session, const ServerTraits& traits, const InPlaceRun& found,
                        const std::string& reason, Observer& observer);

// Finishes it, or takes it back, with a session that holds the RestoreLock.
HealedSet HealInPlace(Session& session, const ServerTraits& traits, const InPlaceRun& found,
                      Observer& observer);

}  // namespace dbomsbak
