// What is particular to a restore in place.
#include <utility>

#include "dbomsbak/base/error.h"
#include "engine/in_place.h"
#include "engine/restore_facts.h"
#include "engine/restore_input.h"
#include "engine/restore_run.h"
#include "engine/staging_proof.h"

namespace dbomsbak {
void RestoreRun::CompletePlanInPlace() {
  RestorePlan& plan = result_.plan;
  plan.generation = 0;
  plan.safety_dump = options_.safety_dump_name;
  for (std::string& problem : InPlaceProblems(set_, members_, facts_)) {
    plan.problems.push_back(std::move(problem));
  }
  for (std::string& warning : InPlaceWarnings(content_, traits_)) {
    plan.warnings.push_back(std::move(warning));
  }
}

void RestoreRun::TakeSafetyDump() {
  observer_.Phase("dumping what is live");
  std::vector<std::string> databases;
  for (const RestoreMember& member : members_) databases.push_back(member.live);
  try {
    const auto file = options_.safety_dump(databases);
    unsigned jobs = jobs_;
    safety_ =
        OpenInput(file, "", false)->Read({}, jobs, options_.max_memory_bytes, observer_, cancel_);
  } catch (Error& e) {
    e.While("taking the safety dump");
    throw;
  }
}

void RestoreRun::EndSwapInPlace() {
  observer_.Phase("comparing what was live with the safety dump");
  EndInPlace(*session_, traits_, set_, staging_->journal(), DisplacedIsInSafetyDump(), observer_);
}

bool RestoreRun::DisplacedIsInSafetyDump() {
  DisplacedProof proof;
  if (!MakeDisplacedProof(set_, safety_, proof)) return false;
  try {
    const Catalog live = ReadCatalog(*session_, traits_, {staging_->databases(), true, false});
    if (!SameSequences(set_, safety_, live)) return false;
    ProveRows(sessions_, traits_, proof.content, proof.members, live, {}, jobs_, observer_,
              cancel_);
    return true;
  } catch (const Error& e) {
    if (e.code() == ErrorCode::kConnectionLost) throw;
    if (e.code() != ErrorCode::kCopyDiffers) observer_.Warning(e.message());
    return false;
  }
}

}  // namespace dbomsbak
