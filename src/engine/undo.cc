// Undo: the newest displaced copy of a set goes live again, by the same window as a restore.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/quiet.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/sql/quote.h"
#include "engine/definition_differences.h"
#include "engine/kept_tables.h"
#include "engine/key_twins.h"
#include "engine/live_names.h"
#include "engine/lock_holders.h"
#include "engine/locked_server.h"
#include "engine/orphans.h"
#include "engine/outside_references.h"
#include "engine/restore_facts.h"
#include "engine/restore_planner.h"
#include "engine/set_history.h"
#include "engine/set_swap.h"
#include "engine/torn_rename.h"
#include "engine/view_bases.h"
#include "engine/window_context.h"
#include "engine/window_estimate.h"

namespace dbomsbak {
namespace {

constexpr char kUndoUnmetHint[] = "create what is missing there until this is through";

std::set<std::string> NamesOfTables(const Database& database) { return NamesOf(database).tables; }

const Database& FoundOr(const Catalog& catalog, const Database& otherwise) {
  const Database* found = catalog.Find(otherwise.name);
  return found == nullptr ? otherwise : *found;
}

std::vector<Database> ReadLive(Session& session, const ServerTraits& traits,
                               const PreparedSet& copy) {
  CatalogRequest request;
  request.guess_views = true;
  std::vector<Database> absent;
  for (const SetMember& member : copy.members) {
    absent.emplace_back().name = member.live;
    if (DatabaseExists(session, member.live)) request.databases.push_back(member.live);
  }
  const Catalog catalog =
      request.databases.empty() ? Catalog() : ReadCatalog(session, traits, request);
  if (!catalog.unreadable.empty()) {
    const Unreadable& first = catalog.unreadable.front();
    throw Error(first.code, fmt::format("{} cannot be read: {}", first.id.Describe(), first.reason),
                first.remedy);
  }
  std::vector<Database> live;
  for (std::size_t i = 0; i < absent.size(); ++i) {
    live.push_back(FoundOr(catalog, absent[i]));
    std::set<std::string> known(copy.outgoing[i].begin(), copy.outgoing[i].end());
    known.insert(copy.incoming[i].begin(), copy.incoming[i].end());
    LeaveOutKept(known, live.back());
  }
  return live;
}

template <typename List>
void KeepNamed(List& objects, const std::set<std::string>& names) {
  std::erase_if(objects, [&](const auto& object) { return !names.contains(object.id.name); });
}

// A trigger goes with the table it stands on: the copy's with those that return, those that are
// live now with those that stay.
void PlaceTriggers(const Database& live, const std::set<std::string>& returning,
                   const std::set<std::string>& afterwards, Database& wanted) {
  std::erase_if(wanted.triggers,
                [&](const StoredProgram& trigger) { return !returning.contains(trigger.table); });
  for (const StoredProgram& trigger : live.triggers) {
    if (afterwards.contains(trigger.table) && !returning.contains(trigger.table)) {
      wanted.triggers.push_back(trigger);
    }
  }
}

// Of a set that speaks for some tables only, nothing but those goes back.
template <typename T>
void KeepOthersLive(std::vector<T>& wanted, const std::vector<T>& live,
                    const std::vector<std::string>& only) {
  const auto of_set = [&](const T& object) { return Contains(only, object.id.name); };
  std::erase_if(wanted, [&](const T& object) { return !of_set(object); });
  std::copy_if(live.begin(), live.end(), std::back_inserter(wanted),
               [&](const T& object) { return !of_set(object); });
}

void KeepOthersLive(Database& wanted, const Database& live, const std::vector<std::string>& only) {
  KeepOthersLive(wanted.tables, live.tables, only);
  KeepOthersLive(wanted.sequences, live.sequences, only);
  KeepOthersLive(wanted.views, live.views, only);
  wanted.routines = live.routines;
  wanted.events = live.events;
  wanted.charset = live.charset;
  wanted.collation = live.collation;
  wanted.comment = live.comment;
}

// How the copy goes back: `wanted` is what was live before it was put aside. Tables that stayed
// live then, outside of the archive's scope, stay now, too.
PreparedSet UndoSet(const PreparedSet& copy, std::vector<Database> live, unsigned generation) {
  PreparedSet set;
  set.run = NewRunId();
  set.generation = generation;
  set.wanted = copy.before;
  set.returning_keys = copy.outside_keys;
  set.only = copy.only;
  set.before = std::move(live);
  for (std::size_t i = 0; i < copy.members.size(); ++i) {
    const SetMember& member = copy.members[i];
    set.members.push_back({member.live, member.displaced, DisplacedName(member.live, generation)});
    const std::set<std::string> returning(copy.outgoing[i].begin(), copy.outgoing[i].end());
    const bool part = i < copy.only.size() && copy.only[i] && !copy.before[i].create.empty();
    if (part) KeepOthersLive(set.wanted[i], set.before[i], *copy.only[i]);
    const std::set<std::string> now = NamesOfTables(set.before[i]);
    std::set<std::string> afterwards = returning;
    std::vector<std::string> outgoing;
    const std::set<std::string> then = NamesOfTables(copy.before[i]);
    for (const std::string& table : now) {
      const bool stayed = part ? !Contains(*copy.only[i], table)
                               : then.contains(table) && !returning.contains(table);
      if (stayed) {
        afterwards.insert(table);
      } else {
        outgoing.push_back(table);
      }
    }
    KeepNamed(set.wanted[i].tables, afterwards);
    PlaceTriggers(set.before[i], returning, afterwards, set.wanted[i]);
    std::erase_if(set.wanted[i].sequences, [&](const Sequence& sequence) {
      return sequence.is_table && !afterwards.contains(sequence.id.name);
    });
    set.outgoing.push_back(std::move(outgoing));
    set.incoming.push_back(copy.outgoing[i]);
  }
  return set;
}

// Every object with its definition; of tables and sequences only the names matter.
std::map<ObjectId, std::string> ObjectsOf(const Database& database) {
  std::map<ObjectId, std::string> objects;
  for (const Table& table : database.tables) objects[table.id];
  for (const Sequence& sequence : database.sequences) {
    objects[sequence.id] = sequence.is_table ? std::string() : sequence.create;
  }
  for (const View& view : database.views) objects[view.id] = view.create;
  for (const auto* programs : {&database.routines, &database.triggers, &database.events}) {
    for (const StoredProgram& program : *programs) objects[program.id] = program.create;
  }
  return objects;
}

std::vector<InboundKey> KeysLeftBehind(Session& session, const PreparedSet& set) {
  std::vector<std::string> databases;
  for (const SetMember& member : set.members) databases.push_back(member.live);
  return KeysLeftBehind(set, KeysInto(session, databases).keys);
}

// Keys that came to point to what is live now.
void PlanKeys(Session& session, const PreparedSet& set, bool repoint, RestorePlan& plan) {
  const std::vector<InboundKey> keys = KeysLeftBehind(session, set);
  if (!repoint) {
    for (const InboundKey& key : keys) {
      plan.problems.push_back(fmt::format(
          "{} would follow what is live now into the displaced copy: --repoint-foreign-keys lets "
          "it point to what comes back",
          key.Describe()));
    }
    return;
  }
  for (const InboundKey& key : keys) plan.repointed.push_back(key.Describe());
  std::vector<std::string> problems =
      RepointingProblems(set, keys, set.repointed_keys, ReadPrivileges(session),
                         session.QueryValue("SELECT CURRENT_USER()").value_or(""));
  if (problems.empty()) problems = RepointedOrphans(session, set, &SetMember::source);
  plan.problems.insert(plan.problems.end(), problems.begin(), problems.end());
}

// Is OMS, where these databases are its own, still at work on them?
class OmsAtWork {
 public:
  OmsAtWork(Session& session, const UndoOptions& options, const std::vector<Database>& live)
      : session_(session), databases_(HeartbeatDatabases(live, options.heartbeat_databases)) {
    if (options.force) databases_.clear();
    for (const Database& database : live) {
      members_.push_back({database.name, database.name, {}, {}, false});
    }
  }

  // Takes some seconds.
  std::vector<std::string> Watch(Observer& observer, const CancelToken& cancel) {
    if (databases_.empty()) return {};
    const Heartbeats before = ReadHeartbeats(session_, databases_);
    heartbeats_ = WatchHeartbeats(session_, databases_, before, observer, cancel);
    return Told(Beating(before, heartbeats_));
  }
  // Since then.
  std::vector<std::string> Look() {
    if (databases_.empty()) return {};
    return Told(Beating(heartbeats_, ReadHeartbeats(session_, databases_)));
  }

 private:
  std::vector<std::string> Told(const std::vector<std::string>& beating) {
    constexpr char kWhatToDo[] = "(stop OMS, or add --force)";
    std::vector<std::string> told;
    if (const auto others = SessionsIn(session_, members_); !others.empty()) {
      told.push_back(fmt::format(
          "{} of others {} these databases: {} {}", others.size() == 1 ? "a session" : "sessions",
          others.size() == 1 ? "uses" : "use", JoinedSome(others), kWhatToDo));
    }
    if (!beating.empty()) {
      told.push_back(fmt::format(
          "OMS still writes heartbeats into {}; what is written from now on goes with the "
          "displaced copy {}",
          JoinedSome(beating), kWhatToDo));
    }
    return told;
  }

  Session& session_;
  std::vector<std::string> databases_;
  std::vector<RestoreMember> members_;
  Heartbeats heartbeats_;
};

RestorePlan PlanOf(Session& session, const PreparedSet& set, const JournaledSet& copy,
                   bool repoint) {
  RestorePlan plan;
  plan.generation = set.generation;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    const SetMember& member = set.members[i];
    if (set.before[i].create.empty() && !set.wanted[i].create.empty()) {
      plan.created_databases.push_back(member.live);
    }
    const auto now = ObjectsOf(set.before[i]), then = ObjectsOf(set.wanted[i]);
    const std::set<std::string> moving(set.outgoing[i].begin(), set.outgoing[i].end());
    for (const auto& [id, definition] : now) {
      const auto other = then.find(id);
      if (other == then.end()) {
        plan.removed.push_back(id);
      } else if (other->second != definition || (definition.empty() && moving.contains(id.name))) {
        plan.replaced.push_back(id);
      }
    }
    for (const auto& [id, definition] : then) {
      if (!now.contains(id)) plan.added_back.push_back(id);
    }
    const std::set<std::string> there = ReadTableNames(session, member.source);
    for (const std::string& table : set.incoming[i]) {
      if (there.contains(table)) continue;
      plan.problems.push_back(fmt::format("table {} is missing in the displaced copy",
                                          QuoteQualified(member.source, table)));
    }
  }
  const std::vector<std::string> taken = TriggerNamesTaken(set);
  plan.problems.insert(plan.problems.end(), taken.begin(), taken.end());
  const UnmetSet unmet = UnmetViewsOf(session, set);
  for (const UnmetView& view : unmet.to_create) {
    plan.problems.push_back(fmt::format("{}: {}", view.Describe(), kUndoUnmetHint));
  }
  for (const UnmetView& view : unmet.to_undo) {
    plan.warnings.push_back(view.Describe() + ": another undo could not bring it back");
  }
  plan.altered = AlteredDatabases(set.wanted, set.before);
  plan.databases = copy.LiveNames();
  plan.expected_window_ms = EstimateWindow(set);
  PlanKeys(session, set, repoint, plan);
  return plan;
}

void ThrowProblems(const RestorePlan& plan) {
  if (plan.problems.empty()) return;
  std::string all;
  for (const std::string& problem : plan.problems) all += (all.empty() ? "" : "; ") + problem;
  throw Error(ErrorCode::kRestorePreflight, fmt::format("undo is not possible: {}", all),
              "Nothing was changed. Remove what is named, then run the same command again.");
}

JournaledSet NewestCopy(const std::vector<JournaledSet>& sets,
                        const std::vector<std::string>& databases, const std::string& unseen) {
  for (const JournaledSet& found : sets) {
    if (found.state != SetState::kOpen) continue;
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("the {} of {} was interrupted and is not healed yet",
                            found.set.operation, QuotedList(found.LiveNames())),
                "Run the command without --dry-run: it heals that first.");
  }
  JournaledSet newest = SelectSets(sets, databases, unseen).back();
  if (newest.state == SetState::kPurging) {
    throw Error(ErrorCode::kRestorePreflight,
                fmt::format("the newest displaced copy of {} is being purged",
                            QuotedList(newest.LiveNames())),
                "Its tables may be gone in part. `dbomsbak purge` finishes that.");
  }
  return newest;
}

// An undo of a restore that never was live would go one step too far back.
void RefuseIfTakenBack(const std::vector<HealedSet>& healed_sets,
                       std::vector<std::string> databases) {
  std::sort(databases.begin(), databases.end());
  for (const HealedSet& healed : healed_sets) {
    if (healed.operation != kOperationRestore || healed.live) continue;
    if (!databases.empty() && databases != healed.databases) continue;
    throw Error(
        ErrorCode::kRestorePreflight, fmt::format("nothing was undone: {}", healed.line),
        "What is live is what was live before that restore. `dbomsbak status` shows whether "
        "there is an older displaced copy; the same command again swaps that back.");
  }
}

// Run again after a kill, an undo that has swapped is done: another would take it back.
std::optional<RestoreResult> DoneByHealing(const std::vector<HealedSet>& healed_sets,
                                           const std::vector<std::string>& databases) {
  for (const HealedSet& healed : healed_sets) {
    if (healed.operation == kOperationRestore || !healed.live) continue;
    if (healed.databases != databases) continue;
    RestoreResult done;
    done.swapped = done.healed = true;
    done.plan.databases = healed.databases;
    done.plan.generation = healed.generation;
    return done;
  }
  return std::nullopt;
}

}  // namespace

RestoreResult RunUndo(SessionFactory& sessions, const UndoOptions& options,
                      const ConfirmRestore& confirm, Observer& observer,
                      const CancelToken& cancel) {
  LockedServer server(sessions, !options.dry_run, options.lock_wait_s, observer);
  Session& session = server.session();
  const ServerTraits& traits = server.traits();
  RefuseIfTakenBack(server.healed(), options.databases);
  const JournaledSet copy =
      NewestCopy(FindSets(session), options.databases, UnseenLeftovers(session));
  if (auto done = DoneByHealing(server.healed(), copy.LiveNames())) return std::move(*done);
  const unsigned generation = NextFreeGeneration(session);

  const bool repoint = options.repoint_foreign_keys || !copy.set.repointed_keys.empty();
  std::vector<Database> live;
  const auto undo_set = [&] {
    live = ReadLive(session, traits, copy.set);
    PreparedSet set = UndoSet(copy.set, live, generation);
    set.operation = options.aborts ? kOperationAbort : kOperationUndo;
    if (repoint) set.repointed_keys = ReadKeyDefinitions(session, KeysLeftBehind(session, set));
    return set;
  };

  RestoreResult result;
  result.plan = PlanOf(session, undo_set(), copy, repoint);
  if (!traits.has_atomic_ddl) {
    result.plan.warnings.push_back(TornTableWarning(
        ReadPrivileges(session), session.QueryValue("SELECT CURRENT_USER()").value_or(""),
        CopiesWithinDataFolder(session, traits)));
  }
  OmsAtWork oms(session, options, live);
  for (std::string& problem : oms.Watch(observer, cancel)) {
    result.plan.problems.push_back(std::move(problem));
  }
  if (std::string told = DescribeTransactions(session, copy.LiveNames()); !told.empty()) {
    result.plan.warnings.push_back(std::move(told));
  }
  ThrowProblems(result.plan);
  if (options.dry_run) return result;
  if (confirm && !confirm(result.plan)) {
    throw Error(ErrorCode::kInterrupted, "undo was not confirmed; nothing was changed",
                "Answer y to do what is shown, or add --yes.");
  }
  cancel.ThrowIfCancelled();
  // Read again: whoever confirmed may have taken an hour.
  const PreparedSet set = undo_set();
  result.plan.problems = oms.Look();
  ThrowProblems(result.plan);
  const auto journal = ServerJournal::Open(session, copy.holder);
  observer.Phase(fmt::format("bringing back {}", QuotedList(copy.LiveNames())));
  result.window_ms =
      SwapLive(session, traits, set, *journal,
               {options.lock_wait_s, options.lock_tries, &sessions, &cancel}, observer);
  result.swapped = true;
  return result;
}

}  // namespace dbomsbak
