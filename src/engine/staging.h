// The databases a restore loads into: made, filled in part, found again, swept.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"
#include "engine/proved_staging.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/server_journal.h"
#include "engine/set_swap.h"
#include "engine/staging_origin.h"

namespace dbomsbak {

// Settings that let any definition come back as it was, whatever its server allowed: on top of
// PrepareSession(for_load), each only where the server knows it.
void PrepareForDefinitions(Session& session);

// What earlier runs left of a set.
struct FoundStaging {
  std::optional<std::string> resumable;  // run: the same archive, structure complete
  std::vector<std::string> others;       // databases to be swept before anything is loaded
};
// `members` need their live names only. The caller holds the RestoreLock: what is found is dead.
FoundStaging FindStaging(Session& session, const RestoreContent& content,
                         const std::vector<RestoreMember>& members,
                         const std::set<std::string>& databases);

// Drops staging databases, that with the journal (the first of its set) last.
void SweepStaging(Session& session, std::vector<std::string> databases, Observer& observer);

// Is this a table of our own (journal, load units)?
bool IsInternalTable(const std::string& name);

class Staging {
 public:
  // All must outlive it. `session` is prepared for load and definitions; one thread.
  Staging(Session& session, const ServerTraits& traits, const RestoreContent& content,
          const std::vector<RestoreMember>& members, std::string run, Observer& observer,
          const CancelToken& cancel);
  ~Staging();

  // Databases, journal, sequences and empty tables. `live` tells which sequences live databases
  // have: a default that takes from one must name it already. `origin` is noted for those who look.
  // Tables that no foreign key ties are made by `jobs` sessions.
  void Create(const Catalog& live, StagingOrigin origin, SessionFactory& sessions, unsigned jobs);

  // Opens what Create made in an earlier run. If that was proved, RefuseChanged tells what anybody
  // did to it since; else what is neither a table of the archive nor ours is dropped. Returns, for
  // each of content.units, whether its rows are there; tables that are not transactional are
  // emptied unless complete.
  std::vector<bool> Resume();

  // ObjectTrial here.
  void TryObjects(const PreparedSet& set);

  // After the rows: counters of AUTO_INCREMENT columns are made what they were, where they are not.
  // False: all were.
  bool SetAutoIncrement(const Catalog& staged);

  // After the rows: statistics that a killed load left paused come back. False: none were.
  bool SetStatistics(const Catalog& staged);

  // Renames all tables to and fro, in one statement: what the swap will do, but here. Returns the
  // ms a move took; nullopt where a crash of the server could tear that, or where it can wait
  // without bound.
  std::optional<double> MeasureRename();

  // All is proved: a run that goes on from here loads no rows. (What was noted of single units
  // stays until staging goes: dropping it by itself can take long.)
  void NoteProved(const ProvedStaging& proved);
  // What was proved in the run that this one goes on from; null when nothing was.
  const ProvedStaging* proved() const { return proved_ ? &*proved_ : nullptr; }
  // Error kCopyDiffers when `staged` is not what was proved; kRestorePreflight when that cannot be
  // told, for the server is of another version now, prints a definition otherwise, and the files do
  // not have it in its words: what is in its words, CompareDefinitions compares. Then this staging
  // is given up: nobody goes on from it, and nobody drops it unasked.
  void RefuseChanged(const Catalog& staged);
  void GiveUp();
  bool given_up() const { return given_up_; }

  // The tables here: their names and kinds, or whole.
  Catalog ReadTables(bool definitions);
  // Those whose rows come and go with a transaction, as (staging database, table).
  using TableNames = std::set<std::pair<std::string, std::string>>;
  static TableNames TransactionalIn(const Catalog& staged);

  ServerJournal& journal() { return *journal_; }
  std::vector<std::string> databases() const;
  // `db`.`__dbomsbak_load`
  std::string load_table() const;

 private:
  const RestoreMember& MemberOf(const std::string& archived) const;
  // Do the files have it as this server prints it?
  bool IsWordForWord(const ObjectId& staged) const;
  void CreateDatabase(const RestoreMember& member);
  struct Creation {
    const ContentObject* table;
    const std::string* database;
    std::string statement;
    bool done;
    std::exception_ptr failure;
  };
  void CreateTables(const Catalog& live, SessionFactory& sessions, unsigned jobs);
  void CreateAtOnce(SessionFactory& sessions, unsigned jobs, std::vector<Creation>& creations);
  void CompareTables();
  void DropEverythingButTables();

  Session& session_;
  const ServerTraits& traits_;
  const RestoreContent& content_;
  const std::vector<RestoreMember>& members_;
  std::string run_;
  Observer& observer_;
  const CancelToken& cancel_;
  std::unique_ptr<ServerJournal> journal_;
  std::optional<ProvedStaging> proved_;
  bool given_up_ = false;
};

}  // namespace dbomsbak
