// What a dump is to hold, and the sessions that see it at one point in time.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/dump.h"
#include "engine/definition_fingerprint.h"
#include "engine/lock_ladder.h"
#include "engine/session_registry.h"
#include "engine/set_listing.h"

namespace dbomsbak {

// Something changed a definition while the dump was reading: starting over may help.
class ChangedMeanwhile : public Error {
 public:
  explicit ChangedMeanwhile(const std::string& what);
};

// While the lock is held every table is touched in the transaction of every session that is to read
// it: from then on others' DDL waits, and definitions can be read at leisure. Every session, for
// one that had not would wait behind a DDL that waits for the others. What no metadata lock
// protects is fingerprinted before and behind; a difference means another attempt. So catalogue,
// rows and definitions belong to one moment.
struct DumpSet {
  ServerTraits traits;
  Ddl ddl = Ddl::kNative;
  Scope scope;      // normalised: databases sorted, kinds that a list of tables leaves out
  Catalog catalog;  // in scope and readable; each list in its order
  std::vector<std::pair<ObjectId, std::string>> omitted;  // in scope, not readable, and why
  // Functions that broken views call and that are there, of any database: (database, name).
  std::vector<QualifiedName> functions;
  std::map<ObjectId, PruneRecord> pruned;  // tables of which older rows are left out
  SnapshotTaken snapshot;
  NameSet listed;                            // around the snapshot
  bool may_hide_tables = false;              // an ALTER may have kept a table out of that list
  DefinitionFingerprint tables_at_snapshot;  // where no metadata lock keeps them still
  std::map<ObjectId, std::string>
      sequence_restarts;  // statement that gives the value at the snapshot

  Session* guard = nullptr;       // keeps definitions still; must live to the end of the dump
  Session* holder = nullptr;      // keeps non-transactional tables locked until Release
  std::vector<Session*> readers;  // with the snapshot
  // Of many tables each of these holds some, also with the snapshot, and reads them: a server that
  // searches all that a transaction holds, at each statement, takes long over thousands. Readers
  // hold the large ones. Empty: readers hold all.
  std::vector<Session*> keepers;
  std::map<QualifiedName, Session*> kept_by;

  // The session that reads a table in one go; null: any of the readers, in chunks.
  Session* KeeperOf(const Table& table) const;

  // Non-transactional tables have been read: let writers at them again.
  void ReleaseTables();
  // Proves at the end that nothing slipped: the guard still stands. Errors: kConnectionLost,
  // ChangedMeanwhile: on servers without metadata locks, and for tables that were not listed.
  void CheckStillGuarded();
};

// Connects, decides what is in scope, takes the snapshot. Sessions belong to `registry`.
// `unreadable`: tables that are known to be broken.
// Errors: kUsage, kPrivilege, kBusy, kNoSnapshot, kUnsupported.
DumpSet PrepareDumpSet(SessionFactory& sessions, SessionRegistry& registry,
                       const DumpOptions& options, const Untouchable& unreadable,
                       Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
