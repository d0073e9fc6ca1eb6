#include "dbomsbak/engine/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <utility>

#include "catalog/unknown_database.h"
#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/near_names.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/catalog/definition_traits.h"
#include "dbomsbak/catalog/table_reader.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/row_encoder.h"
#include "engine/chunk_reader.h"
#include "engine/definition_diff.h"
#include "engine/diff_source.h"
#include "engine/differing_keys.h"
#include "engine/dump_set.h"
#include "engine/dump_text.h"
#include "engine/event_text.h"
#include "engine/frame_memory.h"
#include "engine/frame_pass.h"
#include "engine/job_board.h"
#include "engine/pruned_tables.h"
#include "engine/restore_input.h"
#include "engine/session_registry.h"
#include "engine/snapshot_rows.h"
#include "engine/spelled_content.h"
#include "engine/staging_proof.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

// Notices are of the dump that a diff begins as: here they are phases.
class AsPhases final : public ForwardingObserver {
 public:
  using ForwardingObserver::ForwardingObserver;
  void Notice(std::string_view text) override { next_.Phase(text); }
};

// An object as it is live.
struct LiveObject {
  ObjectRecord record;
  const std::string* create = nullptr;
  std::string restart;
  const Table* table = nullptr;
  bool broken = false;  // views
};

using LiveObjects = std::map<ObjectId, LiveObject>;

LiveObjects ObjectsOf(const DumpSet& set) {
  LiveObjects objects;
  for (const Database& database : set.catalog.databases) {
    const auto add = [&](const auto& object) -> LiveObject& {
      LiveObject& live = objects[object.id];
      live.record = RecordOf(object);
      live.create = &object.create;
      return live;
    };
    if (set.scope.only_tables.empty() && set.scope.CoversKind(ObjectKind::kDatabase)) {
      ObjectRecord record = RecordOf(database);
      const ObjectId id = record.id;
      objects[id].record = std::move(record);
    }
    for (const Table& table : database.tables) add(table).table = &table;
    for (const View& view : database.views) add(view).broken = view.broken;
    for (const Sequence& sequence : database.sequences) {
      const auto restart = set.sequence_restarts.find(sequence.id);
      add(sequence).restart =
          restart == set.sequence_restarts.end() ? sequence.restart : restart->second;
    }
    for (const StoredProgram& routine : database.routines) add(routine);
    for (const StoredProgram& trigger : database.triggers) add(trigger);
    for (const StoredProgram& event : database.events) add(event);
  }
  return objects;
}

// "before insert" of a trigger's text.
std::string FiresAt(const std::string& create) {
  const std::vector<SqlToken> tokens = TokensOf(create);
  for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (tokens[i].IsWord("before") || tokens[i].IsWord("after")) {
      return fmt::format("{} {}", tokens[i].text, tokens[i + 1].text);
    }
  }
  return {};
}

// Where a privilege hides a whole kind, the name is "*".
template <typename List>
const typename List::value_type* FindLost(const List& lost, const ObjectId& id) {
  for (const auto& each : lost) {
    const ObjectId& one = each.first;
    const bool whole_kind = one.name == "*" && one.database == id.database && one.kind == id.kind;
    if (whole_kind || one == id) return &each;
  }
  return nullptr;
}

// What is not compared, for the file does not hold it.
std::vector<std::string> NotesOf(const DiffSource& source, const DiffOptions& options) {
  const Scope& scope = source.header().scope;
  const std::string_view file = source.is_plain() ? "dump" : "archive";
  std::vector<std::string> notes;
  const auto left_aside = [&](ObjectKind kind, std::string_view what) {
    if (scope.CoversKind(kind)) return;
    notes.push_back(fmt::format("the {} does not speak of {}: they are not compared", file, what));
  };
  if (options.only.empty()) {  // of tables alone nothing else is asked
    left_aside(ObjectKind::kDatabase, "its databases' charsets");
    left_aside(ObjectKind::kProcedure, "routines");
    left_aside(ObjectKind::kEvent, "events");
  }
  left_aside(ObjectKind::kTrigger, "triggers");
  const auto named = [](const std::vector<std::pair<std::string, std::string>>& tables) {
    constexpr std::size_t kMost = 5;
    std::string names;
    for (std::size_t i = 0; i < std::min(tables.size(), kMost); ++i) {
      names += (i == 0 ? "" : ", ") + QuoteQualified(tables[i].first, tables[i].second);
    }
    return tables.size() <= kMost ? names
                                  : fmt::format("{} and {} more", names, tables.size() - kMost);
  };
  if (options.only.empty() && !scope.only_tables.empty()) {
    notes.push_back(
        fmt::format("the {} speaks of some tables alone, and no others are compared: {}", file,
                    named(scope.only_tables)));
  }
  if (options.only.empty() && !scope.ignored_tables.empty()) {
    notes.push_back(fmt::format("tables that the {} leaves out are not compared: {}", file,
                                named(scope.ignored_tables)));
  }
  if (scope.no_create_info) {
    notes.push_back(fmt::format("the {} holds no definitions: they are not compared", file));
  }
  if (scope.no_data) {
    notes.push_back(fmt::format("the {} holds no rows: they are not compared", file));
  } else if (!source.is_plain()) {
    std::set<std::string> told;
    for (const ObjectRecord& record : source.objects()) {
      if (!record.pruned) continue;
      notes.push_back(fmt::format("{}; no others are compared", DescribePruned(record)));
      told.insert(record.id.database + "." + record.id.name);
    }
    for (const auto& [table, condition] : scope.row_filters) {
      if (told.contains(table)) continue;
      notes.push_back(fmt::format("of {} only rows are compared that the archive was made for: {}",
                                  table == "*" ? "all tables" : table, condition));
    }
  }
  return notes;
}

bool HasColumn(const Table& table, std::string_view name) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [&](const Column& column) { return EqualIgnoringCase(column.name, name); });
}

unsigned JobsOf(const DiffOptions& options) {
  return options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
}

class Diff {
 public:
  Diff(SessionFactory& sessions, const DiffSource& source, const DiffOptions& options,
       Observer& observer, const CancelToken& cancel)
      : sessions_(sessions),
        source_(source),
        options_(options),
        observer_(observer),
        cancel_(cancel),
        scope_(source.header().scope) {
    Narrow();
    for (const ObjectRecord& record : source.objects()) {
      if (!record.omitted.empty()) archived_lost_.emplace_back(record.id, record.omitted);
    }
  }

  DiffReport Run() {
    Untouchable unreadable;
    bool changed = false;
    for (;;) {
      try {
        return Attempt(unreadable);
      } catch (const ChangedMeanwhile& e) {
        if (changed) throw;
        changed = true;
        observer_.Warning(fmt::format("{}; starting over once", e.message()));
      } catch (const UnreadableRows& e) {
        const ObjectId& table = e.table();
        if (!unreadable.insert({{table.database, table.name}, {e.code(), e.reason()}}).second) {
          throw;
        }
        observer_.Warning(fmt::format("{}; starting over without it", e.message()));
      }
    }
  }

 private:
  // What of the archive's scope is asked for.
  void Narrow() {
    if (options_.only.empty()) return;
    for (const auto& [database, table] : options_.only) {
      const std::vector<std::string>& databases = scope_.databases;
      if (std::find(databases.begin(), databases.end(), database) != databases.end() &&
          scope_.CoversTable(database, table)) {
        continue;
      }
      throw Error(ErrorCode::kUsage,
                  fmt::format("'{}' does not speak for table {}", source_.name(),
                              QuoteQualified(database, table)),
                  "dbomsbak info tells the scope of the file.")
          .About(QuoteQualified(database, table));
    }
    scope_.only_tables = options_.only;
    std::erase_if(scope_.databases, [&](const std::string& database) {
      return std::none_of(options_.only.begin(), options_.only.end(),
                          [&](const auto& each) { return each.first == database; });
    });
  }

  // A name that neither side has is a misspelt one.
  void RequireNamed(const LiveObjects& live) const {
    for (const auto& [database, table] : options_.only) {
      std::vector<std::string> near;
      bool found = false;
      const auto look = [&, &database = database, &table = table](const ObjectId& id) {
        if (id.database != database) return;
        found = found || id.name == table;
        near.push_back(id.name);
      };
      for (const ObjectRecord& record : source_.objects()) look(record.id);
      for (const auto& [id, object] : live) look(id);
      if (found) continue;
      throw Error(ErrorCode::kUsage,
                  fmt::format("there is no table {}, neither in '{}' nor live",
                              QuoteQualified(database, table), source_.name()),
                  DidYouMean(table, near))
          .About(QuoteQualified(database, table));
    }
  }

  DiffReport Attempt(const Untouchable& unreadable) {
    SessionRegistry registry(cancel_);
    AsPhases observer(observer_);
    try {
      report_ = {};
      objects_.clear();
      tables_.clear();
      compared_.clear();
      report_.databases = scope_.databases;
      report_.notes = NotesOf(source_, options_);
      std::optional<DumpSet> set = OpenSet(registry, unreadable, observer);
      const LiveObjects live = set ? ObjectsOf(*set) : LiveObjects();
      RequireNamed(live);
      observer.Phase("comparing definitions");
      CompareObjects(set ? &*set : nullptr, live, registry);
      if (set) {
        CompareRows(*set, registry);
        set->ReleaseTables();
        set->CheckStillGuarded();
      }
      return Finished();
    } catch (const Error&) {
      cancel_.ThrowIfCancelled();  // a session cut by Ctrl-C is no lost connection
      registry.AbortAll();
      throw;
    }
  }

  // The live databases at one snapshot; nothing when none of them is there.
  std::optional<DumpSet> OpenSet(SessionRegistry& registry, const Untouchable& unreadable,
                                 Observer& observer) {
    DumpOptions dump;
    dump.scope = scope_;
    dump.scope.databases = ExistingDatabases(registry);
    if (dump.scope.databases.empty()) return std::nullopt;
    if (source_.is_plain())
      dump.scope.row_filters.clear();  // those that it tells are no conditions
    if (portable_) dump.ddl = Ddl::kPortable;
    dump.jobs = JobsOf(options_);
    dump.lock_wait_s = options_.lock_wait_s;
    dump.lock_tries = options_.lock_tries;
    dump.allow_partial = true;  // what cannot be read cannot be compared, which is told
    dump.tables_may_be_missing = true;
    DumpSet set = PrepareDumpSet(sessions_, registry, dump, unreadable, observer, cancel_);
    report_.snapshot = set.snapshot.record;
    RequirePrivileges(set);
    return set;
  }

  std::vector<std::string> ExistingDatabases(SessionRegistry& registry) {
    Session& session = registry.Add(sessions_.Connect());
    report_.server = session.description();
    const ServerTraits traits = ProbeServerTraits(session);
    portable_ = source_.header().HasPortableDefinitions() && SameSeries(source_.header(), traits);
    PrepareSession(session, traits, false);
    const std::vector<std::string> all = ListDatabases(session);
    std::vector<std::string> existing;
    for (const std::string& database : scope_.databases) {
      if (std::find(all.begin(), all.end(), database) != all.end()) {
        existing.push_back(database);
        continue;
      }
      const Privileges privileges = ReadPrivileges(session);
      if (SeesDatabase(privileges, database)) continue;
      const std::string account = session.QueryValue("SELECT CURRENT_USER()").value_or("");
      ThrowUnknownDatabase(session, privileges, QuoteAccount(account), database, {}, {});
    }
    registry.Close(session);
    return existing;
  }

  // A missing privilege is no property of the databases.
  static void RequirePrivileges(const DumpSet& set) {
    constexpr std::size_t kMostRemedies = 10;
    std::optional<Error> error;
    std::set<std::string> remedies;
    std::string hint;
    for (const Unreadable& object : set.catalog.unreadable) {
      if (object.code != ErrorCode::kPrivilege) continue;
      if (!error) {
        error.emplace(ErrorCode::kPrivilege,
                      fmt::format("cannot compare {}: {}", object.id.Describe(), object.reason));
        error->About(object.id.Describe());
      }
      if (remedies.size() < kMostRemedies && remedies.insert(object.remedy).second) {
        hint += (hint.empty() ? "" : " ") + object.remedy;
      }
    }
    for (const auto& [name, touch] : set.snapshot.untouchable) {
      if (error || touch.code != ErrorCode::kPrivilege) continue;
      error.emplace(ErrorCode::kPrivilege,
                    fmt::format("cannot compare table {}: {}",
                                QuoteQualified(name.first, name.second), touch.reason));
    }
    if (!error) return;
    error->set_hint(hint);
    throw *error;
  }

  bool IsCovered(const ObjectRecord& record) const {
    const ObjectId& id = record.id;
    if (!scope_.CoversKind(id.kind)) return false;
    if (std::find(scope_.databases.begin(), scope_.databases.end(), id.database) ==
        scope_.databases.end()) {
      return false;
    }
    switch (id.kind) {
      case ObjectKind::kTable:
      case ObjectKind::kView:
      case ObjectKind::kSequence:
        return scope_.CoversTable(id.database, id.name);
      case ObjectKind::kTrigger:
        return scope_.CoversTable(id.database, record.table);
      default:
        return scope_.only_tables.empty();
    }
  }

  // ---- definitions ----

  void CompareObjects(const DumpSet* set, const LiveObjects& live, SessionRegistry& registry) {
    same_series_ = set != nullptr && SameSeries(source_.header(), set->traits);
    printed_ = !same_series_        ? Printed::kOtherwise
               : source_.is_plain() ? Printed::kCopied
                                    : Printed::kAlike;
    if (set != nullptr && !same_series_) {
      const std::unique_ptr<Session> session = sessions_.Connect();
      PrepareSession(*session, set->traits, false);
      traits_ = ProbeDefinitionTraits(*session, set->traits);
    }
    ReadEventEnds(live, registry);
    grants_known_ = set != nullptr && set->catalog.routine_grants_known;
    const auto firing = FiringOrders(live);
    for (const ObjectRecord& record : source_.objects()) {
      if (!IsCovered(record)) continue;
      ObjectDiff& found = Add(record.id);
      if (!record.omitted.empty()) {
        found.reasons.push_back("it is not in the archive: " + record.omitted);
        continue;
      }
      const auto there = live.find(record.id);
      if (there != live.end()) {
        CompareObject(record, there->second, firing, found);
        continue;
      }
      const auto* lost = set != nullptr ? FindLost(set->omitted, record.id) : nullptr;
      if (lost != nullptr) {
        found.reasons.push_back("it cannot be read live: " + lost->second);
      } else if (EndOf(record.id) == EventEnd::kPast) {
        found.notes.emplace_back("its time is over: the server has dropped it");
      } else if (EndOf(record.id) == EventEnd::kNear) {
        found.reasons.emplace_back(
            "it is gone live: it may have run for the last time, or someone has dropped it");
      } else {
        found.verdict = ObjectVerdict::kMissing;
        found.rows.archived = record.rows;
      }
    }
    for (const auto& [id, object] : live) {
      if (objects_.contains(id)) continue;
      ObjectDiff& found = Add(id);
      if (const auto* lost = FindLost(archived_lost_, id)) {
        found.reasons.push_back("it is not in the archive: " + lost->second);
      } else {
        found.verdict = ObjectVerdict::kExtra;
      }
    }
  }

  ObjectDiff& Add(const ObjectId& id) {
    ObjectDiff& found = objects_[id];
    found.id = id;
    return found;
  }

  // Servers disable or drop an event as soon as it has run for the last time. By the live one's
  // clock and time zones: is that why it is no longer as it was?
  void ReadEventEnds(const LiveObjects& live, SessionRegistry& registry) {
    event_ends_.clear();
    if (scope_.no_create_info || live.empty()) return;
    Session* session = nullptr;
    for (const ObjectRecord& record : source_.objects()) {
      if (record.id.kind != ObjectKind::kEvent || !record.omitted.empty() || !IsCovered(record) ||
          record.status != "ENABLED") {
        continue;
      }
      const auto there = live.find(record.id);
      if (there != live.end() && there->second.record.status == record.status) continue;
      const std::string create = source_.CreateOf(record);
      if (!MayBeOver(create)) continue;
      if (session == nullptr) {
        session = &registry.Add(sessions_.Connect());
        PrepareSession(*session, ProbeServerTraits(*session), false);
      }
      event_ends_[record.id] = AskForEnd(*session, create, record.time_zone);
    }
    if (session != nullptr) registry.Close(*session);
  }

  static EventEnd AskForEnd(Session& session, const std::string& create,
                            const std::string& time_zone) {
    const std::optional<EventSchedule> schedule = ScheduleOf(create);
    if (!schedule || time_zone.empty()) return EventEnd::kNear;
    // Is `moment`, in the event's time zone, past? Nothing: not to be known.
    const auto is_past = [&](const std::string& moment) {
      const std::optional<std::string> answer =
          session.QueryValue(fmt::format("SELECT CONVERT_TZ({}, {}, '+00:00') <= UTC_TIMESTAMP()",
                                         moment, QuoteString(time_zone)));
      return answer ? std::optional<bool>(*answer == "1") : std::nullopt;
    };
    const std::string last = fmt::format("CAST({} AS DATETIME)", QuoteString(schedule->last));
    const std::optional<bool> over = is_past(last);
    if (!over) return EventEnd::kNear;
    if (*over) return EventEnd::kPast;
    if (schedule->interval.empty()) return EventEnd::kToCome;
    // The next run would be behind the end.
    const std::optional<bool> near =
        is_past(fmt::format("{} - INTERVAL {}", last, schedule->interval));
    return near && !*near ? EventEnd::kToCome : EventEnd::kNear;
  }

  EventEnd EndOf(const ObjectId& id) const {
    const auto found = event_ends_.find(id);
    return found == event_ends_.end() ? EventEnd::kToCome : found->second;
  }

  // For each trigger that both sides have, those it shares its moment with, as they follow each
  // other: first in the archive, second live.
  std::map<ObjectId, std::pair<std::string, std::string>> FiringOrders(
      const LiveObjects& live) const {
    using Moment = std::pair<ObjectId, std::string>;  // table, "BEFORE INSERT"
    struct Place {
      std::uint64_t archived, live;
      ObjectId id;
    };
    std::map<Moment, std::vector<Place>> moments;
    for (const ObjectRecord& record : source_.objects()) {
      if (record.id.kind != ObjectKind::kTrigger || !record.omitted.empty()) continue;
      const auto there = live.find(record.id);
      if (there == live.end() || there->second.record.table != record.table) continue;
      moments[{{record.id.database, ObjectKind::kTable, record.table},
               FiresAt(*there->second.create)}]
          .push_back({record.order, there->second.record.order, record.id});
    }
    std::map<ObjectId, std::pair<std::string, std::string>> orders;
    for (auto& [moment, places] : moments) {
      if (places.size() < 2) continue;
      const auto listed = [&places = places](std::uint64_t Place::*order) {
        std::stable_sort(places.begin(), places.end(),
                         [order](const Place& a, const Place& b) { return a.*order < b.*order; });
        std::string list;
        for (const Place& place : places) {
          list += (list.empty() ? "" : ", ") + QuoteIdentifier(place.id.name);
        }
        return list;
      };
      const std::string archived = listed(&Place::archived);
      const std::string now = listed(&Place::live);
      for (const Place& place : places) orders[place.id] = {archived, now};
    }
    return orders;
  }

  void CompareObject(const ObjectRecord& record, const LiveObject& live,
                     const std::map<ObjectId, std::pair<std::string, std::string>>& firing,
                     ObjectDiff& found) {
    if (!scope_.no_create_info) CompareDefinition(record, live, firing, found);
    if (live.table != nullptr) PlanRows(record, *live.table, found);
  }

  void CompareDefinition(const ObjectRecord& record, const LiveObject& live,
                         const std::map<ObjectId, std::pair<std::string, std::string>>& firing,
                         ObjectDiff& found) {
    DefinitionSide archived{record, {}, {}, {}};
    DefinitionSide now{live.record, {}, live.restart, {}};
    if (!grants_known_) now.record.grants = record.grants;
    const auto order = firing.find(record.id);
    if (order != firing.end()) {
      archived.firing_order = order->second.first;
      now.firing_order = order->second.second;
    }
    if (live.create != nullptr) {
      now.create = *live.create;
      // Equal by its digest: no frame is read.
      const bool equal =
          printed_ == Printed::kAlike && record.definition_sha256 == live.record.definition_sha256;
      archived.create = equal ? *live.create : source_.CreateOf(record);
    }
    if (record.id.kind == ObjectKind::kSequence) archived.restart = source_.RestartOf(record);
    // A dump says nothing of it where it is the database's own.
    if (archived.record.database_collation.empty()) {
      archived.record.database_collation = now.record.database_collation;
    }
    if (!same_series_) {  // as a restore would have made it here
      archived.record.sql_mode = SpelledMode(archived.record.sql_mode, traits_);
      if (live.table != nullptr) archived.create = SpelledTable(archived.create, traits_);
    }
    DefinitionDiff difference = CompareDefinitionTexts(archived, now, printed_, EndOf(record.id));
    found.notes = std::move(difference.notes);
    if (!difference.differs && difference.doubt.empty()) return;
    if (!difference.differs) {
      found.reasons.push_back(std::move(difference.doubt));
      found.definition = std::move(difference.diff);
      return;
    }
    const bool is_view = record.id.kind == ObjectKind::kView;
    if (is_view && live.broken) {
      found.reasons.emplace_back(
          "what the view stands on is gone live, and a server may print it otherwise then");
    } else if (is_view && !same_series_) {
      found.reasons.emplace_back("servers of different kinds print views in words of their own");
    } else {
      found.definition_differs = true;
    }
    found.definition = std::move(difference.diff);
  }

  // ---- rows ----

  void PlanRows(const ObjectRecord& record, const Table& live, ObjectDiff& found) {
    if (scope_.no_data) return;
    TableToCompare table;
    table.archived = &record;
    table.live = live;
    if (record.row_filtered || !scope_.row_filters.empty()) {
      auto filter = scope_.row_filters.find(record.id.database + "." + record.id.name);
      if (filter == scope_.row_filters.end()) filter = scope_.row_filters.find("*");
      if (filter != scope_.row_filters.end() && !source_.is_plain()) {
        table.row_filter = filter->second;
      } else if (filter != scope_.row_filters.end() || record.row_filtered) {
        found.reasons.emplace_back("its rows: the file holds only some of them");
        return;
      }
    }
    if (record.pruned && !HasColumn(live, record.pruned->column)) {
      found.reasons.push_back(
          fmt::format("its rows: column {}, by which the archive was pruned, is missing live",
                      QuoteIdentifier(record.pruned->column)));
      return;
    }
    source_.ChooseColumns(table);
    if (!table.why_not.empty()) {  // they are counted all the same
      for (Column& column : table.live.columns) column.generated = true;
    }
    table.live.size_unknown = false;
    // Rows that are left aside are none to plan for.
    if (record.pruned) table.live.estimated_rows = table.live.data_bytes = 0;
    // The archive knows better than statistics, unless the table has grown since.
    table.live.estimated_rows = std::max(table.live.estimated_rows, record.rows);
    table.live.data_bytes = std::max(table.live.data_bytes, record.data ? record.data->length : 0);
    tables_.push_back(std::move(table));
    compared_.push_back(&found);
  }

  void CompareRows(DumpSet& set, SessionRegistry& registry) {
    if (tables_.empty()) return;
    observer_.Phase("comparing the rows of " + Counted(tables_.size(), "table"));
    std::vector<RowDigest> live(tables_.size());
    std::vector<std::size_t> numbers(tables_.size());
    std::iota(numbers.begin(), numbers.end(), std::size_t{0});
    while (!numbers.empty()) numbers = DigestBoth(set, registry, numbers, live);
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      JudgeRows(tables_[i], live[i], *compared_[i]);
      report_.rows += live[i].rows;
    }
    if (options_.rows == 0) return;
    for (std::size_t i = 0; i < tables_.size(); ++i) {
      ObjectDiff& found = *compared_[i];
      if (found.rows.verdict != RowsDiff::Verdict::kDiffer || !tables_[i].why_not.empty()) continue;
      cancel_.ThrowIfCancelled();
      observer_.Phase("looking for the rows that differ in " + found.id.Describe());
      found.keys = FindDifferingKeys(set, registry, source_, tables_[i], live[i].rows,
                                     options_.rows, cancel_);
    }
  }

  // Live tables first: while a file is read none stays locked, and the snapshot does not grow old.
  // Returns those of `numbers` that are to be digested once more.
  std::vector<std::size_t> DigestBoth(DumpSet& set, SessionRegistry& registry,
                                      const std::vector<std::size_t>& numbers,
                                      std::vector<RowDigest>& live) {
    DigestLive(set, registry, numbers, live);
    std::vector<TableToCompare*> tables;
    for (const std::size_t number : numbers) tables.push_back(&tables_[number]);
    if (source_.is_plain()) observer_.Phase("reading the rows of " + source_.name());
    source_.DigestRows(tables, cancel_);
    std::vector<std::size_t> again;
    for (const std::size_t number : numbers) {
      TableToCompare& table = tables_[number];
      if (!table.again) continue;
      if (table.live.NeedsLock() && options_.rows == 0) {  // it may have changed since
        table.why_not = table.unread.back();
        table.unread.pop_back();
      } else {
        again.push_back(number);
      }
    }
    return again;
  }

  void DigestLive(DumpSet& set, SessionRegistry& registry, const std::vector<std::size_t>& numbers,
                  std::vector<RowDigest>& digests) {
    std::map<const Table*, std::size_t> places;
    SnapshotReading reading;
    Progress progress;
    progress.phase = "compare";
    for (const std::size_t number : numbers) {
      const Table& table = tables_[number].live;
      digests[number] = {};
      places[&table] = number;
      progress.rows_total += table.estimated_rows;
      reading.tables.push_back({&table, tables_[number].row_filter, table.NeedsLock()});
    }
    std::mutex mutex;
    JobBoard jobs(JobsReading(set));
    reading.read = [&](Session& session, const TableToRead& table, const Chunk& chunk,
                       std::size_t job) {
      jobs.Take(job, progress.phase, table.table->id.Describe(), chunk.part,
                chunk.last ? chunk.part : 0);
      const TableSelect select =
          SelectOf(*table.table, table.table->id.database, ConditionOf(table, chunk), "");
      RowEncoder encoder(select.kinds);
      RowDigest digest;
      const std::unique_ptr<RowStream> rows = session.Stream(select.sql, select.protocol);
      while (rows->Next()) encoder.Digest(rows->cells().first(select.kinds.size()), digest);
      std::lock_guard lock(mutex);
      digests[places.at(table.table)] += digest;
      jobs.Add(job, digest.rows, 0);
      jobs.CopyTo(progress.jobs);
      progress.rows_done += digest.rows;
      progress.object = table.table->id.Describe();
      observer_.Update(progress);
    };
    reading.nothing_left = [&](std::size_t job) { jobs.Rest(job); };
    // Writers may go on as soon as nothing is read from such tables any more.
    if (options_.rows == 0) reading.locked_are_read = [&] { set.ReleaseTables(); };
    ReadSnapshotRows(set, registry, std::move(reading));
    progress.rows_total = progress.rows_done;  // what was estimated is known now
    observer_.Update(progress);
  }

  static void JudgeRows(const TableToCompare& table, const RowDigest& live, ObjectDiff& found) {
    RowsDiff& rows = found.rows;
    rows.archived = table.digest.rows;
    rows.live = live.rows;
    const bool comparable = table.why_not.empty();
    if (comparable) {
      rows.archived_digest = table.digest.sum.hex();
      rows.live_digest = live.sum.hex();
    }
    if (rows.archived != rows.live || (comparable && !(table.digest == live))) {
      rows.verdict = RowsDiff::Verdict::kDiffer;
    } else if (comparable) {
      rows.verdict = RowsDiff::Verdict::kEqual;
    } else {
      rows.verdict = RowsDiff::Verdict::kNotComparable;
    }
    if (!comparable) found.reasons.push_back("its rows: " + table.why_not);
    for (const std::string& column : table.unread) found.reasons.push_back(column);
  }

  DiffReport Finished() {
    for (auto& [id, found] : objects_) {
      ++report_.objects;
      if (found.verdict == ObjectVerdict::kEqual) {
        const bool differs =
            found.definition_differs || found.rows.verdict == RowsDiff::Verdict::kDiffer;
        if (differs) {
          found.verdict = ObjectVerdict::kDiffers;
        } else if (!found.reasons.empty()) {
          found.verdict = ObjectVerdict::kNotComparable;
        }
      }
      switch (found.verdict) {
        case ObjectVerdict::kEqual:
          break;
        case ObjectVerdict::kMissing:
          ++report_.missing;
          break;
        case ObjectVerdict::kExtra:
          ++report_.extra;
          break;
        case ObjectVerdict::kDiffers:
          ++report_.differing;
          break;
        case ObjectVerdict::kNotComparable:
          ++report_.not_comparable;
          break;
      }
      if (found.WorthTelling()) report_.found.push_back(std::move(found));
    }
    return std::move(report_);
  }

  SessionFactory& sessions_;
  const DiffSource& source_;
  const DiffOptions& options_;
  Observer& observer_;
  const CancelToken& cancel_;
  Scope scope_;  // of the archive, narrowed to what is asked for
  std::vector<std::pair<ObjectId, std::string>> archived_lost_;

  // Of an attempt:
  DiffReport report_;
  std::map<ObjectId, ObjectDiff> objects_;
  bool same_series_ = false;
  // The archive's definitions were made portable; those of such a server are, too, and compared to
  // the letter.
  bool portable_ = false;
  Printed printed_ = Printed::kAlike;
  DefinitionTraits traits_;  // of a live server of another series
  bool grants_known_ = false;
  std::map<ObjectId, EventEnd> event_ends_;  // of those that are not as they were
  std::vector<TableToCompare> tables_;
  std::vector<ObjectDiff*> compared_;  // one for each of tables_
};

}  // namespace

std::string_view ToString(ObjectVerdict verdict) noexcept {
  switch (verdict) {
    case ObjectVerdict::kEqual:
      return "equal";
    case ObjectVerdict::kMissing:
      return "missing";
    case ObjectVerdict::kExtra:
      return "extra";
    case ObjectVerdict::kDiffers:
      return "differs";
    case ObjectVerdict::kNotComparable:
      return "not-comparable";
  }
  return {};
}

std::string_view ToString(RowsDiff::Verdict verdict) noexcept {
  switch (verdict) {
    case RowsDiff::Verdict::kEqual:
      return "equal";
    case RowsDiff::Verdict::kDiffer:
      return "differ";
    case RowsDiff::Verdict::kNotComparable:
      return "not-comparable";
    case RowsDiff::Verdict::kNotCompared:
      return "not-compared";
  }
  return {};
}

DiffReport RunDiff(SessionFactory& sessions, const std::shared_ptr<const RandomAccessFile>& file,
                   const std::string& into, const DiffOptions& options, Observer& observer,
                   const CancelToken& cancel) {
  const std::optional<ArchiveReader> archive = OpenUnlessPlain(file, into);
  if (archive) {
    // Equal digests of an index say nothing of frames that nobody reads.
    ProveFrames(*archive, JobsWithin(*archive, JobsOf(options), options.max_memory_bytes), observer,
                cancel);
  }
  const std::unique_ptr<DiffSource> source =
      archive ? ArchiveToDiff(*archive) : PlainDumpToDiff(file, into, observer, cancel);
  return Diff(sessions, *source, options, observer, cancel).Run();
}

}  // namespace dbomsbak
