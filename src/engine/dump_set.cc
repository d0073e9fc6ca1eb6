#include "engine/dump_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "dbomsbak/base/near_names.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/quote.h"
#include "engine/set_names.h"

namespace dbomsbak {
namespace {

constexpr unsigned kLockWaitTimeout = 1205;
constexpr unsigned kNoSuchTable = 1146;
constexpr unsigned kTableDefinitionChanged = 1412;
constexpr std::size_t kTouchedAtATime = 50;
constexpr std::size_t kManyTables = 200;  // more would hold the lock for long (0.5 ms each)
// A touch is immediate unless a DDL is ahead, which then waits for us as well.
constexpr unsigned kTouchWaitSeconds = 1;

using NameSet = std::set<QualifiedName>;

Scope NormalisedScope(const DumpOptions& options, Session& session, Observer& observer) {
  Scope scope = options.scope;
  if (options.all_databases) {
    scope.databases.clear();
    for (const std::string& name : ListDatabases(session)) {
      if (IsServersOwn(name)) continue;
      if (IsStagingName(name) || IsDisplacedName(name)) {
        observer.Notice(
            fmt::format("left out database {}, which a restore made", QuoteIdentifier(name)));
        continue;
      }
      scope.databases.push_back(name);
    }
  }
  std::sort(scope.databases.begin(), scope.databases.end());
  scope.databases.erase(std::unique(scope.databases.begin(), scope.databases.end()),
                        scope.databases.end());
  if (scope.databases.empty()) {
    throw Error(ErrorCode::kUsage, "there is no database to dump",
                "Name the databases, or use --all-databases with an account that sees them.");
  }
  if (!scope.only_tables.empty()) {
    // A list of tables speaks for these alone (and their triggers).
    for (const ObjectKind kind :
         {ObjectKind::kFunction, ObjectKind::kProcedure, ObjectKind::kPackage,
          ObjectKind::kPackageBody, ObjectKind::kEvent}) {
      if (scope.CoversKind(kind)) scope.excluded_kinds.push_back(kind);
    }
  }
  return scope;
}

// Tables and sequences by name; views have nothing to touch.
struct NamesNow {
  NameSet all;  // with views
  NameSet tables;
  NameSet non_transactional;  // of these
  NameSet sequences;
  bool any_view = false;
};

NamesNow ListNames(Session& session, const Scope& scope) {
  std::set<std::string> transactional;
  const ResultSet engines =
      session.Query("SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'");
  for (std::size_t i = 0; i < engines.rows.size(); ++i) transactional.insert(engines.Text(i, 0));
  NamesNow names;
  const ResultSet answer = session.Query(fmt::format(
      "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES "
      "WHERE TABLE_SCHEMA IN {}",
      NameList(scope.databases)));
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    const QualifiedName name{answer.Text(i, 0), answer.Text(i, 1)};
    const std::string type = answer.Text(i, 2);
    if (type.find("TEMPORARY") != std::string::npos) continue;
    if (!scope.CoversTable(name.first, name.second)) continue;
    names.all.insert(name);
    if (type == "EXTERNAL TABLE") continue;  // the catalogue says why it cannot be dumped
    if (type == "VIEW" || type == "SYSTEM VIEW") {
      names.any_view = true;
      continue;
    }
    if (type == "SEQUENCE") {
      names.sequences.insert(name);
      continue;
    }
    names.tables.insert(name);
    // A MERGE table's rows are read with its parts; a table that is broken has no engine.
    const std::string engine = answer.Text(i, 3);
    if (engine.empty() || engine == "MRG_MYISAM" || engine == "MRG_MyISAM" ||
        engine == "FEDERATED" || transactional.count(engine) > 0) {
      continue;
    }
    names.non_transactional.insert(name);
  }
  return names;
}

std::string TouchStatement(const QualifiedName* begin, const QualifiedName* end) {
  std::string sql;
  for (const QualifiedName* name = begin; name != end; ++name) {
    if (!sql.empty()) sql += " UNION ALL ";
    sql += fmt::format("(SELECT 1 FROM {} LIMIT 0)", QuoteQualified(name->first, name->second));
  }
  return sql;
}

struct Refusal {
  ErrorCode code;
  std::string reason;
};
using Untouchable = std::map<QualifiedName, Refusal>;

// A DDL was ahead of us: it waits for those who have touched the table already, we for it.
class BehindDdl : public ServerError {
 public:
  explicit BehindDdl(const ServerError& error) : ServerError(error) {}
};

// Opens every table in the session's transaction. Tables that cannot be opened come back with the
// reason.
Untouchable TouchAll(Session& session, const std::vector<QualifiedName>& names) {
  Untouchable untouchable;
  const auto judge = [](const ServerError& e) {
    if (e.code() == ErrorCode::kConnectionLost) throw;
    if (e.number() == kLockWaitTimeout) throw BehindDdl(e);
  };
  for (std::size_t i = 0; i < names.size(); i += kTouchedAtATime) {
    const QualifiedName* begin = names.data() + i;
    const QualifiedName* end = begin + std::min(kTouchedAtATime, names.size() - i);
    try {
      session.Execute(TouchStatement(begin, end));
      continue;
    } catch (const ServerError& e) {
      judge(e);
    }
    for (const QualifiedName* name = begin; name != end; ++name) {
      try {
        session.Execute(TouchStatement(name, name + 1));
      } catch (const ServerError& e) {
        judge(e);
        // Dropped meanwhile: the lists will differ.
        if (e.number() != kNoSuchTable) untouchable[*name] = {e.code(), e.message()};
      }
    }
  }
  return untouchable;
}

// All sessions at once, each in a thread of its own: the lock is held meanwhile.
Untouchable TouchEverywhere(const std::vector<Session*>& readers,
                            const std::vector<QualifiedName>& names) {
  Untouchable untouchable;
  TaskGroup group;
  for (Session* reader : readers) {
    group.Start([&, reader] {
      Untouchable found = TouchAll(*reader, names);
      if (reader == readers.front()) untouchable = std::move(found);
    });
  }
  group.Wait();
  return untouchable;
}

// A table that appeared meanwhile: is it part of the snapshot?
bool IsInSnapshot(Session& reader, const QualifiedName& name, const std::string& read_as_of) {
  try {
    reader.Execute(fmt::format("SELECT 1 FROM {}{} LIMIT 1",
                               QuoteQualified(name.first, name.second), read_as_of));
    return true;
  } catch (const ServerError& e) {
    if (e.number() == kTableDefinitionChanged || e.number() == kNoSuchTable) return false;
    throw;
  }
}

// What came or went since; only names, which costs the server next to nothing.
std::optional<std::string> FirstNewName(const NamesNow& before, const Scope& scope,
                                        Session& session, Session& reader,
                                        const std::string& read_as_of) {
  const ResultSet answer = session.Query(fmt::format(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA IN {}",
      NameList(scope.databases)));
  NameSet now;
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    QualifiedName name{answer.Text(i, 0), answer.Text(i, 1)};
    if (scope.CoversTable(name.first, name.second)) now.insert(std::move(name));
  }
  for (const QualifiedName& name : before.all) {
    if (now.count(name) == 0) return QuoteQualified(name.first, name.second) + " (dropped)";
  }
  for (const QualifiedName& name : now) {
    if (before.all.count(name) == 0 && IsInSnapshot(reader, name, read_as_of)) {
      return QuoteQualified(name.first, name.second) + " (created)";
    }
  }
  return std::nullopt;
}

DefinitionFingerprint TableDefinitions(const Catalog& catalog) {
  DefinitionFingerprint fingerprint;
  for (const Database& database : catalog.databases) {
    for (const Table& table : database.tables) {
      // The time tells of changes that were taken back, or that the text does not show.
      fingerprint[table.id.Describe()] = WithoutAutoIncrement(table.create) + table.definition_time;
    }
  }
  return fingerprint;
}

template <typename List, typename Keep>
void KeepOnly(List& list, Keep keep) {
  list.erase(
      std::remove_if(list.begin(), list.end(), [&](const auto& object) { return !keep(object); }),
      list.end());
}

// Takes out of the catalogue what is not asked for.
void ApplyScope(const Scope& scope, Catalog& catalog) {
  const auto covered = [&](const auto& object) {
    return scope.CoversKind(object.id.kind) &&
           scope.CoversTable(object.id.database, object.id.name);
  };
  for (Database& database : catalog.databases) {
    KeepOnly(database.tables, covered);
    KeepOnly(database.views, covered);
    KeepOnly(database.sequences, covered);
    const auto kind = [&](const StoredProgram& p) { return scope.CoversKind(p.id.kind); };
    KeepOnly(database.routines, kind);
    KeepOnly(database.events, kind);
    KeepOnly(database.triggers, [&](const StoredProgram& trigger) {
      return kind(trigger) && scope.CoversTable(trigger.id.database, trigger.table);
    });
  }
  KeepOnly(catalog.unreadable, [&](const Unreadable& object) {
    const ObjectKind kind = object.id.kind;
    const bool table_like =
        kind == ObjectKind::kTable || kind == ObjectKind::kView || kind == ObjectKind::kSequence;
    return scope.CoversKind(kind) &&
           (!table_like || scope.CoversTable(object.id.database, object.id.name));
  });
}

// Tables created behind the snapshot are none of its.
void KeepOnlySnapshot(const NamesNow& names, Catalog& catalog) {
  for (Database& database : catalog.databases) {
    KeepOnly(database.tables, [&](const Table& table) {
      return names.tables.count({table.id.database, table.id.name}) > 0;
    });
    KeepOnly(database.sequences, [&](const Sequence& sequence) {
      return names.sequences.count({sequence.id.database, sequence.id.name}) > 0;
    });
    KeepOnly(database.triggers, [&](const StoredProgram& trigger) {
      return names.tables.count({trigger.id.database, trigger.table}) > 0;
    });
  }
}

// Lists and catalogue must agree on what has to be read under lock.
void RequireLocked(const NamesNow& names, const Catalog& catalog) {
  for (const Database& database : catalog.databases) {
    for (const Table& table : database.tables) {
      if (table.NeedsLock() &&
          names.non_transactional.count({table.id.database, table.id.name}) == 0) {
        throw ChangedMeanwhile(table.id.Describe() + " (another engine)");
      }
    }
  }
}

void RequireNamedTables(const Scope& scope, const Catalog& catalog, Observer& observer) {
  const auto exists = [&](const QualifiedName& name) {
    const Database* database = catalog.Find(name.first);
    if (database == nullptr) return false;
    const auto named = [&](const auto& object) { return object.id.name == name.second; };
    return std::any_of(database->tables.begin(), database->tables.end(), named) ||
           std::any_of(database->views.begin(), database->views.end(), named) ||
           std::any_of(database->sequences.begin(), database->sequences.end(), named) ||
           std::any_of(catalog.unreadable.begin(), catalog.unreadable.end(),
                       [&](const Unreadable& object) {
                         return object.id.database == name.first && object.id.name == name.second;
                       });
  };
  for (const QualifiedName& name : scope.only_tables) {
    if (exists(name)) continue;
    std::string hint = "Name tables as DATABASE.TABLE; upper and lower case may matter.";
    if (const Database* database = catalog.Find(name.first)) {
      std::vector<std::string> tables;
      for (const Table& table : database->tables) tables.push_back(table.id.name);
      const std::string question = DidYouMean(name.second, tables);
      if (!question.empty()) hint = question;
    }
    throw Error(ErrorCode::kUsage,
                fmt::format("there is no table {}", QuoteQualified(name.first, name.second)),
                std::move(hint))
        .About(QuoteQualified(name.first, name.second));
  }
  for (const QualifiedName& name : scope.ignored_tables) {
    if (!exists(name)) {
      observer.Notice(fmt::format("table {} is to be ignored, but there is none",
                                  QuoteQualified(name.first, name.second)));
    }
  }
}

// Objects that cannot be read leave the set, or end the dump.
void SettleUnreadable(const DumpOptions& options, const Untouchable& untouchable, DumpSet& set) {
  std::string remedy;
  ErrorCode code = ErrorCode::kOk;  // of the first, which the message names
  const auto omit = [&](const ObjectId& id, ErrorCode why, const std::string& reason) {
    if (set.omitted.empty()) code = why;
    set.omitted.emplace_back(id, reason);
  };
  for (const Unreadable& object : set.catalog.unreadable) {
    omit(object.id, object.code, object.reason);
    if (remedy.empty()) remedy = object.remedy;
  }
  for (Database& database : set.catalog.databases) {
    const auto touched = [&](const auto& object) {
      const auto found = untouchable.find({object.id.database, object.id.name});
      if (found == untouchable.end()) return true;
      omit(object.id, found->second.code, found->second.reason);
      return false;
    };
    KeepOnly(database.tables, touched);
    KeepOnly(database.sequences, touched);
    // A trigger or a row has no place without its table.
    KeepOnly(database.triggers, [&](const StoredProgram& trigger) {
      const bool omitted =
          std::any_of(set.omitted.begin(), set.omitted.end(), [&](const auto& gone) {
            return gone.first.database == database.name && gone.first.name == trigger.table &&
                   gone.first.kind == ObjectKind::kTable;
          });
      if (omitted) set.omitted.emplace_back(trigger.id, "its table is not in the dump");
      return !omitted;
    });
  }
  if (set.omitted.empty() || options.allow_partial) return;
  const auto& [id, reason] = set.omitted.front();
  std::string hint = remedy.empty() ? std::string() : remedy + " ";
  throw Error(code,
              fmt::format("cannot dump {}: {}{}", id.Describe(), reason,
                          set.omitted.size() > 1
                              ? fmt::format(" (and {} more objects)", set.omitted.size() - 1)
                              : std::string()),
              hint +
                  "Or leave such objects out with --allow-partial; the archive is then marked "
                  "partial.")
      .About(id.Describe());
}

}  // namespace

ChangedMeanwhile::ChangedMeanwhile(const std::string& what)
    : Error(ErrorCode::kNoSnapshot, fmt::format("a definition changed during the dump: {}", what),
            "Run the dump again when no schema changes are under way.") {
  About(what);
}

void DumpSet::ReleaseTables() {
  if (!snapshot.tables_held) return;
  snapshot.tables_held = false;
  holder->Execute("UNLOCK TABLES");
}

void DumpSet::CheckStillGuarded() {
  try {
    if (!traits.has_metadata_locks_for_readers) {
      const Catalog now =
          ReadCatalog(*guard, traits, {.databases = scope.databases, .routine_grants = false});
      const DefinitionFingerprint after = TableDefinitions(now);
      for (const auto& [name, definition] : TableDefinitions(catalog)) {
        const auto found = after.find(name);
        if (found == after.end()) throw ChangedMeanwhile(name + " (dropped)");
        if (found->second != definition) throw ChangedMeanwhile(name + " (changed)");
      }
    }
    guard->Execute("SELECT 1");
  } catch (Error& e) {
    e.While("making sure that no definition changed");
    throw;
  }
}

DumpSet PrepareDumpSet(SessionFactory& sessions, SessionRegistry& registry,
                       const DumpOptions& options, Observer& observer, const CancelToken& cancel) {
  DumpSet set;
  Session& coordinator = registry.Add(sessions.Connect());
  set.traits = ProbeServerTraits(coordinator);
  const auto connect = [&]() -> Session& {
    Session& session = registry.Add(sessions.Connect());
    PrepareSession(session, set.traits, false);
    return session;
  };
  PrepareSession(coordinator, set.traits, false);
  set.holder = &connect();
  const std::string touch_wait =
      fmt::format("SET SESSION lock_wait_timeout = {}", kTouchWaitSeconds);
  // Dates that are none must compare as they sort.
  const std::string reading_mode = "SET SESSION sql_mode = 'ALLOW_INVALID_DATES'";
  set.holder->Execute(reading_mode);
  set.scope = NormalisedScope(options, coordinator, observer);
  std::vector<Session*> readers;
  for (unsigned i = 0; i < std::max(1u, options.jobs); ++i) {
    Session& reader = connect();
    reader.Execute(reading_mode);
    reader.Execute(touch_wait);
    readers.push_back(&reader);
  }
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
    const NamesNow before = ListNames(coordinator, set.scope);
    const FingerprintRequest fingerprint{set.scope.databases, before.any_view,
                                         !set.traits.has_metadata_locks_for_readers};
    const DefinitionFingerprint definitions = ReadDefinitionFingerprint(coordinator, fingerprint);
    std::vector<QualifiedName> to_touch(before.tables.begin(), before.tables.end());
    to_touch.insert(to_touch.end(), before.sequences.begin(), before.sequences.end());
    std::optional<DefinitionFingerprint> table_definitions;
    const auto remember_tables = [&] {
      table_definitions = TableDefinitions(ReadCatalog(coordinator, set.traits, request));
    };
    if (!set.traits.has_metadata_locks_for_readers) remember_tables();
    Untouchable untouchable;

    SnapshotRequest snapshot;
    snapshot.patience = patience;
    snapshot.tables.assign(before.tables.begin(), before.tables.end());
    if (!set.scope.no_data) {
      snapshot.non_transactional.assign(before.non_transactional.begin(),
                                        before.non_transactional.end());
    }
    snapshot.sequences.assign(before.sequences.begin(), before.sequences.end());
    snapshot.before_unprotected = remember_tables;
    // Of many tables, one session holds the definitions still; the others touch theirs when the
    // lock is gone, unless a DDL has once come in between.
    std::vector<Session*> later;
    snapshot.while_locked = [&](const std::vector<Session*>& sharing) {
      if (attempt == 1 && to_touch.size() > kManyTables) {
        later.assign(sharing.begin() + 1, sharing.end());
        untouchable = TouchEverywhere({sharing.front()}, to_touch);
      } else {
        untouchable = TouchEverywhere(sharing, to_touch);
      }
    };
    std::optional<std::string> changed;
    bool behind_ddl = false;
    try {
      set.snapshot =
          TakeSnapshot(set.traits, snapshot, coordinator, *set.holder, readers, observer, cancel);
    } catch (const BehindDdl&) {
      behind_ddl = true;
      coordinator.Execute("UNLOCK TABLES");
    }
    if (!behind_ddl) {
      observer.Phase("reading definitions");
      TaskGroup touching;
      for (Session* reader : later) {
        touching.Start([reader, &to_touch] { TouchAll(*reader, to_touch); });
      }
      set.catalog = ReadCatalog(coordinator, set.traits, request);
      try {
        touching.Wait();
      } catch (const BehindDdl&) {
        behind_ddl = true;
      }
    }
    if (!behind_ddl) {
      changed = FirstDifference(definitions, ReadDefinitionFingerprint(coordinator, fingerprint));
      if (!changed) {
        changed =
            FirstNewName(before, set.scope, coordinator, *readers.front(), set.snapshot.read_as_of);
      }
      if (!changed && table_definitions) {
        changed = FirstDifference(*table_definitions, TableDefinitions(set.catalog));
      }
      if (!changed) {
        RequireNamedTables(set.scope, set.catalog, observer);
        ApplyScope(set.scope, set.catalog);
        KeepOnlySnapshot(before, set.catalog);
        SettleUnreadable(options, untouchable, set);
        if (!set.catalog.routine_grants_known && set.catalog.HasRoutines()) {
          observer.Notice(
              "who may execute the routines is not in the dump: that needs SELECT on "
              "mysql.procs_priv");
        }
        RequireLocked(before, set.catalog);
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
                  fmt::format("schema changes kept coming first in {} tries{}", attempt,
                              holders.empty() ? std::string() : "; in the way: " + holders),
                  "Run the dump when no schema changes are under way.");
    }
    observer.Notice(fmt::format("{} while the snapshot was taken; trying again",
                                changed ? *changed : "a schema change came first"));
    set.ReleaseTables();
    for (Session* reader : readers) reader->Execute("ROLLBACK");
    Pause(attempt, cancel);
  }

  for (const SequenceValue& value : set.snapshot.sequence_values) {
    if (value.next_not_cached_value.empty()) continue;
    set.sequence_restarts[{value.sequence.first, ObjectKind::kSequence, value.sequence.second}] =
        fmt::format("SELECT SETVAL({}, {}, 0)", QuoteIdentifier(value.sequence.second),
                    value.next_not_cached_value);
  }
  set.readers.assign(readers.begin(), readers.begin() + set.snapshot.readers);
  for (std::size_t i = set.snapshot.readers; i < readers.size(); ++i) registry.Close(*readers[i]);
  registry.Close(coordinator);
  return set;
}

}  // namespace dbomsbak
