// Restore, undo, purge and status: sets of databases made live by one RENAME.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/base/object_id.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// What is wanted of files: databases, and of each the tables, views and sequences; with none all
// of it. Empty: everything.
using ContentChoice = std::map<std::string, std::set<std::string>>;

// A set whose window was left open, or that was not swept up: it was finished or taken back.
struct HealedSet {
  std::string operation;               // "restore", "undo", or "abort": restore --abort's undo
  std::string root_digest;             // of what was restored; empty for undo and abort
  std::vector<std::string> databases;  // live names, sorted
  bool was_open = false;               // its window; else all it lacked was to be swept up
  bool live = false;                   // finished: what it brings is live
  unsigned generation = 0;             // of the displaced copy it made
  std::string journal;                 // the database where its journal is now; in place none
  std::string line;                    // for people
  std::string run = {};                // in place
  std::string safety_dump = {};        // in place: the file that what was live was dumped to
};

// Writes an archive of these databases, as they are live, to the file of this name, and opens it.
// Its errors end a restore before anything is changed.
using SafetyDump = std::function<std::shared_ptr<const RandomAccessFile>(
    const std::string& name, const std::vector<std::string>& databases)>;

struct RestoreOptions {
  unsigned jobs = 0;  // loading sessions; 0: one a core
  std::size_t max_memory_bytes = std::size_t{96} << 20;
  unsigned lock_wait_s = 5;
  unsigned lock_tries = 10;
  bool dry_run = false;
  bool rehearse = false;  // load and prove, then sweep
  // The server goes when this is over: nothing is told of what is left on it.
  bool throwaway_server = false;
  bool prepare = false;  // load and prove, and leave that for RunSwapPrepared
  bool allow_partial = false;
  bool allow_filtered = false;
  bool force = false;  // go on although other sessions use the databases
  std::string into;    // the database of a plain dump that names none
  ContentChoice only;
  // Live names, in upper or lower case, that must be in the set unless `only` asks for a part; who
  // says so.
  std::vector<std::string> required_databases;
  std::string required_by;
  // Databases of OMS's heartbeats, which change while it runs: as good as its sessions, and as
  // these no matter with `force`. Live ones that hold OMS's table count as well, without `force`.
  std::vector<std::string> heartbeat_databases;
  std::map<std::string, std::string> renamed;  // databases: name in the files → live name
  bool keep_extra = false;  // objects that the files do not hold stay where they are
  // Without databases of its own, for accounts that may not create any. What is live is dumped
  // first, by `safety_dump` to the file of that name, and dropped when the restore is live.
  bool in_place = false;
  SafetyDump safety_dump;
  std::string safety_dump_name;
  // A file of that name that is there already, as after a kill: it is the safety dump if it holds
  // what is live. If it is an older one of the same databases, the dump goes to another name, and
  // any other file is kWouldOverwrite. Null: there is none.
  std::shared_ptr<const RandomAccessFile> safety_dump_there;
  std::string safety_dump_beside;
  std::vector<HealedSet> healed;  // by HealOpenWindows, just before
  // Foreign keys of tables that stay, those of other databases too, are pointed to the restored
  // tables. Without it they are problems.
  bool repoint_foreign_keys = false;
};

// An object of an archive that the server cannot hold as it is, and everything in it that stands
// against it.
struct Unheld {
  ObjectId id;
  std::vector<std::string> reasons;

  std::string Describe() const;  // "table `d`.`t` cannot be held here: …; …"
};

// What restore would do or has done, for people and JSON.
struct RestorePlan {
  std::vector<std::string> databases;
  std::vector<std::string> created_databases;
  std::vector<ObjectId> replaced, added_back, removed;  // live objects: replaced, missing, extra
  std::vector<ObjectId> differing;     // those of `replaced` whose definition is another now
  std::vector<std::string> altered;    // "database `d`: collation utf8mb4_bin, now latin1_bin"
  std::vector<std::string> repointed;  // "foreign key `f` of table `d`.`t` into `d2`.`t2`"
  std::uint64_t rows = 0;
  std::vector<Unheld> unheld;         // by kind, in the order they would be made
  std::vector<std::string> problems;  // what makes preflight fail, complete; `unheld` first
  std::vector<std::string> warnings;
  unsigned generation = 0;  // number of the displaced copy; 0 in place, where there is none
  std::string safety_dump;  // in place: the file that what is live is dumped to
  std::uint64_t expected_window_ms = 0;
  // False where a missing privilege hides live objects: what is "missing" may only be hidden.
  bool sees_all = true;

  // None of the databases is there: nothing is displaced.
  bool NothingIsLive() const { return created_databases.size() == databases.size(); }
};

struct RestoreResult {
  RestorePlan plan;
  bool swapped = false;
  bool healed = false;  // an interrupted run of the same was finished, and there was no more to do
  // In place: what was live and may hold more than the safety dump: "`d`.`__dbomsbak_old_…` (was
  // `t`)".
  std::vector<std::string> kept;
  bool prepared = false;  // the copy stands in staging
  // Prepared rows of which the server does not tell whether they are written to: the swap reads
  // these again.
  std::uint64_t rows_unwatched = 0;
  std::uint64_t load_ms = 0, prove_ms = 0, window_ms = 0;
  std::uint64_t rows_proved = 0, tables_proved = 0;
};

// `confirm` is shown the plan before the first change; false ends it (kInterrupted). A restore's
// plan with problems is shown, too, whatever the answer: kRestorePreflight follows.
using ConfirmRestore = std::function<bool(const RestorePlan&)>;

// Of archives and of plain dumps of whatever program, packed by gzip or zstd or not. Several files
// make one set: one staging, one swap, one displaced copy. All are read and checked before the
// server is asked anything. Of a plain dump rows are counted and definitions compared as far as its
// text tells; the proof line of our own dumps is checked.
// Errors besides: what is wrong with the files, by the worst code; kIncomplete; kUnsupported for
// statements that no dump holds; kUsage where two files hold the same database, or `into` is
// missing or too much.
RestoreResult RunRestore(SessionFactory& sessions,
                         const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                         const RestoreOptions& options, const ConfirmRestore& confirm,
                         Observer& observer, const CancelToken& cancel);

// Makes live what a restore with `prepare` left: the one there is, or that of these `files` (of
// which nothing but their digests is needed) and of `only`, `renamed`, `keep_extra` where any is
// given. Staging is proved to be what it was, the plan is made anew from what is live now.
// Errors: kRestorePreflight when nothing is prepared, or not this; kUsage when it could be several;
// kCopyDiffers when somebody changed the copy, which then is taken for nothing any more.
RestoreResult RunSwapPrepared(SessionFactory& sessions,
                              const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                              const RestoreOptions& options, const ConfirmRestore& confirm,
                              Observer& observer, const CancelToken& cancel);

// What the program left on a server.
enum class LeftoverKind { kStaging, kPrepared, kOpenWindow, kDisplacedCopy, kKeptTables };
struct Leftover {
  LeftoverKind kind = LeftoverKind::kStaging;
  unsigned generation = 0;             // displaced copies
  std::string run;                     // all but displaced copies
  std::vector<std::string> databases;  // live names of the set
  std::vector<std::string> holders;    // databases that hold it
  std::string created;                 // UTC
  std::uint64_t bytes = 0;
  bool at_work = false;  // another run holds the restore lock: at this, or about to heal it
  std::string advice;    // what to do
  std::vector<std::string> tables = {};  // kKeptTables, with what they were called
};
// Open windows, staging and prepared copies, then displaced copies by generation.
std::vector<Leftover> FindLeftovers(Session& session);

// What of this the account may not see, with the GRANT that shows it; empty when it sees all.
std::string UnseenLeftovers(Session& session);

// Heals windows that were left open (by a kill). Each is told as a notice and added to `healed` as
// soon as it is done, so that nothing is lost to an error that ends the rest; when there is none,
// no lock is taken. Whatever changes the server does this first: restore before it opens its
// archive, undo and purge under their lock. Errors: kLocked, kNeedsHelp.
void HealOpenWindows(SessionFactory& sessions, Observer& observer, std::vector<HealedSet>& healed);

struct AbortResult {
  std::vector<Leftover> swept;          // staging that was dropped (with dry_run: that would be)
  bool taken_back = false;              // a window was open before its swap; live is as it was
  std::optional<RestoreResult> undone;  // a window was open behind it: what was live is so again
};

// Ends a restore that is prepared or was interrupted, chosen as by RunSwapPrepared: what is live is
// what was live before it, and its staging is gone. Of `options` those that choose, `dry_run` and
// the waits for locks matter. Errors: kLocked (it is at work), kRestorePreflight when there is
// none (what healing found then was an undo, or a restore that was through, and the error tells of
// it), kUsage when there are several.
AbortResult RunAbort(SessionFactory& sessions,
                     const std::vector<std::shared_ptr<const RandomAccessFile>>& files,
                     const RestoreOptions& options,
                     const std::function<bool(const std::vector<Leftover>&)>& confirm,
                     Observer& observer, const CancelToken& cancel);

struct UndoOptions {
  std::vector<std::string> databases;  // empty: the only set there is
  unsigned lock_wait_s = 5;
  unsigned lock_tries = 10;
  bool dry_run = false;
  bool repoint_foreign_keys = false;  // as for the restore; an undo of one that did does it, too
  bool aborts = false;                // for RunAbort: noted as such, should it be killed
  // As of RestoreOptions. Sessions of others matter where OMS's heartbeats are.
  std::vector<std::string> heartbeat_databases;
  bool force = false;
};
// Errors besides those of the swap: kRestorePreflight when there is nothing to bring back, and when
// healing has taken a restore back just now: what is live is then what an undo of it would bring.
RestoreResult RunUndo(SessionFactory& sessions, const UndoOptions& options,
                      const ConfirmRestore& confirm, Observer& observer, const CancelToken& cancel);

struct PurgeOptions {
  std::vector<std::string> databases;
  unsigned generation = 0;  // 0: all, and staging that killed restores left
  bool dry_run = false;
  bool force = false;  // although objects of the archive are missing from what is live
  unsigned lock_wait_s = 5;
  unsigned lock_tries = 10;
};
// Returns what was dropped (with dry_run: what would be); nothing where nothing is left and no
// database or generation was named. Once it has begun, a copy can only be
// dropped to the end: after any error or Ctrl-C the next purge goes on. Errors: kLocked (another
// run is at work), kRestorePreflight (the copy is needed), kBusy naming who holds a lock.
std::vector<Leftover> RunPurge(SessionFactory& sessions, const PurgeOptions& options,
                               const std::function<bool(const std::vector<Leftover>&)>& confirm,
                               Observer& observer, const CancelToken& cancel);

}  // namespace dbomsbak
