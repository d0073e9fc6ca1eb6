// The steps of the window, each idempotent and with its way back, for StepRunner.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/step_runner.h"
#include "dbomsbak/transport/session.h"
#include "engine/object_creator.h"
#include "engine/set_swap.h"

namespace dbomsbak {

// All references must outlive it. One thread, one session. What it knows comes from the set (which
// is in the journal) and from the server.
class Window {
 public:
  Window(Session& session, const ServerTraits& traits, const PreparedSet& set,
         ServerJournal& journal, Observer& observer);

  // Changes nothing that applications see, but for databases that do not exist yet.
  std::vector<Step> Preparation();
  // From the first statement that changes something live up to the RENAME, without it.
  std::vector<Step> Opening();
  Step Swap();
  // From the RENAME to the last event. `live`: what is there besides tables and triggers.
  std::vector<Step> Closing(const std::vector<Database>& live);

  // Behind the window: what concerns the displaced copy alone, or names only.
  std::vector<Step> Aftermath();

  // What `before` has become by Opening: the `live` of a window that was never interrupted.
  std::vector<Database> BehindOpening() const;

  // Tables whose RENAME has not happened, as from and to, the journal last.
  struct Pair {
    std::string from_database, from_table, to_database, to_table;
    bool outgoing;  // from live to the displaced copy
  };
  std::vector<Pair> AllPairs() const;
  // Those that the catalogue says are still to do. Not while a RENAME may be running.
  std::vector<Pair> PendingPairs();
  void Rename(const std::vector<Pair>& pairs);
  // What runs the RENAME of so many tables, rather than the session alone.
  using RenameGuard = std::function<void(std::size_t tables, const std::function<void()>& rename)>;
  void GuardRename(RenameGuard guard) { guard_ = std::move(guard); }

  // Held from before the first trigger is dropped, so that no writer finds a table without its
  // triggers, up to the RENAME or, where the server allows that, behind it.
  void Unlock();

  // Databases the window has emptied, and staging with its rehearsal, are dropped; what holds more
  // is named and left. Never throws but for a lost session.
  void Sweep();

 private:
  Step DisplacedDatabases();
  Step LiveDatabases();
  Step SourceTriggers();
  Step SourceConstraints();
  Step LiveConstraints();
  Step DisableEvents();
  Step DatabaseCharsets();
  Step DropTriggers();
  Step DropViewsInTheWay();
  Step CreateTriggers();
  Step SequenceDefaults();
  Step Sequences(const std::vector<Database>& live);
  Step ReturningKeys();
  Step OutsideKeys();
  Step Routines(const std::vector<Database>& live);
  Step RoutinesAgain();
  Step ExtraRoutines(const std::vector<Database>& live);
  Step Views(const std::vector<Database>& live);
  Step Events(const std::vector<Database>& live);

  // Of the incoming tables, in the members' databases `where`.
  bool ConstraintsAre(std::string SetMember::*where, bool staged);
  void NameConstraints(std::string SetMember::*where, bool staged);
  void LockOutgoing();
  void SetEventState(const StoredProgram& event, std::string_view state);
  void SetCharset(const std::string& database, const Database& like);
  void SetCharsets(const std::vector<Database>& like);
  void TakeBackCharsets();
  bool HasCharset(std::size_t member, const Database& like);
  bool HasCharsets(const std::vector<Database>& like);
  // What is to be created for these to be the tables' triggers, in this order. What is there and
  // does not begin the list is dropped.
  std::vector<const StoredProgram*> TriggersDue(const std::string& live, const Database& state,
                                                const std::vector<std::string>& tables);
  void PutTriggers(const std::vector<Database>& state,
                   const std::vector<std::vector<std::string>>& tables);
  bool TriggersAre(const std::vector<Database>& state,
                   const std::vector<std::vector<std::string>>& tables);
  std::vector<std::string> GrantsOf(const StoredProgram& routine, std::size_t member) const;
  void DropExtraRoutines(const Database& live, std::size_t member,
                         const std::function<bool(const ObjectId&)>& choose);
  void PutRoutines(const Database& live, std::size_t member);
  void PutEvents(const Database& live, const Database& wanted, const std::string& database);
  void CreateViews(const std::vector<const View*>& views, const std::vector<Database>& state);
  void Grant(const std::vector<std::string>& grants);
  bool HasKey(const std::string& database, const KeyDefinition& key);
  void DropIfEmpty(const std::string& database);

  Session& session_;
  const ServerTraits& traits_;
  const PreparedSet& set_;
  ServerJournal& journal_;
  Observer& observer_;
  ObjectCreator creator_;
  RenameGuard guard_;
  bool locked_ = false;
};

}  // namespace dbomsbak
