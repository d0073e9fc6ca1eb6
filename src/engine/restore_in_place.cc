// What is particular to a restore in place.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "dbomsbak/base/error.h"
#include "engine/in_place.h"
#include "engine/kept_tables.h"
#include "engine/restore_choice.h"
#include "engine/restore_facts.h"
#include "engine/restore_input.h"
#include "engine/restore_planner.h"
#include "engine/restore_run.h"
#include "engine/set_history.h"
#include "engine/staging_proof.h"

namespace dbomsbak {

void RestoreRun::CompletePlanInPlace() {
  RestorePlan& plan = result_.plan;
  plan.generation = 0;
  plan.safety_dump = options_.safety_dump_name;
  if (options_.safety_dump_there) LookAtSafetyThere();
  for (std::string& problem :
       InPlaceProblems(set_, members_, facts_, UnreadJournals(*session_, members_))) {
    plan.problems.push_back(std::move(problem));
  }
  for (std::string& warning : InPlaceWarnings(content_, traits_)) {
    plan.warnings.push_back(std::move(warning));
  }
  for (const auto& [run, reason] : unfinished_) {
    plan.warnings.push_back(fmt::format(
        "the interrupted restore in place of {} is given up for this one, for it cannot "
        "be finished: {}",
        QuotedList(run.databases), reason));
  }
}

void RestoreRun::SetUnfinishedAside() {
  for (const auto& [run, reason] : unfinished_) {
    LeaveOutRun(run.run, run.holder, facts_.live);
    std::erase_if(facts_.leftovers,
                  [&run = run](const Leftover& left) { return left.run == run.run; });
  }
}

void RestoreRun::GiveUpUnfinished() {
  if (unfinished_.empty()) return;
  for (const auto& [run, reason] : unfinished_) {
    healed_.push_back(GiveUpInPlace(*session_, traits_, run, reason, observer_));
    observer_.Notice(healed_.back().line);
  }
  unfinished_.clear();
  // What stood in for objects of it is gone now, and constraints have their names.
  PlanAgain();
  NameStagedTables(set_, members_);
  RefuseProblems();
}

void RestoreRun::LookAtSafetyThere() {
  const std::string& name = options_.safety_dump_name;
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorCode::kWouldOverwrite, fmt::format("'{}' exists{}", name, why),
                "It may hold what was live before: keep it, and name another file with "
                "--safety-dump, or leave that option out.")
        .About(name);
  };
  RestoreContent there;
  try {
    there = OpenInput(options_.safety_dump_there, "", false)
                ->Read({}, jobs_, options_.max_memory_bytes, observer_, cancel_);
  } catch (const Error& e) {
    refuse(", and is no archive: " + e.message());
  }
  std::vector<std::string> databases;
  for (const RestoreMember& member : members_) databases.push_back(member.live);
  std::sort(databases.begin(), databases.end());
  const ContentSource& source = there.sources.front();
  const Scope& scope = source.header.scope;
  // Tables that an earlier restore in place has kept are in no safety dump.
  const bool leaves_out =
      std::any_of(scope.ignored_tables.begin(), scope.ignored_tables.end(),
                  [](const auto& table) { return !IsDisplacedTableName(table.second); });
  if (source.plain || source.partial || scope.filtered() || !scope.only_tables.empty() ||
      !scope.excluded_kinds.empty() || leaves_out || !PrintsAlike(source.header, traits_) ||
      there.Databases() != databases) {
    refuse(", and is no dump of just what is live");
  }
  result_.plan.warnings.push_back(fmt::format(
      "'{}' is a dump of these databases already: it is the safety dump if it holds what is live "
      "now, as behind an interrupted restore; else that goes to '{}'",
      name, options_.safety_dump_beside));
  safety_there_ = std::move(there);
}

bool RestoreRun::UseSafetyThere() {
  if (!safety_there_) return false;
  observer_.Phase("comparing what is live with the safety dump that is there");
  std::vector<RestoreMember> members = members_;
  for (RestoreMember& member : members) member.archived = member.live;
  if (LiveIs(*safety_there_, members, MakeSet(*safety_there_, members, facts_))) {
    observer_.Notice(fmt::format("what is live is in '{}' already, which is left as it is",
                                 options_.safety_dump_name));
    safety_ = std::move(*safety_there_);
    return true;
  }
  result_.plan.safety_dump = set_.safety_dump = options_.safety_dump_beside;
  observer_.Notice(
      fmt::format("'{}' does not hold what is live now, and is left as it is; that is "
                  "dumped to '{}'",
                  options_.safety_dump_name, result_.plan.safety_dump));
  return false;
}

void RestoreRun::TakeSafetyDump() {
  if (UseSafetyThere()) return;
  observer_.Phase("dumping what is live");
  std::vector<std::string> databases;
  for (const RestoreMember& member : members_) databases.push_back(member.live);
  try {
    const auto file = options_.safety_dump(result_.plan.safety_dump, databases);
    unsigned jobs = jobs_;
    safety_ =
        OpenInput(file, "", false)->Read({}, jobs, options_.max_memory_bytes, observer_, cancel_);
  } catch (Error& e) {
    e.While("taking the safety dump");
    throw;
  }
}

void RestoreRun::AwaitOwnSessions() {
  constexpr int kLooks = 30;
  constexpr std::chrono::milliseconds kPause{100};
  for (int look = 0; look < kLooks && !facts_.sessions.empty(); ++look) {
    std::this_thread::sleep_for(kPause);
    facts_.sessions = SessionsIn(*session_, members_);
  }
}

void RestoreRun::EndSwapInPlace() {
  observer_.Phase("comparing what was live with the safety dump");
  EndInPlace(*session_, traits_, set_, staging_->journal(), NotInSafetyDump(), observer_);
  result_.kept = KeptBy(run_);
}

std::vector<std::string> RestoreRun::KeptBy(const std::string& run) {
  std::vector<std::string> kept;
  for (const KeptTable& table : FindKeptTables(*session_)) {
    if (table.run == run) kept.push_back(table.Describe());
  }
  return kept;
}

bool RestoreRun::Replaces(const InPlaceRun& run) const {
  if (run.set.root_digest == content_.root_digest || !options_.only.empty() ||
      options_.keep_extra) {
    return false;
  }
  for (const ContentSource& source : content_.sources) {
    const Scope& scope = source.header.scope;
    const bool lacks_rows = scope.filtered() && !scope.only_pruned();
    if (source.partial || lacks_rows || !scope.only_tables.empty() ||
        !scope.excluded_kinds.empty()) {
      return false;
    }
  }
  std::set<std::string> names;
  for (const RestoreMember& member : MembersOf(options_, content_)) names.insert(member.live);
  return std::all_of(run.databases.begin(), run.databases.end(),
                     [&](const std::string& name) { return names.contains(name); });
}

std::string RestoreRun::WayBack() const {
  if (!options_.in_place) return "undo.";
  return fmt::format("go back: dbomsbak restore --in-place '{}'.", result_.plan.safety_dump);
}

std::string RestoreRun::NotInSafetyDump() {
  DisplacedProof proof;
  if (!MakeDisplacedProof(set_, safety_, proof)) return "the safety dump holds other tables";
  try {
    const Catalog live = ReadCatalog(*session_, traits_, {staging_->databases(), true, false});
    const std::vector<std::string> differences = DisplacedDifferences(set_, safety_, live, taken_);
    if (!differences.empty()) return JoinedSome(differences);
    ProveRows(sessions_, traits_, proof.content, proof.members, live, {}, jobs_, observer_,
              cancel_);
    return {};
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kConnectionLost) throw;
    if (e.code() == ErrorCode::kCopyDiffers) return "rows were written behind the safety dump";
    return "it could not be compared with the safety dump: " + e.message();
  }
}

}  // namespace dbomsbak
