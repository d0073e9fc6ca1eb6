// The window: a prepared set of databases goes live by one RENAME, what was live becomes the
// displaced copy. Restore and undo are the same motion from different sources.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/step_runner.h"
#include "dbomsbak/transport/session.h"
#include "engine/server_journal.h"

namespace dbomsbak {

struct SetMember {
  std::string live;       // database name the application uses
  std::string source;     // staging, or the displaced copy that undo brings back
  std::string displaced;  // where what is live now goes
};

// What the window needs to know, wholly stored in the journal before it opens, so that a later run
// can finish or take back without archive or memory.
struct PreparedSet {
  std::string operation;  // "restore" or "undo"
  std::string run;
  std::string root_digest;  // of the archive; empty for undo
  unsigned generation = 0;  // of the displaced copy this swap makes
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
};

std::string ToJson(const PreparedSet& set);
PreparedSet PreparedSetFromJson(const std::string& json);

struct SwapOptions {
  unsigned lock_wait_s = 5;
  unsigned lock_tries = 10;
};

// Opens and closes the window. `journal` stands in members[0].source and moves with the RENAME.
// Returns its length in ms. On an error before the RENAME everything is put back and the error is
// rethrown; after it the way is forward only, and an error is kNeedsHelp unless healing succeeds.
std::uint64_t SwapLive(Session& session, const ServerTraits& traits, const PreparedSet& set,
                       ServerJournal& journal, const SwapOptions& options, Observer& observer);

}  // namespace dbomsbak
