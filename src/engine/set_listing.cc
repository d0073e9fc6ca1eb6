#include "engine/set_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/server_numbers.h"
#include "engine/definition_fingerprint.h"

namespace dbomsbak {
namespace {

// A table that appeared meanwhile: is it part of the snapshot?
bool IsInSnapshot(Session& reader, const QualifiedName& name, const std::string& read_as_of) {
  try {
    reader.Execute(fmt::format("SELECT 1 FROM {}{} LIMIT 1",
                               QuoteQualified(name.first, name.second), read_as_of));
    return true;
  } catch (const ServerError& e) {
    if (e.number() == kTableDefinitionChanged || e.number() == kNoSuchTable ||
        e.number() == kSnapshotDiscarded || e.number() == kSnapshotBeforeRename) {
      return false;
    }
    throw;
  }
}

NamesNow ListOnce(Session& session, const Scope& scope) {
  NamesNow names;
  std::set<std::string> transactional;
  const ResultSet engines =
      session.Query("SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'");
  for (std::size_t i = 0; i < engines.rows.size(); ++i) transactional.insert(engines.Text(i, 0));
  std::string pinned;  // their engine
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
    if (transactional.contains(engine)) {
      names.pins.insert(name);
      names.several_engines = names.several_engines || (names.pins.size() > 1 && engine != pinned);
      pinned = engine;
    }
    if (engine.empty() || engine == "MRG_MYISAM" || engine == "MRG_MyISAM" ||
        engine == "FEDERATED" || transactional.count(engine) > 0) {
      continue;
    }
    names.non_transactional.insert(name);
  }
  return names;
}

}  // namespace

NamesNow ListNames(Session& session, const ServerTraits& traits, const Scope& scope) {
  // Both lists are to be of one moment. What stays apart, only one of the two ever tells.
  constexpr int kTries = 3;
  NamesNow names = ListOnce(session, scope);
  names.shown = names.all;
  if (!traits.names_are_cheaper_to_show) return names;
  names.shown = ListNamesOnly(session, traits, scope);
  for (int i = 1; i < kTries && names.shown != names.all; ++i) {
    NameSet shown = std::move(names.shown);
    names = ListOnce(session, scope);
    names.shown = std::move(shown);
    if (names.shown != names.all) names.shown = ListNamesOnly(session, traits, scope);
  }
  return names;
}

NameSet ListNamesOnly(Session& session, const ServerTraits& traits, const Scope& scope) {
  NameSet names;
  const auto add = [&](QualifiedName name) {
    if (scope.CoversTable(name.first, name.second)) names.insert(std::move(name));
  };
  if (traits.names_are_cheaper_to_show) {
    for (const std::string& database : scope.databases) {
      try {
        const ResultSet answer = session.Query("SHOW TABLES FROM " + QuoteIdentifier(database));
        for (std::size_t i = 0; i < answer.rows.size(); ++i) add({database, answer.Text(i, 0)});
      } catch (const ServerError& e) {
        // Nothing of it is to be seen, as in information_schema; the catalogue says what helps.
        if (e.number() != kUnknownDatabase && e.code() != ErrorCode::kPrivilege) throw;
      }
    }
    return names;
  }
  const ResultSet answer = session.Query(fmt::format(
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA IN {}",
      NameList(scope.databases)));
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    add({answer.Text(i, 0), answer.Text(i, 1)});
  }
  return names;
}

std::optional<std::string> FirstDifference(const NameSet& before, const NameSet& after) {
  for (const QualifiedName& name : before) {
    if (!after.contains(name)) return QuoteQualified(name.first, name.second) + " (dropped)";
  }
  for (const QualifiedName& name : after) {
    if (!before.contains(name)) return QuoteQualified(name.first, name.second) + " (created)";
  }
  return std::nullopt;
}

std::optional<std::string> FirstNewName(const NamesNow& before, const Scope& scope,
                                        const ServerTraits& traits, const Catalog& catalog,
                                        Session& session, Session& reader,
                                        const std::string& read_as_of) {
  const NameSet now = ListNamesOnly(session, traits, scope);
  for (const QualifiedName& name : before.shown) {
    if (now.count(name) == 0) return QuoteQualified(name.first, name.second) + " (dropped)";
  }
  for (const QualifiedName& name : now) {
    if (before.shown.count(name) == 0 && IsInSnapshot(reader, name, read_as_of)) {
      return QuoteQualified(name.first, name.second) + " (created)";
    }
  }
  // Where two lists tell the names, one may have missed it.
  for (const Database& database : catalog.databases) {
    for (const Table& table : database.tables) {
      const QualifiedName name{table.id.database, table.id.name};
      if (scope.CoversTable(name.first, name.second) && !before.all.contains(name) &&
          IsInSnapshot(reader, name, read_as_of)) {
        return QuoteQualified(name.first, name.second) + " (created)";
      }
    }
  }
  return std::nullopt;
}

AltersSoFar CountAlters(Session& session) {
  AltersSoFar alters{{}, false, std::chrono::steady_clock::now()};
  const ResultSet answer = session.Query(
      "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_alter_table', 'Com_create_index', "
      "'Com_drop_index', 'Com_optimize', 'Com_repair', 'Threads_running')");
  std::string running;
  for (std::size_t i = 0; i < answer.rows.size(); ++i) {
    if (answer.Text(i, 0) == "Threads_running") {
      running = answer.Text(i, 1);
    } else {
      alters.begun += answer.Text(i, 1) + ' ';
    }
  }
  // Who asks is one of them, the scheduler of events is another.
  const bool scheduler = session.Query("SELECT @@GLOBAL.event_scheduler").Text(0, 0) == "ON";
  alters.others_run = running != "1" && !(scheduler && running == "2");
  return alters;
}

std::optional<std::string> FirstTableBack(const NameSet& listed, const AltersSoFar& before,
                                          const Scope& scope, const ServerTraits& traits,
                                          Session& session) {
  // Some milliseconds, and 0.4 s on MySQL 5.6 each time statistics of the table are being made.
  constexpr std::chrono::milliseconds kLongestHidden{2000}, kPause{10};
  AltersSoFar now_running = CountAlters(session);
  if (now_running.begun == before.begun && !before.others_run) return std::nullopt;
  const auto enough = now_running.at + kLongestHidden;
  for (bool first = true, last = false; !last; first = false) {
    if (!first) {
      std::this_thread::sleep_for(kPause);
      now_running = CountAlters(session);
    }
    last = !now_running.others_run || now_running.at >= enough;
    const NameSet now = ListNamesOnly(session, traits, scope);
    if (std::includes(listed.begin(), listed.end(), now.begin(), now.end())) continue;
    for (const QualifiedName& name : ListOnce(session, scope).tables) {
      if (listed.contains(name)) continue;
      return QuoteQualified(name.first, name.second) + " (created, or hidden by an ALTER TABLE)";
    }
  }
  return std::nullopt;
}

std::optional<std::string> FirstHiddenTable(const NameSet& listed, const Scope& scope,
                                            const ServerTraits& traits, Session& session,
                                            Session& reader) {
  const NameSet now = ListNamesOnly(session, traits, scope);
  if (std::includes(listed.begin(), listed.end(), now.begin(), now.end())) return std::nullopt;
  // Views and tables without transactions show themselves in any snapshot.
  for (const QualifiedName& name : ListOnce(session, scope).pins) {
    if (listed.contains(name)) continue;
    const std::string quoted = QuoteQualified(name.first, name.second);
    try {
      if (IsInSnapshot(reader, name, "")) return quoted + " (hidden by an ALTER TABLE)";
    } catch (const ServerError& e) {
      if (e.code() != ErrorCode::kBusy) throw;
      return quoted + " (locked, and perhaps hidden by an ALTER TABLE)";
    }
  }
  return std::nullopt;
}

}  // namespace dbomsbak
