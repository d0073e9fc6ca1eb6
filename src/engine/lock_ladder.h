// One point in time for several sessions: the ladder of ways to get it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/records.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/table_touch.h"

namespace dbomsbak {

struct LockPatience {
  unsigned wait_s = 5;                      // lock_wait_timeout, set before every lock
  unsigned tries = 10;                      // with growing pauses between them
  std::vector<std::uint64_t> own_sessions;  // connection ids that are never to blame
};

// Runs `lock` until it succeeds, at most `patience.tries` times. A lock wait timeout or a deadlock
// is tried again: after the first one a notice, after the last one Error kBusy names who holds
// what (asked through `witness`, which may be the waiting session itself). `what`: "the global read
// lock".
void WithPatience(Session& witness, const LockPatience& patience, std::string_view what,
                  Observer& observer, const CancelToken& cancel, const std::function<void()>& lock);

// What to do about them; `holders` as from DescribeLockHolders.
std::string HintOfHolders(const std::string& holders);

// A pause that grows with `attempt` (from 1), cut short by Ctrl-C.
void Pause(unsigned attempt, const CancelToken& cancel);

// Who stands in the way, for people: "session 17 (app@10.0.0.5, 63 s): ALTER TABLE …". Best effort.
std::string DescribeLockHolders(Session& session, const std::vector<std::uint64_t>& own_sessions);

// A rung of the ladder. Stateless; the lock belongs to the coordinator's session.
class SnapshotRung {
 public:
  virtual ~SnapshotRung() = default;
  virtual std::string_view method() const = 0;  // SnapshotRecord::method
  virtual std::string_view lock_name() const = 0;
  // Can this server do it honestly?
  virtual bool Fits(const ServerTraits& traits) const = 0;
  // Many sessions may share the snapshot; false: one session reads everything.
  virtual bool many_sessions() const = 0;
  // Can tables without transactions be held still until they are read?
  virtual bool holds_tables() const = 0;
  // While it holds, can another session lock tables for reading without waiting for writers that
  // wait for it? false: who needs tables held takes the lock itself, and keeps all of it.
  virtual bool second_lock_passes() const = 0;
  // Throws ServerError: kPrivilege leads to the next rung.
  virtual void Lock(Session& coordinator, const std::vector<QualifiedName>& tables) const = 0;
  virtual void Unlock(Session& coordinator) const = 0;
  // Opens the snapshot in a reading session while the lock is held. `tables`: those of the set.
  virtual void OpenSnapshot(Session& reader, const std::vector<QualifiedName>& tables) const = 0;
  // No lock keeps DDL off between snapshot and touch: where a transaction can be begun without a
  // snapshot, its tables are touched first, and the first row that is read opens the snapshot.
  virtual bool can_touch_first() const { return false; }
  // While it holds, no table comes or goes.
  virtual bool keeps_names() const { return false; }
  // The number of the moment that every SELECT has to name; empty where transactions do it.
  virtual std::string Moment(Session&) const { return {}; }
};

// For how many seconds the server keeps the moment that snapshot reads name (undo_retention); 0
// when it does not tell.
unsigned UndoRetention(Session& session);

// From the best to the last resort.
const std::vector<const SnapshotRung*>& SnapshotLadder();

struct SnapshotRequest {
  std::vector<QualifiedName> tables;             // every table of the set
  std::vector<QualifiedName> non_transactional;  // of these, tables that have no snapshot
  std::vector<QualifiedName> sequences;
  // Tables that share one engine, any of which opens the snapshot of all by being read; empty where
  // the tables of the set that have a snapshot are not all of that engine.
  std::vector<QualifiedName> pins;
  LockPatience patience;
  // A table that cannot be opened because there is none of that name, though it is listed: broken,
  // or on its way. The last try takes it for broken.
  bool last_try = true;
  // Called before a snapshot that neither a lock nor a touch protects: remember what must not
  // change around it.
  std::function<void()> before_unprotected;
  // Opens all tables in the transactions of `readers`; tells those that cannot be opened.
  std::function<Untouchable(const std::vector<Session*>& readers)> touch;
  // What came or went since `tables` were listed, asked through a session that is free.
  std::function<std::optional<std::string>(Session& session)> list_difference;
};

struct SequenceValue {
  QualifiedName sequence;
  std::string next_not_cached_value;
};

struct SnapshotTaken {
  SnapshotRecord record;
  std::size_t readers = 0;  // how many of the sessions given have the snapshot (the first ones)
  // What stands behind a table's name in a SELECT to read it at the snapshot; may be empty.
  std::string read_as_of;
  unsigned retention_s = 0;  // see UndoRetention, which the caller asks; 0: for the transaction
  bool names_kept = false;   // no table came or went while lists and snapshot were compared
  bool tables_held = false;  // `holder` keeps (at least) non_transactional locked until released
  std::vector<SequenceValue> sequence_values;
  Untouchable untouchable;  // tables that are broken, and so could not be opened or locked
  double lock_ms = 0;
};

// Climbs down the ladder until a rung holds. `coordinator` takes the lock and has given it back on
// return; `holder` keeps the non-transactional tables locked. Errors: kBusy, kNoSnapshot naming the
// tables that cannot be read consistently, ListChanged and BehindDdl when another try may help.
SnapshotTaken TakeSnapshot(const ServerTraits& traits, const SnapshotRequest& request,
                           Session& coordinator, Session& holder,
                           const std::vector<Session*>& readers, Observer& observer,
                           const CancelToken& cancel);

}  // namespace dbomsbak
