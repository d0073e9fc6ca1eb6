// Names of the databases a restore works in.
#pragma once

#include <string>

namespace dbomsbak {

// Eight characters of [0-9a-z], unique a run.
std::string NewRunId();

// `DB__dbomsbak_new_RUN`, `DB__dbomsbak_old_N`. Where that exceeds 64 characters the live name is
// cut and given a hash; the journal, not the name, tells which live database is meant.
std::string StagingName(const std::string& live, const std::string& run);
std::string DisplacedName(const std::string& live, unsigned generation);

// Is it a database of the server itself (mysql, information_schema …), never dumped unasked?
bool IsServersOwn(const std::string& name);

// Does a database name look like one of ours?
bool IsStagingName(const std::string& name);
bool IsDisplacedName(const std::string& name);
std::string RunOf(const std::string& staging_name);        // empty when it is none
unsigned GenerationOf(const std::string& displaced_name);  // 0 when it is none
// The live name as far as one of these names tells it: a long one is cut.
std::string LiveNameOf(const std::string& name);

inline constexpr char kJournalTable[] = "__dbomsbak_journal";
// The prepared set once more, in members[0].source, outside the RENAME: where DDL is not atomic the
// journal itself may be the table that is torn. Dropped when the window is closed.
inline constexpr char kJournalCopyTable[] = "__dbomsbak_journal_copy";
inline constexpr char kLoadTable[] = "__dbomsbak_load";  // load units done; goes with staging
// What a prepared copy was made from, see prepared_copy.h; goes with staging.
inline constexpr char kPreparedTable[] = "__dbomsbak_prepared";

}  // namespace dbomsbak
