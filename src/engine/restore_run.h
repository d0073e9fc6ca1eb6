// A restore while it runs: the state machine (restore.cc) and what its acts share. Each file names
// the part of it that stands there.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/engine/quiet.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/transport/session.h"
#include "engine/in_place.h"
#include "engine/prepared_copy.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/restore_input.h"
#include "engine/restore_lock.h"
#include "engine/set_swap.h"
#include "engine/staged_choice.h"
#include "engine/staging.h"
#include "engine/write_times.h"

namespace dbomsbak {

class Stopwatch {
 public:
  std::uint64_t ms() const {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                          std::chrono::steady_clock::now() - start_)
                                          .count());
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// One thread; what it is made of must outlive it. Run() or SwapPrepared(), once.
class RestoreRun {
 public:
  RestoreRun(SessionFactory& sessions, const RestoreOptions& options, const ConfirmRestore& confirm,
             Observer& observer, const CancelToken& cancel)
      : sessions_(sessions),
        options_(options),
        confirm_(confirm),
        observer_(observer),
        cancel_(cancel),
        jobs_(options.jobs != 0 ? options.jobs
                                : std::max(1U, std::thread::hardware_concurrency())) {}

  RestoreResult Run(RestoreInput& input);
  // The second act, from what Leave() left.
  RestoreResult SwapPrepared(const StagedChoice& choice);

 private:
  // Reads the files, looks at the server, and asks. False: nothing is left to be done.
  bool Plan(RestoreInput& input);
  void Connect();
  // A plan alone changes nothing, so it heals nothing, and holds up nobody.
  void LockAndHeal();
  void Ask(const char* refused);
  void Load(RestoreInput& input);
  // Where each table's rows go, and whether a transaction there is one.
  std::vector<LoadTarget> Targets(const Catalog& staged) const;
  // Tables may be proved one by one, each when its rows are there.
  bool ProvesWhileLoading() const;
  void Prove();
  void RefuseDifferences(const Catalog& staged);
  // What staging of an earlier run was proved to hold says what it must hold now.
  void TakeProvedForTruth();
  void NoteWhatIsProved(const Catalog& staged);
  // Keys change nothing but the definitions of tables.
  void ReadTablesAgain(Catalog& staged);
  void ProveStaged(const Catalog& staged);
  void TakeProof(StagingProof proof);
  // Live is untouched. Staging goes, unless the server cannot be reached: then it is named, and
  // the same command goes on from it.
  [[noreturn]] void CleanUpAfter(const std::exception_ptr& failure);
  void NameStaging(const std::string& reason);
  void Sweep();
  // May the same command find its staging again? Behind the RENAME it is gone, and where the
  // session was lost at the swap nobody knows.
  bool StagingIsLeft(ErrorCode code, bool at_swap);
  void Swap();
  // What is live now is what the archive holds, within its scope.
  void Finish();

  // restore_check.cc: what the server holds, the plan, what stands against it.

  // What the archive would change and what stands against it. Changes nothing.
  void Check(const std::string& input_name);
  // Run again after a kill behind its swap, a restore that healing has finished is done: another
  // would make what it has just brought the displaced copy that undo goes back to.
  void WarnOfTransactions();
  bool IsDoneByHealing();
  // Whether nobody has changed what is live since it came from these files: all definitions, and
  // all rows, which are read. Of a plain dump, a portable one, or one of another server's, too
  // little is known to tell.
  bool LiveIsArchived();
  // Whether what is live is what a dump of just these databases holds.
  bool LiveIs(RestoreContent content, const std::vector<RestoreMember>& members,
              const PreparedSet& set);
  void ReadKeysToRepoint();
  void NameDisplaced(const std::set<std::string>& databases);
  void MakeSetOfFacts();
  // A prepared copy is not dropped, and no other made beside it, unless the operator says so. That
  // of the same files is gone on from. Returns what stands in the way.
  std::vector<std::string> MindPrepared();
  // A part of the databases that belong together is a problem of the plan, unless it was asked for.
  void RequireDatabases(bool part_is_asked);
  // An application that writes heartbeats is not stopped. Looks for some seconds.
  void RefuseHeartbeats();
  // Those that are other than they were.
  void RefuseBeating(const Heartbeats& now);
  void RefuseProblems();
  // Loading took its time: how the live databases are to be put back by undo, and which objects
  // need no touching, is read again just before the window.
  void LookAgain();
  // Facts, set and problems as they are now.
  void PlanAgain();
  // Asks what is asked again just before the window, for nothing but that the server has planned it
  // by then: OceanBase takes 10 to 100 ms for each, of which it would be idle here.
  void AskAhead();
  // The window adds and moves keys without a look at the rows.
  void RefuseOrphans();
  static bool SameTriggers(const PreparedSet& a, const PreparedSet& b);

  // restore_prepared.cc: what the first act leaves, and the second takes up.
  void RehearseSwap();
  // Everything that --swap needs stays on the server.
  void Leave();
  std::pair<std::string, std::string> StagedName(const ContentObject& table) const;
  // Whether replicas hear of what this session does; empty where the server has no such switch.
  std::string LogBin();
  // As if these files had just been read, loaded and proved.
  PreparedContent TakeUp();
  // What is live may have become another since: the plan is made anew.
  void CheckPrepared(const PreparedContent& left);
  // Staging is what was proved. Rows are read again where the server does not tell that nobody has
  // written any.
  void ProveAgain(const PreparedContent& left);
  // Tables that may have been written since, as a content of their own.
  RestoreContent NotSurelyAsProved(const PreparedContent& left);
  // As IsDoneByHealing: the swap that was interrupted is what is asked for again. Error kUsage when
  // another prepared copy may be meant as well.
  bool IsSwappedByHealing(const StagedChoice& choice);

  // restore_in_place.cc

  // Does this restore make anew all that one in place had begun to? The same one goes on with it.
  bool Replaces(const InPlaceRun& run) const;
  // "undo.", or what stands in for it.
  std::string WayBack() const;
  // What is to be given up is none of what is live; told in the plan.
  void SetUnfinishedAside();
  // Nothing of it is given up before the operator has agreed to this restore.
  void GiveUpUnfinished();
  // That a file with the name of the safety dump may be one; in the plan.
  void LookAtSafetyThere();
  // Those that have loaded may still be ending, and must not be taken for the application.
  void AwaitOwnSessions();
  // It is the safety dump; false: one is to be taken, under another name where there is such a
  // file.
  bool UseSafetyThere();
  // What that run has kept, described.
  std::vector<std::string> KeptBy(const std::string& run);
  void CompletePlanInPlace();
  // Read back from the file: what it holds is proved before anything changes.
  void TakeSafetyDump();
  // What was live goes if all of it is in the safety dump: it may have been changed since.
  void EndSwapInPlace();
  // What of it is not there; empty: all is.
  std::string NotInSafetyDump();

  SessionFactory& sessions_;
  const RestoreOptions& options_;
  const ConfirmRestore& confirm_;
  Observer& observer_;
  const CancelToken& cancel_;
  unsigned jobs_;

  RestoreContent content_;
  std::unique_ptr<Session> session_;
  std::optional<RestoreLock> lock_;
  ServerTraits traits_;
  std::vector<RestoreMember> members_;
  std::vector<HealedSet> healed_;
  std::vector<std::pair<InPlaceRun, std::string>> unfinished_;  // to be given up, and why
  FoundStaging found_;
  std::string run_;
  RestoreFacts facts_;
  std::map<ObjectId, std::vector<std::string>> refusals_;
  PreparedSet set_;
  std::optional<PreparedCopy> prepared_;        // which this restore goes on from
  std::vector<std::string> beating_databases_;  // asked of before what is live changes
  Heartbeats heartbeats_;                       // when nothing was written any more
  std::optional<Stopwatch> looked_;             // since the last look at what is live
  RestoreContent safety_;                       // in place: what was live
  std::optional<RestoreContent> safety_there_;  // of the file that has its name already
  TakenConstraints taken_;                      // in place: off what was live, by the window
  std::unique_ptr<Staging> staging_;
  WriteTimes times_;
  std::vector<RowDigestRecord> digests_;
  std::map<std::uint32_t, std::string> load_warnings_;
  bool rows_proved_ = false;  // while they were loaded
  RestoreResult result_;
};

}  // namespace dbomsbak
