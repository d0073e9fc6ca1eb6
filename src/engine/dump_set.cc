#include "engine/dump_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include "dbomsbak/base/task_group.h"
#include "dbomsbak/catalog/definition_traits.h"
#include "dbomsbak/catalog/two_sessions.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/view_references.h"
#include "engine/in_place.h"
#include "engine/live_names.h"
#include "engine/portable_definitions.h"
#include "engine/set_content.h"
#include "engine/set_history.h"
#include "engine/set_listing.h"
#include "engine/table_touch.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kManyTables = 200;  // more would hold the lock for long (0.5 ms each)
// A touch is immediate unless a DDL is ahead, which then waits for us as well.
constexpr unsigned kTouchWaitSeconds = 1;

// Of a server that searches what a transaction holds from end to end, at each statement. (2,000
// tables held: 0.2 s; 10,000 tables: 5 s.)
constexpr std::size_t kTablesAKeeper = 400;
constexpr std::size_t kMostKeepers = 24;  // a server allows some 150 sessions by default
// Larger tables are read in chunks, by several sessions.
constexpr std::uint64_t kLargestKept = std::uint64_t{1} << 20;

// Connected by `connect`; none where the server or the account is at its limit of sessions.
std::vector<Session*> ConnectKeepers(std::size_t count, const std::function<Session&()>& connect,
                                     SessionRegistry& registry) {
  std::vector<Session*> keepers(count);
  TaskGroup connecting;
  for (Session*& keeper : keepers) {
    connecting.Start([&] {
      try {
        keeper = &connect();
      } catch (const Error& e) {
        if (e.code() != ErrorCode::kConnect) throw;
      }
    });
  }
  connecting.Wait();
  if (std::find(keepers.begin(), keepers.end(), nullptr) == keepers.end()) return keepers;
  for (Session* keeper : keepers) {
    if (keeper != nullptr) registry.Close(*keeper);
  }
  return {};
}

// Each touches its share; tells who has which.
Untouchable TouchApart(const std::vector<Session*>& keepers,
                       const std::vector<QualifiedName>& names,
                       std::map<QualifiedName, Session*>& kept_by) {
  std::vector<std::vector<QualifiedName>> shares(keepers.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    shares[i % keepers.size()].push_back(names[i]);
    kept_by[names[i]] = keepers[i % keepers.size()];
  }
  std::vector<Untouchable> found(keepers.size());
  TaskGroup touching;
  for (std::size_t i = 0; i < keepers.size(); ++i) {
    touching.Start([&, i] { found[i] = TouchAll(*keepers[i], shares[i]); });
  }
  touching.Wait();
  for (std::size_t i = 1; i < found.size(); ++i) found.front().merge(found[i]);
  return std::move(found.front());
}

DefinitionFingerprint TableDefinitions(const Catalog& catalog, const Scope& scope) {
  DefinitionFingerprint fingerprint;
  for (const Database& database : catalog.databases) {
    for (const Table& table : database.tables) {
      if (!scope.CoversTable(database.name, table.id.name)) continue;
      // The time tells of changes that were taken back, or that the text does not show.
      fingerprint[table.id.Describe()] = table.definition_mark.empty()
                                             ? WithoutAutoIncrement(table.create)
                                             : table.definition_mark;
    }
  }
  return fingerprint;
}

// The first table of the dump that is not what it was before the snapshot, or that could be read
// then and cannot now. (One that has gone is in no catalogue: FirstNewName sees to it.)
std::optional<std::string> FirstChanged(const DefinitionFingerprint& before,
                                        const DefinitionFingerprint& now,
                                        const std::vector<Unreadable>& unreadable) {
  for (const Unreadable& object : unreadable) {
    if (object.code == ErrorCode::kQueryRefused && before.contains(object.id.Describe())) {
      return object.id.Describe() + " (changed)";
    }
  }
  for (const auto& [name, definition] : now) {
    const auto found = before.find(name);
    if (found == before.end()) return name + " (created)";
    if (found->second != definition) return name + " (changed)";
  }
  return std::nullopt;
}

// The tables of its catalogue that keepers touched and readers read all the same.
std::vector<QualifiedName> NotReadByKeepers(const DumpSet& set) {
  std::vector<QualifiedName> names;
  for (const Database& database : set.catalog.databases) {
    for (const Table& table : database.tables) {
      const QualifiedName name{table.id.database, table.id.name};
      if (set.kept_by.contains(name) && set.KeeperOf(table) == nullptr) names.push_back(name);
    }
  }
  return names;
}

// What each try says again is told once.
class ToldOnce final : public ForwardingObserver {
 public:
  using ForwardingObserver::ForwardingObserver;
  void Notice(std::string_view text) override {
    if (told_.emplace(text).second) next_.Notice(text);
  }
  void Warning(std::string_view text) override {
    if (told_.emplace(text).second) next_.Warning(text);
  }

 private:
  std::set<std::string, std::less<>> told_;
};

std::vector<QualifiedName> FunctionsOfBrokenViews(const Catalog& catalog, Session& session) {
  std::set<std::string> databases;
  for (const Database& database : catalog.databases) {
    for (const View& view : database.views) {
      if (!view.broken) continue;
      for (const ViewFunction& function : ViewFunctions(view.create)) {
        databases.insert(function.database.empty() ? database.name : function.database);
      }
    }
  }
  std::vector<QualifiedName> functions;
  if (databases.empty()) return functions;
  const ResultSet answer = session.Query(fmt::format(
      "SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_TYPE = "
      "'FUNCTION' AND ROUTINE_SCHEMA IN {}",
      NameList({databases.begin(), databases.end()})));
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    functions.emplace_back(answer.Text(i, 0), answer.Text(i, 1));
  }
  return functions;
}

// What cannot be read at all is told first. To a diff, which does to what is live what the dump of
// its archive did, nothing is told.
void RequirePortable(const DumpOptions& options, Session& session, Observer& observer,
                     DumpSet& set) {
  const bool placed = ProbeDefinitionTraits(session, set.traits).has_placement_options;
  std::vector<Unreadable> unheld = MakePortable(
      set.catalog, placed, options.tables_may_be_missing ? SilentObserver() : observer);
  if (!unheld.empty() && !options.allow_partial && set.catalog.unreadable.empty()) {
    ThrowNotPortable(unheld);
  }
  std::move(unheld.begin(), unheld.end(), std::back_inserter(set.catalog.unreadable));
}

constexpr char kPutRightFirst[] =
    "`dbomsbak status` tells which, and the commands that put it right; then run this again.";

// Between two states there is nothing worth a dump: triggers are gone, events off.
void RefuseOpenWindow(Session& session, const Scope& scope) {
  for (const JournaledSet& found : FindSets(session)) {
    if (found.state != SetState::kOpen) continue;
    const std::vector<std::string> live = found.LiveNames();
    const auto touched = std::find_first_of(live.begin(), live.end(), scope.databases.begin(),
                                            scope.databases.end());
    if (touched == live.end()) continue;
    throw Error(ErrorCode::kNeedsHelp,
                fmt::format("the {} of {} is at its swap or was interrupted there: what is live is "
                            "neither the old state nor the new one",
                            found.set.operation, QuotedList(live)),
                kPutRightFirst)
        .About(QuoteIdentifier(*touched));
  }
  for (const InPlaceRun& found : FindInPlaceRuns(session)) {
    const std::vector<std::string>& live = found.databases;
    const auto touched = std::find_first_of(live.begin(), live.end(), scope.databases.begin(),
                                            scope.databases.end());
    if (touched == live.end()) continue;
    throw Error(ErrorCode::kNeedsHelp,
                fmt::format("a restore in place of {} is at work or was interrupted: its tables "
                            "stand beside those that are live",
                            QuotedList(live)),
                kPutRightFirst)
        .About(QuoteIdentifier(*touched));
  }
}

}  // namespace

ChangedMeanwhile::ChangedMeanwhile(const std::string& what)
    : Error(ErrorCode::kNoSnapshot, fmt::format("a definition changed during the dump: {}", what),
            "Run the dump again when no schema changes are under way.") {
  About(what);
}

Session* DumpSet::KeeperOf(const Table& table) const {
  if (table.data_bytes > kLargestKept) return nullptr;
  const auto found = kept_by.find({table.id.database, table.id.name});
  return found == kept_by.end() ? nullptr : found->second;
}

void DumpSet::ReleaseTables() {
  if (!snapshot.tables_held) return;
  snapshot.tables_held = false;
  holder->Execute("UNLOCK TABLES");
  holder->Execute("COMMIT");
  holder->Execute("SET autocommit = 1");
}

void DumpSet::CheckStillGuarded() {
  try {
    if (!traits.has_metadata_locks_for_readers) {
      const Catalog now =
          ReadCatalog(*guard, traits,
                      {.databases = scope.databases, .routine_grants = false, .tables_only = true});
      const DefinitionFingerprint after = TableDefinitions(now, scope);
      for (const auto& [name, definition] : tables_at_snapshot) {
        const auto found = after.find(name);
        if (found == after.end()) throw ChangedMeanwhile(name + " (dropped)");
        if (found->second != definition) throw ChangedMeanwhile(name + " (changed)");
      }
    }
    if (may_hide_tables) {
      if (const auto hidden = FirstHiddenTable(listed, scope, traits, *holder, *guard)) {
        throw ChangedMeanwhile(*hidden);
      }
    }
    guard->Execute("SELECT 1");
    for (Session* keeper : keepers) keeper->Execute("SELECT 1");
  } catch (Error& e) {
    e.While("making sure that no definition changed");
    throw;
  }
}

DumpSet PrepareDumpSet(SessionFactory& sessions, SessionRegistry& registry,
                       const DumpOptions& options, const Untouchable& unreadable,
                       Observer& listener, const CancelToken& cancel) {
  DumpSet set;
  set.ddl = options.ddl;
  ToldOnce observer(listener);
  Session& coordinator = registry.Add(sessions.Connect());
  set.traits = ProbeServerTraits(coordinator);
  const auto connect = [&]() -> Session& {
    Session& session = registry.Add(sessions.Connect());
    PrepareSession(session, set.traits, false);
    return session;
  };
  PrepareSession(coordinator, set.traits, false);
  const std::string touch_wait =
      fmt::format("SET SESSION lock_wait_timeout = {}", kTouchWaitSeconds);
  // Dates that are none must compare as they sort.
  const std::string reading_mode = "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'";
  // The others come while the first one asks.
  std::vector<Session*> readers(std::max(1u, options.jobs));
  TaskGroup connecting;
  connecting.Start([&] {
    set.holder = &connect();
    set.holder->Execute(reading_mode);
  });
  for (Session*& reader : readers) {
    connecting.Start([&] {
      reader = &connect();
      reader->Execute(reading_mode);
      reader->Execute(touch_wait);
    });
  }
  set.scope = NormalisedScope(options, coordinator, observer);
  RefuseOpenWindow(coordinator, set.scope);
  connecting.Wait();
  set.guard = readers.front();

  LockPatience patience{options.lock_wait_s, options.lock_tries, {}};
  for (const Session* session :
       {static_cast<const Session*>(&coordinator), static_cast<const Session*>(set.holder)}) {
    patience.own_sessions.push_back(session->connection_id());
  }
  for (const Session* reader : readers) patience.own_sessions.push_back(reader->connection_id());
  const CatalogRequest request{.databases = set.scope.databases};
  for (unsigned attempt = 1;; ++attempt) {
    cancel.ThrowIfCancelled();
    set.omitted.clear();
    observer.Phase("taking the snapshot");
    const CatalogRequest tables_only{
        .databases = set.scope.databases, .routine_grants = false, .tables_only = true};
    std::optional<DefinitionFingerprint> table_definitions;
    const auto remember_tables = [&](Session& session) {
      table_definitions =
          TableDefinitions(ReadCatalog(session, set.traits, tables_only), set.scope);
    };
    // Nothing is locked yet: several sessions ask at once.
    const bool unprotected = !set.traits.has_metadata_locks_for_readers;
    TaskGroup asking;
    if (unprotected) asking.Start([&] { remember_tables(*readers.front()); });
    AltersSoFar alters;
    if (set.traits.hides_tables_in_alter) alters = CountAlters(coordinator);
    NamesNow before = ListNames(coordinator, set.traits, set.scope);
    const FingerprintRequest fingerprint{set.scope.databases, before.any_view, unprotected};
    DefinitionFingerprint definitions = ReadDefinitionFingerprint(*set.holder, fingerprint);
    asking.Wait();
    // The list is to be as fresh as can be when a lock comes. (Of a first view that came just now
    // the names will tell.)
    if (!unprotected &&
        FirstDifference(before.shown, ListNamesOnly(coordinator, set.traits, set.scope))) {
      NamesNow fresh = ListNames(coordinator, set.traits, set.scope);
      if (fresh.any_view == before.any_view) before = std::move(fresh);
    }
    SnapshotRequest snapshot;
    snapshot.patience = patience;
    snapshot.last_try = attempt >= std::max(1u, options.lock_tries);
    snapshot.tables.assign(before.tables.begin(), before.tables.end());
    if (!set.scope.no_data) {
      snapshot.non_transactional.assign(before.non_transactional.begin(),
                                        before.non_transactional.end());
    }
    // Tables without transactions are held by locks, and a writer in wait would stop a reader.
    std::vector<QualifiedName> to_touch;
    std::set_difference(before.tables.begin(), before.tables.end(),
                        snapshot.non_transactional.begin(), snapshot.non_transactional.end(),
                        std::back_inserter(to_touch));
    to_touch.insert(to_touch.end(), before.sequences.begin(), before.sequences.end());
    snapshot.sequences.assign(before.sequences.begin(), before.sequences.end());
    snapshot.before_unprotected = [&] { remember_tables(coordinator); };
    if (attempt == 1 && set.traits.searches_held_tables && to_touch.size() > kManyTables) {
      const std::size_t wanted =
          std::max(2 * readers.size(), (to_touch.size() + kTablesAKeeper - 1) / kTablesAKeeper);
      set.keepers = ConnectKeepers(
          std::min(wanted, kMostKeepers),
          [&]() -> Session& {
            Session& session = connect();
            session.Execute(reading_mode);
            session.Execute(touch_wait);
            session.Execute("SET character_set_results = NULL");  // as readers do
            return session;
          },
          registry);
      for (const Session* keeper : set.keepers) {
        patience.own_sessions.push_back(keeper->connection_id());
      }
      snapshot.patience = patience;
    }
    std::vector<Session*> sharing_sessions = readers;
    sharing_sessions.insert(sharing_sessions.end(), set.keepers.begin(), set.keepers.end());
    set.kept_by.clear();
    if (!before.several_engines) snapshot.pins.assign(before.pins.begin(), before.pins.end());
    // Of many tables, one session holds the definitions still; the others touch theirs when the
    // lock is gone, unless a DDL has once come in between.
    std::vector<Session*> later;
    snapshot.touch = [&](const std::vector<Session*>& sharing) {
      if (sharing.size() > readers.size()) return TouchApart(set.keepers, to_touch, set.kept_by);
      if (attempt > 1 || to_touch.size() <= kManyTables) return TouchEverywhere(sharing, to_touch);
      later.assign(sharing.begin() + 1, sharing.end());
      return TouchEverywhere({sharing.front()}, to_touch);
    };
    snapshot.list_difference = [&](Session& session) {
      return FirstDifference(before.shown, ListNamesOnly(session, set.traits, set.scope));
    };
    std::optional<std::string> changed;
    bool behind_ddl = false;
    try {
      set.snapshot = TakeSnapshot(set.traits, snapshot, coordinator, *set.holder, sharing_sessions,
                                  observer, cancel);
    } catch (const BehindDdl&) {
      behind_ddl = true;
    } catch (const ListChanged& e) {
      changed = e.message();
    }
    if (!behind_ddl && !changed) {
      observer.Phase("reading definitions");
      TaskGroup touching;
      for (Session* reader : later) {
        touching.Start([reader, &to_touch] { TouchAll(*reader, to_touch); });
      }
      if (!set.snapshot.read_as_of.empty()) {
        touching.Start([&] { set.snapshot.retention_s = UndoRetention(*set.holder); });
      }
      try {
        const bool holder_is_idle = !set.snapshot.tables_held && set.snapshot.read_as_of.empty();
        set.catalog = holder_is_idle ? ReadCatalog(coordinator, *set.holder, set.traits, request)
                                     : ReadCatalog(coordinator, set.traits, request);
        touching.Wait();
        if (!set.kept_by.empty()) TouchEverywhere(readers, NotReadByKeepers(set));
      } catch (const BehindDdl&) {
        behind_ddl = true;
      } catch (const ServerError& e) {
        // Some definitions are read from the table itself; a DDL that waits for us is ahead there.
        if (e.code() != ErrorCode::kBusy) throw;
        behind_ddl = true;
      }
    }
    if (!behind_ddl && !changed) {
      // The holder is at leisure where there are no locks for it to keep.
      Session& second = set.snapshot.tables_held ? coordinator : *set.holder;
      changed = FirstDifference(definitions, ReadDefinitionFingerprint(second, fingerprint));
      if (!changed) {
        changed = FirstNewName(before, set.scope, set.traits, set.catalog, coordinator,
                               *readers.front(), set.snapshot.read_as_of);
      }
      // (Elsewhere the catalogue leaves out tables that the server keeps for other objects.)
      if (!changed && set.traits.hides_tables_in_alter) {
        changed = FirstMissing(before, set.catalog);
      }
      // Under a lock that every ALTER waits for, the list was whole.
      set.may_hide_tables = set.traits.hides_tables_in_alter &&
                            !(set.snapshot.names_kept && before.shown == before.all);
      if (!changed && set.may_hide_tables) {
        changed = FirstTableBack(before.all, alters, set.scope, set.traits, coordinator);
      }
      if (!changed && table_definitions) {
        set.tables_at_snapshot = TableDefinitions(set.catalog, set.scope);
        changed = FirstChanged(*table_definitions, set.tables_at_snapshot, set.catalog.unreadable);
      }
      if (!changed && !set.scope.no_data) changed = FirstOtherEngine(before, set.catalog);
      if (!changed) {
        if (!options.tables_may_be_missing) {
          RequireNamedTables(set.scope, set.catalog, observer);
        }
        ApplyScope(set.scope, coordinator, set.catalog);
        KeepOnlySnapshot(before, set.catalog);
        set.listed = before.all;
        if (options.ddl == Ddl::kPortable && !set.scope.no_create_info) {
          RequirePortable(options, coordinator, observer, set);
        }
        Untouchable untouchable = unreadable;
        untouchable.insert(set.snapshot.untouchable.begin(), set.snapshot.untouchable.end());
        SettleUnreadable(options, untouchable, set);
        set.functions = FunctionsOfBrokenViews(set.catalog, coordinator);
        if (!set.catalog.routine_grants_known && set.catalog.HasRoutines()) {
          observer.Notice(
              "who may execute the routines is not in the dump: that needs SELECT on "
              "mysql.procs_priv");
        }
        for (Database& database : set.catalog.databases) {
          for (Table& table : database.tables) table.read_as_of = set.snapshot.read_as_of;
        }
        break;
      }
    }
    if (attempt >= std::max(1u, options.lock_tries)) {
      if (changed) throw ChangedMeanwhile(*changed);
      const std::string holders = DescribeLockHolders(coordinator, patience.own_sessions);
      throw Error(ErrorCode::kBusy,
                  fmt::format("tables of {} were locked or being altered by others in {} tries{}",
                              QuotedList(set.scope.databases), attempt,
                              holders.empty() ? std::string() : "; in the way: " + holders),
                  HintOfHolders(holders));
    }
    observer.Notice(changed ? *changed + " while the snapshot was taken; trying again"
                            : "others lock or alter tables of the set; waiting for them");
    set.ReleaseTables();
    for (Session* session : sharing_sessions) session->Execute("ROLLBACK");
    Pause(attempt, cancel);
  }

  for (const SequenceValue& value : set.snapshot.sequence_values) {
    if (value.next_not_cached_value.empty()) continue;
    set.sequence_restarts[{value.sequence.first, ObjectKind::kSequence, value.sequence.second}] =
        fmt::format("SELECT SETVAL({}, {}, 0)", QuoteIdentifier(value.sequence.second),
                    value.next_not_cached_value);
  }
  const std::size_t reading = std::min(set.snapshot.readers, readers.size());
  set.readers.assign(readers.begin(), readers.begin() + static_cast<std::ptrdiff_t>(reading));
  for (std::size_t i = reading; i < readers.size(); ++i) registry.Close(*readers[i]);
  if (set.kept_by.empty()) {
    for (Session* keeper : set.keepers) registry.Close(*keeper);
    set.keepers.clear();
  }
  registry.Close(coordinator);
  return set;
}

}  // namespace dbomsbak
