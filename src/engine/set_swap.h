// The window: a prepared set of databases goes live by one RENAME, what was live becomes the
// displaced copy. Restore and undo are the same motion from different sources.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/step_runner.h"
#include "dbomsbak/transport/session.h"
#include "engine/constraint_names.h"
#include "engine/server_journal.h"

namespace dbomsbak {

struct SetMember {
  std::string live;       // database name the application uses
  std::string source;     // staging, or the displaced copy that undo brings back
  std::string displaced;  // where what is live now goes
};

// A foreign key as ALTER TABLE … ADD takes it: CONSTRAINT `f` FOREIGN KEY (…) REFERENCES ….
struct KeyDefinition {
  std::string database, table;  // the child, live
  std::string name, definition;
};

// What a window is opened for. An abort is the undo of a restore that was interrupted behind its
// swap.
inline constexpr char kOperationRestore[] = "restore";
inline constexpr char kOperationUndo[] = "undo";
inline constexpr char kOperationAbort[] = "abort";

// What the window needs to know, wholly stored in the journal before it opens, so that a later run
// can finish or take back without archive or memory.
struct PreparedSet {
  std::string operation;  // one of kOperation…
  std::string run;
  std::string root_digest;  // of the archive; empty for what takes a restore back
  unsigned generation = 0;  // of the displaced copy this swap makes
  // The databases of a member are one and the same: tables have other names before and behind the
  // swap, and no database is made or dropped for it.
  bool in_place = false;
  std::string safety_dump;  // in place: the file that what was live was dumped to
  std::vector<SetMember> members;
  // How each live database shall be afterwards (one a member, same order). Tables and sequences:
  // only their names matter, they come with the RENAME. Views, routines, triggers, events, charset,
  // collation: whole definitions; kinds outside the archive's scope are those that are live now.
  // exists=false databases have an empty `create` and are dropped when empty.
  std::vector<Database> wanted;
  // How each was before the window, in the same form: what undo will want.
  std::vector<Database> before;
  // Live tables that move to the displaced copy and source tables that go live, by member. Live
  // tables outside the scope are in neither list and stay.
  std::vector<std::vector<std::string>> outgoing, incoming;
  // By member: the only tables, views and sequences (with their triggers) that the set speaks for.
  // nullopt: all of the database. Undo touches nothing else.
  std::vector<std::optional<std::vector<std::string>>> only;
  // Keys of outgoing tables into tables that stay or are of other databases: the displaced copy
  // must not hold up changes there, so it loses them. SwapLive fills this in.
  std::vector<KeyDefinition> outside_keys;
  // Keys of incoming tables into tables that stay, which the window adds: at undo those that the
  // copy lost; at a restore those that staging does without, or they would bind what is live.
  std::vector<KeyDefinition> returning_keys;
  // Keys of tables that stay into outgoing tables, as they are now: the window points them to the
  // incoming ones (see KeyTwins).
  std::vector<KeyDefinition> repointed_keys;

  // Names of incoming[member][n] in `source`, and of outgoing[member][n] in `displaced`.
  std::string SourceTable(std::size_t member, std::size_t n) const;
  std::string DisplacedTable(std::size_t member, std::size_t n) const;
};

// From the definitions in `before`.
std::vector<KeyDefinition> OutsideKeysOf(const PreparedSet& set);

// That live databases, source and displaced names are as the set was made for. Error
// kRestorePreflight with what is not. Names alone: SwapLive looks at definitions, too, in place.
void CheckUnchanged(Session& session, const PreparedSet& set);

// Triggers that come, under names that others on tables which stay have: told as problems.
std::vector<std::string> TriggerNamesTaken(const PreparedSet& set);

// Of tables and sequences only the names are kept.
std::string ToJson(const PreparedSet& set);
PreparedSet PreparedSetFromJson(const std::string& json);  // Error kNeedsHelp when it is none

struct SwapOptions {
  unsigned lock_wait_s = 5;
  unsigned lock_tries = 10;
  // For a session of its own that ends a RENAME which waits too long, where no time-out of the
  // server does; null: it may wait.
  SessionFactory* sessions = nullptr;
  // Looked at between tries, when all has been put back; null: never.
  const CancelToken* cancel = nullptr;
  // In place: what displaced tables have lost is put here; null: it is not.
  TakenConstraints* taken = nullptr;
};

// Makes room in `source`, the first of a set, for what SwapLive notes there: where making a table
// takes its time, while there is nothing else to do.
void PrepareSwap(Session& session, const std::string& source);

// Opens and closes the window. `journal` stands in members[0].source and moves with the RENAME;
// `session` holds the RestoreLock and is PrepareSession's; `set.before` was read just now: where
// names of live objects differ from it nothing is done (kRestorePreflight).
// Returns the window's length in ms. On an error before the RENAME everything is put back and the
// error is rethrown; after it the way is forward only, and what cannot be finished is kNeedsHelp.
// A lost connection cannot be put back from here: kConnectionLost, and HealOpenWindows with a new
// session does it. The source databases are dropped when nothing but rehearsal is left in them.
std::uint64_t SwapLive(Session& session, const ServerTraits& traits, const PreparedSet& set,
                       ServerJournal& journal, const SwapOptions& options, Observer& observer);

// Finishes or takes back a window that was left open, as the server's catalogue says; safe to be
// killed and called again. `journal` is where it was found behind WaitForRunningChanges. True: the
// set is live.
bool HealWindow(Session& session, const ServerTraits& traits, const PreparedSet& set,
                ServerJournal& journal, Observer& observer);

// Steps under which SwapLive leaves word in the journal, all of event "note".
inline constexpr char kNoteSet[] = "set";  // payload: the PreparedSet; the window opens
// In place: what somebody has made while the RENAME was waited for is told, and may go.
inline constexpr char kNoteClosing[] = "closing";
inline constexpr char kNoteTakenBack[] = "taken-back";  // closed before the RENAME; nothing changed
inline constexpr char kNoteFinished[] = "finished";  // closed behind it; payload: {"window_ms":n}
// What could not be swept up behind it was told, and is no sign of a kill.
inline constexpr char kNoteUnswept[] = "unswept";
inline constexpr char kNotePurging[] = "purging";  // this displaced copy is being dropped

}  // namespace dbomsbak
