// The tables of the window: where they go, the lock they are kept under, the RENAME that moves
// them.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "dbomsbak/engine/step_runner.h"
#include "engine/constraint_names.h"
#include "engine/window_context.h"

namespace dbomsbak {

// `context` must outlive it; one thread.
class TableSwap {
 public:
  explicit TableSwap(WindowContext& context);

  Step DisplacedDatabases();
  Step LiveDatabases();
  // Where names of constraints block the RENAME.
  Step SourceConstraints();
  Step LiveConstraints();
  Step DisplacedConstraints();  // in place
  Step Swap();

  // Tables whose RENAME has not happened, as from and to, the journal last.
  struct Pair {
    std::string from_database, from_table, to_database, to_table;
    bool outgoing;  // from live to the displaced copy
  };
  // Of the whole RENAME, its journal last.
  static std::vector<Pair> PairsOf(const PreparedSet& set);
  std::vector<Pair> AllPairs() const { return PairsOf(set_); }
  // Those that the catalogue says are still to do. Not while a RENAME may be running.
  std::vector<Pair> PendingPairs();
  void Rename(const std::vector<Pair>& pairs);
  // What runs the RENAME of so many tables, rather than the session alone.
  using RenameGuard = std::function<void(std::size_t tables, const std::function<void()>& rename)>;
  void GuardRename(RenameGuard guard) { guard_ = std::move(guard); }

  // Held from before the first trigger is dropped, so that no writer finds a table without its
  // triggers, up to the RENAME or, where the server allows that, behind it.
  void LockOutgoing();
  void Unlock();
  // By DisplacedConstraints; nothing of what an earlier run took off.
  const TakenConstraints& taken() const { return taken_; }
  bool locked() const { return locked_; }

 private:
  // Of the incoming tables, in the members' databases `where`.
  bool ConstraintsAre(std::string SetMember::*where, bool staged);
  void NameConstraints(std::string SetMember::*where, bool staged);

  Session& session_;
  const ServerTraits& traits_;
  const PreparedSet& set_;
  ServerJournal& journal_;
  Observer& observer_;
  RenameGuard guard_;
  TakenConstraints taken_;
  bool locked_ = false;
};

}  // namespace dbomsbak
