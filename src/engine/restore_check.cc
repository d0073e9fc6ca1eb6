// What a restore asks the server before it changes anything, and again before the window.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "engine/definition_differences.h"
#include "engine/in_place.h"
#include "engine/key_twins.h"
#include "engine/live_comparison.h"
#include "engine/lock_holders.h"
#include "engine/orphans.h"
#include "engine/prepared_copy.h"
#include "engine/restore_choice.h"
#include "engine/restore_content.h"
#include "engine/restore_facts.h"
#include "engine/restore_planner.h"
#include "engine/restore_run.h"
#include "engine/server_refusals.h"
#include "engine/set_history.h"
#include "engine/set_names.h"
#include "engine/set_swap.h"
#include "engine/spelled_content.h"
#include "engine/staging.h"
#include "engine/staging_proof.h"

namespace dbomsbak {
namespace {

// A plain dump of one database does not say how that is made: it is as it is live, or as the server
// makes one. Programs of which the dump does not say it were made in the database as it is.
void CompleteDatabases(Session& session, const std::vector<RestoreMember>& members,
                       const Catalog& live, RestoreContent& content) {
  for (const RestoreMember& member : members) {
    if (!content.SourceOf(member.archived).plain) continue;
    auto place = std::find_if(
        content.databases.begin(), content.databases.end(),
        [&](const ContentObject& object) { return object.record.id.name == member.archived; });
    if (place == content.databases.end()) {
      ContentObject object;
      object.record.id = {member.archived, ObjectKind::kDatabase, member.archived};
      if (const Database* database = live.Find(member.live)) {
        object.record.charset = database->charset;
        object.record.collation = database->collation;
      } else {
        const ResultSet usual = session.Query("SELECT @@character_set_server, @@collation_server");
        object.record.charset = usual.Text(0, 0);
        object.record.collation = usual.Text(0, 1);
      }
      content.databases.push_back(std::move(object));
      place = std::prev(content.databases.end());
    }
    const std::string collation = place->record.collation;
    for (auto* programs : {&content.routines, &content.triggers, &content.events}) {
      for (ContentObject& program : *programs) {
        if (program.record.id.database != member.archived) continue;
        if (program.record.database_collation.empty()) {
          program.record.database_collation = collation;
        }
      }
    }
  }
}

}  // namespace

void RestoreRun::Check(const std::string& input_name) {
  observer_.Phase("checking what the restore would change");
  members_ = MembersOf(options_, content_);
  if (traits_.lower_case_table_names == 1) {
    for (RestoreMember& member : members_) {
      if (member.live != member.archived) member.live = LowerAscii(member.live);
    }
  }
  if (members_.empty()) {
    throw Error(ErrorCode::kRestorePreflight, fmt::format("'{}' holds no database", input_name),
                "dbomsbak info tells what it holds.");
  }
  std::set<std::string> databases;
  for (std::string& name : ListDatabases(*session_)) databases.insert(std::move(name));
  if (!options_.in_place) found_ = FindStaging(*session_, content_, members_, databases);
  run_ = found_.resumable.value_or(NewRunId());
  const std::vector<std::string> in_the_way = MindPrepared();
  NameDisplaced(databases);
  for (RestoreMember& member : members_) {
    member.staging = options_.in_place ? member.live : StagingName(member.live, run_);
  }
  facts_ = ReadServerFacts(*session_);
  ReadFactsOfNow(*session_, members_, content_.Definers(), facts_);
  SetUnfinishedAside();
  CompleteDatabases(*session_, members_, facts_.live, content_);
  const std::vector<std::string> respelled = SpellFor(facts_, content_);
  if (!AllPrintAlike(content_, traits_)) refusals_ = Refusals(*session_, content_, cancel_);
  MakeSetOfFacts();
  NameStagedTables(set_, members_);
  result_.plan =
      MakePlan(content_, members_, facts_,
               options_.force || options_.rehearse || options_.prepare ? OtherSessions::kTell
                                                                       : OtherSessions::kRefuse);
  std::vector<std::string>& problems = result_.plan.problems;
  problems.insert(problems.end(), in_the_way.begin(), in_the_way.end());
  RequireDatabases(!options_.only.empty());
  if (!options_.rehearse && !options_.prepare) RefuseHeartbeats();
  if (options_.in_place) CompletePlanInPlace();
  for (const std::string& note : respelled) result_.plan.warnings.push_back(note);
  for (const std::string& line : NamedStill(content_, members_)) {
    result_.plan.warnings.push_back(line);
  }
  if (!options_.rehearse && !options_.prepare && !options_.throwaway_server) WarnOfTransactions();
  if (prepared_) {
    result_.plan.warnings.push_back(
        fmt::format("these files are loaded already, prepared {}: nothing is loaded again",
                    prepared_->note.time));
  } else if (found_.resumable) {
    result_.plan.warnings.push_back(fmt::format(
        "an earlier run of this restore was interrupted; it goes on from there (run {})", run_));
  }
  if (!found_.others.empty()) {
    result_.plan.warnings.push_back(fmt::format("staging that earlier restores left is dropped: {}",
                                                QuotedList(found_.others)));
  }
}

void RestoreRun::WarnOfTransactions() {
  std::vector<std::string> live;
  for (const RestoreMember& member : members_) live.push_back(member.live);
  std::string told = DescribeTransactions(*session_, live);
  if (!told.empty()) result_.plan.warnings.push_back(std::move(told));
}

bool RestoreRun::IsDoneByHealing() {
  std::vector<std::string> names;
  for (const RestoreMember& member : members_) names.push_back(member.live);
  std::sort(names.begin(), names.end());
  for (const HealedSet& healed : healed_) {
    if (healed.operation != kOperationRestore || !healed.live || healed.databases != names ||
        healed.root_digest != content_.root_digest || !LiveIsArchived()) {
      continue;
    }
    result_.swapped = result_.healed = true;
    result_.plan.generation = healed.generation;
    result_.plan.safety_dump = healed.safety_dump;  // this run takes none
    if (options_.in_place) result_.kept = KeptBy(healed.run);
    return true;
  }
  return false;
}

bool RestoreRun::LiveIsArchived() { return LiveIs(content_, members_, set_); }

bool RestoreRun::LiveIs(RestoreContent content, const std::vector<RestoreMember>& members,
                        const PreparedSet& set) {
  // What another server printed, or a dump made portable, says less than what is live: bodies of
  // programs would be compared by their names alone.
  if (std::any_of(content.sources.begin(), content.sources.end(),
                  [](const ContentSource& source) { return source.plain; }) ||
      !AllPrintAlike(content, traits_) ||
      !LiveDifferences(set, content, members, traits_, observer_).empty()) {
    return false;
  }
  // Live no key waits for a window.
  for (ContentObject& table : content.tables) table.keys_to_staying.clear();
  std::vector<RestoreMember> live = members;
  for (RestoreMember& member : live) {
    member.staging = member.live;
    member.staged_tables.clear();
  }
  for (const auto* objects : {&content.tables, &content.sequences}) {
    for (const ContentObject& object : *objects) {
      const ObjectId& id = object.record.id;
      live[PlaceOf(live, id.database)].staged_tables[id.name] = id.name;
    }
  }
  ServerTraits traits = traits_;
  traits.constraint_names_block_rename = false;  // live they have their own names
  const Counters counters = traits.keeps_counters_in_crash ? Counters::kSet : Counters::kNotYet;
  if (!CompareDefinitions(content, live, facts_.live, traits, counters).empty()) return false;
  try {
    ProveRows(sessions_, traits_, content, live, facts_.live, {}, jobs_, observer_, cancel_);
    return true;
  } catch (const Error& e) {
    if (e.code() != ErrorCode::kCopyDiffers) throw;
    return false;
  }
}

void RestoreRun::ReadKeysToRepoint() {
  if (!options_.repoint_foreign_keys) return;
  set_.repointed_keys =
      ReadKeyDefinitions(*session_, KeysLeftBehind(set_, facts_.keys_into_set.keys));
  facts_.repointed_keys = set_.repointed_keys;
}

void RestoreRun::NameDisplaced(const std::set<std::string>& databases) {
  const unsigned generation = NextGeneration(members_, databases);
  for (RestoreMember& member : members_) {
    member.displaced = options_.in_place ? member.live : DisplacedName(member.live, generation);
  }
}

void RestoreRun::MakeSetOfFacts() {
  set_ = MakeSet(content_, members_, facts_);
  facts_.unmet_views = UnmetViewsOf(*session_, set_);
  facts_.refusals = refusals_;
  ReadKeysToRepoint();
  set_.run = run_;
  if (!options_.in_place) return;
  set_.in_place = true;
  set_.safety_dump = result_.plan.safety_dump;
  set_.generation = 0;
}

std::vector<std::string> RestoreRun::MindPrepared() {
  std::vector<std::string> problems;
  for (PreparedCopy& copy : FindPrepared(*session_)) {
    const bool same = found_.resumable && RunOf(copy.holder) == *found_.resumable;
    const std::vector<std::string> live = copy.LiveNames();
    const bool shares = std::any_of(members_.begin(), members_.end(), [&](const auto& member) {
      return std::binary_search(live.begin(), live.end(), member.live);
    });
    if (same && !options_.rehearse) {
      prepared_ = std::move(copy);
    } else if (shares) {
      problems.push_back(fmt::format(
          "a restore of {} from {} is prepared: make it live with `dbomsbak restore --swap`, or "
          "drop it with `dbomsbak restore --abort`, before another is {}",
          QuotedList(live), copy.note.origin.Describe(),
          options_.rehearse ? "rehearsed" : "begun"));
    }
  }
  return problems;
}

void RestoreRun::RequireDatabases(bool part_is_asked) {
  if (part_is_asked) return;
  std::vector<std::string> missing;
  for (const std::string& name : options_.required_databases) {
    const bool there = std::any_of(
        members_.begin(), members_.end(),
        [&](const RestoreMember& member) { return EqualIgnoringCase(member.live, name); });
    if (!there) missing.push_back(name);
  }
  if (missing.empty()) return;
  result_.plan.problems.push_back(fmt::format(
      "{} of {} {} not in what is restored: give the files of all databases in one command, choose "
      "a part with --only, or leave --oms-config out and name the server by options",
      QuotedList(missing), options_.required_by, missing.size() == 1 ? "is" : "are"));
}

void RestoreRun::RefuseHeartbeats() {
  // Nobody waits to be told of what he has said does not matter, unless he has named OMS.
  beating_databases_ =
      options_.force ? options_.heartbeat_databases
                     : HeartbeatDatabases(facts_.live.databases, options_.heartbeat_databases);
  heartbeats_ = ReadHeartbeats(*session_, beating_databases_);
  Heartbeats now = WatchHeartbeats(*session_, beating_databases_, heartbeats_, observer_, cancel_);
  RefuseBeating(now);
  heartbeats_ = std::move(now);
}

void RestoreRun::RefuseBeating(const Heartbeats& now) {
  const std::vector<std::string> beating = Beating(heartbeats_, now);
  if (beating.empty()) return;
  const std::string told = fmt::format(
      "OMS still writes heartbeats into {}; what is written from now on {}", JoinedSome(beating),
      options_.in_place ? "is kept in tables beside the restored ones"
                        : "goes with the displaced copy");
  RestorePlan& plan = result_.plan;
  if (options_.force) {
    plan.warnings.push_back(told);
  } else {
    plan.problems.push_back(told + " (stop OMS, or add --force)");
  }
}

void RestoreRun::RefuseProblems() {
  if (!result_.plan.problems.empty()) throw RefusalOf(result_.plan.problems);
}

void RestoreRun::PlanAgain() {
  const unsigned generation = set_.generation;
  ReadFactsOfNow(*session_, members_, content_.Definers(), facts_);
  if (options_.in_place) {
    AwaitOwnSessions();
    LeaveOutRun(run_, members_.front().live, facts_.live);
    std::erase_if(facts_.leftovers, [&](const Leftover& leftover) { return leftover.run == run_; });
  }
  MakeSetOfFacts();
  set_.generation = generation;
  // A foreign key into the set, or the application, may have come meanwhile.
  RestorePlan now = MakePlan(content_, members_, facts_,
                             options_.force ? OtherSessions::kTell : OtherSessions::kRefuse);
  for (const std::string& warning : now.warnings) {
    const std::vector<std::string>& told = result_.plan.warnings;
    if (std::find(told.begin(), told.end(), warning) == told.end()) observer_.Warning(warning);
  }
  result_.plan.problems = std::move(now.problems);
  if (!options_.force) {
    RefuseBeating(ReadHeartbeats(*session_, beating_databases_));
  }
}

void RestoreRun::LookAgain() {
  const PreparedSet planned = set_;
  PlanAgain();
  if (options_.in_place) {
    // The safety dump must be the way back to it.
    for (const std::string& object : ChangedBetween(planned.before, set_.before)) {
      result_.plan.problems.push_back(object + " was changed since the safety dump was taken");
    }
  }
  RefuseProblems();
  if (options_.in_place) return;
  // Live triggers that the archive does not speak for go onto the restored tables, too.
  if (!SameTriggers(planned, set_)) staging_->TryObjects(set_);
  if (planned.outgoing == set_.outgoing) return;
  observer_.Warning(
      "tables were created or dropped in the live databases while this ran; what is "
      "there now goes into the displaced copy");
}

void RestoreRun::AskAhead() {
  std::vector<RestoreMember> members = members_;
  RestoreFacts facts = facts_;
  ReadFactsOfNow(*session_, members, content_.Definers(), facts);
  try {
    CheckUnchanged(*session_, set_);
  } catch (const Error& e) {
    // The last look says so, when all is loaded and worth keeping.
    if (e.code() != ErrorCode::kRestorePreflight) throw;
  }
}

void RestoreRun::RefuseOrphans() {
  result_.plan.problems =
      FindOrphans(*session_, options_.in_place ? WithKeysToStaying(set_) : set_);
  RefuseProblems();
}

bool RestoreRun::SameTriggers(const PreparedSet& a, const PreparedSet& b) {
  const auto same = [](const StoredProgram& x, const StoredProgram& y) {
    return x.id == y.id && x.table == y.table && SameDefinition(x, y);
  };
  for (std::size_t i = 0; i < a.wanted.size(); ++i) {
    const std::vector<StoredProgram>& x = a.wanted[i].triggers;
    const std::vector<StoredProgram>& y = b.wanted[i].triggers;
    if (!std::equal(x.begin(), x.end(), y.begin(), y.end(), same)) return false;
  }
  return true;
}

}  // namespace dbomsbak
