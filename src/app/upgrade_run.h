// What the groups of steps of an upgrade share.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "dbomsbak/app/docker.h"
#include "dbomsbak/app/upgrade.h"
#include "dbomsbak/engine/step_runner.h"

namespace dbomsbak {

// What OMS in its container lacks; empty: it is well.
struct UpgradeHealth {
  std::string why;
  bool services_run = true;  // then it is the console
  bool well() const { return why.empty(); }
};

class UpgradeRun {
 public:
  UpgradeRun(const UpgradeOptions& options, const UpgradeWorld& world, UpgradeJournal& journal);

  // Refuses `action` (the command's name) where the journal says that it is too late, or too early.
  void Guard(const std::string& action) const;

  // The planned step, with what to do. `done`: asked of the world; empty: it runs whenever it is
  // reached.
  Step Make(const std::string& name, std::function<bool()> done, std::function<void()> run);
  void Run(const std::vector<Step>& steps);
  // Those of a group. `from`: from the step of this name on.
  std::vector<UpgradeStep> Planned(const std::string& group, const std::string& from = {}) const;
  const UpgradeStep& Planned1(const std::string& name) const;

  // The operator's step: journaled, and taken from the journal while it is not older than
  // `holds_s` (0: for ever) and its opposite was not confirmed since.
  bool Confirmed(const std::string& name, bool ask, std::int64_t holds_s);

  // Journals it at once where it is confirmed by option: given once it need not be given again,
  // whatever fails before it is asked for.
  void KeepConfirmed(const std::string& name);

  // Of a step that did nothing but look, and was seen to be otherwise since.
  void ForgetFailure(const std::string& name);

  // What it was confirmed of is over.
  void TakeBackConfirmation(const std::string& name);

  // Keeps what the engine tells of the old container, once, and OMS's configuration as it is now.
  void KeepInspection();
  const ContainerInfo& old() const { return facts_.old.value(); }
  // Errors: kUpgradePreflight when it is gone, or another one has its name.
  ContainerInfo OldNow() const;
  bool OldIsGone() const;  // there is none, or another one has its name
  // Nothing: it is gone. Errors: kUpgradePreflight when it is not the one that `start` ran.
  std::optional<ContainerInfo> NewNow() const;
  // What else than the old one the container mounts where OMS wants it; empty: nothing.
  std::string DifferingMounts(const ContainerInfo& container) const;
  // OMS's configuration still leads where its copy does. Errors: kUpgradePreflight; those of
  // reading it.
  void CheckConfig() const;
  const UpgradeFacts& facts();  // brought up to date

  UpgradeTarget& target();  // connected once
  // Where the engine cannot change it (see Docker), that is journaled, and told by `warn` the first
  // time. Errors: kUpgradePreflight where it has done so without effect.
  void GivePolicy(const std::string& container, const std::string& policy);
  bool PolicyStays() const { return !journal.Fact("policy_stays").empty(); }
  void StopAndWait(const std::string& container);
  void WaitUntilStopped(const std::string& container);
  // Until services run and the console answers. Errors: what did not come in time.
  void WaitForHealth(const std::string& container);
  // One look at a container that runs.
  UpgradeHealth LookAtHealth(const std::string& container) const;
  // At its port, on this host.
  bool ConsoleAnswers() const;
  // Errors: kUpgradePreflight when it does not run.
  void CheckRunning(const std::string& container) const;
  void Sleep(std::chrono::milliseconds time) const;

  std::string Path(std::string_view file) const { return UpgradeFile(options.folder, file); }
  std::string ArchivePath() const { return Path(journal.Fact("archive")); }
  // The archive of the journal is there, and is the one that was dumped.
  bool ArchiveIsThere() const;
  // All of it is read; empty: it is as it was made.
  std::string ArchiveFault() const;

  // `doing` behind a first change: the error becomes kNeedsHelp and tells how to go on. `anew`: the
  // first change is yet to come, and an error before any step has done something stays what it is,
  // as does the state. `goes_back`: to the old version, which is no way out to tell of then.
  void Changed(bool anew, bool goes_back, const std::function<void()>& doing);

  const UpgradeOptions& options;
  const UpgradeWorld& world;
  UpgradeJournal& journal;
  Docker docker;

 private:
  std::string WithoutOld(bool gone) const;
  // Of the step at work; whatever it says, an error goes on.
  void NoteFailure(const Error& error);
  // Within Changed(): the first change is yet to come.
  bool Unchanged() const { return changes_anew_ && !acted_; }
  void TellConfirmed(const UpgradeStep& step) const;
  // What the command ends with.
  ErrorCode CodeOf(const Error& error) const;

  UpgradeFacts facts_;
  std::vector<UpgradeStep> plan_;
  std::optional<UpgradeTarget> target_;
  bool acted_ = false;                            // a step was run
  bool acted_before_ = false;                     // one ahead of the step at work
  bool changing_ = false, changes_anew_ = false;  // within Changed()
  std::string at_work_;                           // the step
  std::set<std::string> kept_;                    // by KeepConfirmed
};

// There is none of this name. Errors: kUpgradePreflight, with those that run.
[[noreturn]] void ThrowNoContainer(const Docker& docker, const std::string& container);

// Whether the backup is whole, and the one of the last T1.
bool IsBackedUp(const UpgradeOptions& options, const UpgradeJournal& journal);

// What is missing where the operator has not confirmed his step, and what it asks of him.
std::string NotConfirmed(const UpgradeStep& step);

// As an item of a list: message and hint, without a full stop at the end.
std::string AsProblem(const Error& error);

// All that stands against the upgrade, in one error. Errors: kUpgradePreflight.
[[noreturn]] void ThrowProblems(const std::vector<std::string>& problems, std::string_view what);

// `ha_off`: that it is off was confirmed before, and it was not switched on since.
void RollBack(UpgradeRun& run, bool ha_off);

// Steps of a backup that can be looked at ahead; asks the operator for his at the end.
UpgradeFindings FindProblems(UpgradeRun& run, bool ask);

}  // namespace dbomsbak
