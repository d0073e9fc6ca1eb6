#include "engine/set_content.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "dbomsbak/base/near_names.h"
#include "dbomsbak/catalog/broken_table.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/view_references.h"
#include "engine/kept_tables.h"
#include "engine/set_history.h"
#include "engine/set_names.h"

namespace dbomsbak {
namespace {

template <typename List, typename Keep>
void KeepOnly(List& list, Keep keep) {
  std::erase_if(list, [&](const auto& object) { return !keep(object); });
}

// Those on a broken table cannot be shown, and yet the table may not be asked for.
std::map<QualifiedName, std::string> TablesOfUnreadableTriggers(const Scope& scope,
                                                                Session& session,
                                                                const Catalog& catalog) {
  std::map<QualifiedName, std::string> tables;
  if (std::none_of(catalog.unreadable.begin(), catalog.unreadable.end(),
                   [](const auto& object) { return object.id.kind == ObjectKind::kTrigger; })) {
    return tables;
  }
  const ResultSet answer = session.Query(fmt::format(
      "SELECT TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
      "WHERE TRIGGER_SCHEMA IN {}",
      NameList(scope.databases)));
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    tables[{answer.Text(i, 0), answer.Text(i, 1)}] = answer.Text(i, 2);
  }
  return tables;
}

// "Did you mean …?", or nothing.
std::string NearTable(const Catalog& catalog, const QualifiedName& name) {
  const Database* const database = catalog.Find(name.first);
  if (database == nullptr) return {};
  std::vector<std::string> tables;
  for (const Table& table : database->tables) tables.push_back(table.id.name);
  return DidYouMean(name.second, tables);
}

// What restores in place have left is none of the application's, as displaced copies are not.
void LeaveOutKeptTables(Session& session, Observer& observer, Scope& scope) {
  std::vector<std::string> names;
  for (const KeptTable& table : FindKeptNames(session, scope.databases)) {
    if (!scope.CoversTable(table.database, table.table)) continue;
    scope.ignored_tables.emplace_back(table.database, table.table);
    names.push_back(table.Describe());
  }
  if (names.empty()) return;
  observer.Warning(fmt::format(
      "left out {}, which a restore in place has kept: `dbomsbak status` tells more, and --only "
      "dumps them",
      JoinedSome(names)));
}

}  // namespace

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
  for (const std::string& name : scope.databases) {
    if (!IsServersOwn(name)) continue;
    throw Error(
        ErrorCode::kUnsupported,
        fmt::format("database {} is the server's own and is not dumped", QuoteIdentifier(name)),
        "Leave it away: accounts, settings and statistics belong to the server, and a "
        "restore could not swap them.")
        .About(name);
  }
  if (scope.databases.empty()) {
    throw Error(ErrorCode::kUsage, "there is no database to dump",
                "Name the databases, or use --all-databases with an account that sees them.");
  }
  if (scope.only_tables.empty()) LeaveOutKeptTables(session, observer, scope);
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

void ApplyScope(const Scope& scope, Session& session, Catalog& catalog) {
  const auto tables_of_triggers = TablesOfUnreadableTriggers(scope, session, catalog);
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
    if (kind == ObjectKind::kTrigger) {
      const auto table = tables_of_triggers.find({object.id.database, object.id.name});
      if (table != tables_of_triggers.end() &&
          !scope.CoversTable(object.id.database, table->second)) {
        return false;
      }
    }
    return scope.CoversKind(kind) &&
           (!table_like || scope.CoversTable(object.id.database, object.id.name));
  });
}

void KeepOnlySnapshot(const NamesNow& names, Catalog& catalog) {
  for (Database& database : catalog.databases) {
    KeepOnly(database.tables, [&](const Table& table) {
      return names.tables.count({table.id.database, table.id.name}) > 0;
    });
    KeepOnly(database.sequences, [&](const Sequence& sequence) {
      // Those of a list of their own were read behind the snapshot, as they may be.
      return !sequence.is_table ||
             names.sequences.count({sequence.id.database, sequence.id.name}) > 0;
    });
    KeepOnly(database.triggers, [&](const StoredProgram& trigger) {
      return names.tables.count({trigger.id.database, trigger.table}) > 0;
    });
  }
  // One that was created and dropped while definitions were read may be listed and yet not be
  // there.
  KeepOnly(catalog.unreadable, [&](const Unreadable& object) {
    return object.id.kind != ObjectKind::kTable || object.code != ErrorCode::kQueryRefused ||
           names.all.contains({object.id.database, object.id.name});
  });
}

std::optional<std::string> FirstMissing(const NamesNow& names, const Catalog& catalog) {
  NameSet known;
  const auto add = [&](const ObjectId& id) { known.emplace(id.database, id.name); };
  for (const Database& database : catalog.databases) {
    for (const Table& table : database.tables) add(table.id);
    for (const Sequence& sequence : database.sequences) add(sequence.id);
  }
  for (const Unreadable& object : catalog.unreadable) add(object.id);
  for (const NameSet* listed : {&names.tables, &names.sequences}) {
    for (const QualifiedName& name : *listed) {
      if (known.contains(name)) continue;
      return QuoteQualified(name.first, name.second) + " (dropped, or hidden by an ALTER TABLE)";
    }
  }
  return std::nullopt;
}

std::optional<std::string> FirstOtherEngine(const NamesNow& names, const Catalog& catalog) {
  for (const Database& database : catalog.databases) {
    for (const Table& table : database.tables) {
      const QualifiedName name{table.id.database, table.id.name};
      if (names.tables.contains(name) &&
          table.NeedsLock() != names.non_transactional.contains(name)) {
        return table.id.Describe() + " (another engine)";
      }
    }
  }
  return std::nullopt;
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
    std::string hint = NearTable(catalog, name);
    if (hint.empty()) hint = "Name tables as DATABASE.TABLE; upper and lower case may matter.";
    throw Error(ErrorCode::kUsage,
                fmt::format("there is no table {}", QuoteQualified(name.first, name.second)),
                std::move(hint))
        .About(QuoteQualified(name.first, name.second));
  }
  for (const QualifiedName& name : scope.ignored_tables) {
    if (exists(name)) continue;
    // A misspelt name would put into the archive what was to stay out of it.
    const std::string question = NearTable(catalog, name);
    observer.Warning(fmt::format("table {} is to be ignored, but there is none{}",
                                 QuoteQualified(name.first, name.second),
                                 question.empty() ? "" : ". " + question));
  }
}

namespace {

constexpr std::size_t kMostRemedies = 10;

// A view on a table that the dump does not hold comes back as a broken one does.
void BreakViewsOnOmitted(DumpSet& set) {
  std::set<QualifiedName> missing;
  for (const auto& [id, reason] : set.omitted) {
    if (id.kind == ObjectKind::kTable) missing.emplace(id.database, id.name);
  }
  for (const ObjectId& id : set.catalog.view_order) {  // each behind those it is built on
    for (Database& database : set.catalog.databases) {
      if (database.name != id.database) continue;
      for (View& view : database.views) {
        if (view.id != id || view.broken) continue;
        for (const ViewReference& reference : ViewReferences(view.create)) {
          const std::string& of = reference.database.empty() ? id.database : reference.database;
          view.broken = view.broken || missing.contains({of, reference.table});
        }
        if (view.broken) missing.emplace(id.database, id.name);
      }
    }
  }
}

}  // namespace

void SettleUnreadable(const DumpOptions& options, const Untouchable& untouchable, DumpSet& set) {
  std::vector<Unreadable> lost = set.catalog.unreadable;
  const auto is_lost_table = [&](const std::string& database, const std::string& table) {
    return std::any_of(lost.begin(), lost.end(), [&](const Unreadable& object) {
      return object.id == ObjectId{database, ObjectKind::kTable, table};
    });
  };
  for (Database& database : set.catalog.databases) {
    const auto touched = [&](const auto& object) {
      const auto found = untouchable.find({object.id.database, object.id.name});
      if (found == untouchable.end()) return true;
      lost.push_back({object.id, found->second.code, found->second.reason,
                      BrokenTableRemedy(object.id.database, object.id.name)});
      return false;
    };
    KeepOnly(database.tables, touched);
    KeepOnly(database.sequences, touched);
    // A trigger or a row has no place without its table.
    KeepOnly(database.triggers, [&](const StoredProgram& trigger) {
      if (!is_lost_table(database.name, trigger.table)) return true;
      lost.push_back({trigger.id, ErrorCode::kQueryRefused, "its table is not in the dump", {}});
      return false;
    });
  }
  if (lost.empty()) return;
  // What happened to a table explains what happened to its triggers and views.
  std::stable_partition(lost.begin(), lost.end(), [](const Unreadable& object) {
    return object.id.kind == ObjectKind::kTable;
  });
  for (const Unreadable& object : lost) set.omitted.emplace_back(object.id, object.reason);
  if (options.allow_partial) {
    BreakViewsOnOmitted(set);
    return;
  }
  const Unreadable& first = lost.front();
  std::string remedy = first.remedy;
  std::set<std::string> told{first.remedy};
  for (const Unreadable& object : lost) {
    // One who may see little would else be told of one GRANT a run.
    if (first.code != ErrorCode::kPrivilege || object.code != ErrorCode::kPrivilege) continue;
    if (told.size() < kMostRemedies && told.insert(object.remedy).second) {
      remedy += (remedy.empty() ? "" : " ") + object.remedy;
    }
  }
  throw Error(first.code,
              fmt::format("cannot dump {}: {}{}", first.id.Describe(), first.reason,
                          lost.size() > 1 ? fmt::format(" (and {} more objects)", lost.size() - 1)
                                          : std::string()),
              remedy + (remedy.empty() ? "" : " ") +
                  "Or leave such objects out with --allow-partial; the archive is then marked "
                  "partial.")
      .About(first.id.Describe());
}

}  // namespace dbomsbak
