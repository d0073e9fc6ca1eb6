#include "dbomsbak/engine/quiet.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <thread>

#include "dbomsbak/base/units.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "engine/restore_facts.h"
#include "engine/set_history.h"

namespace dbomsbak {
namespace {

struct HeartbeatTable {
  const char* name;
  const char* newest;
};
constexpr std::array kTables{HeartbeatTable{"heatbeat_sequence", "id"},
                             HeartbeatTable{"heart_beat", "gmt_modified"}};

// OMS's alone; `heart_beat` may be anybody's.
constexpr const char* kSequence = kTables[0].name;

constexpr std::chrono::milliseconds kBetweenLooks{250};

}  // namespace

Heartbeats ReadHeartbeats(Session& session, const std::vector<std::string>& databases) {
  Heartbeats beats;
  for (const std::string& database : databases) {
    for (const auto& [table, newest] : kTables) {
      try {
        // A table without rows has a first beat yet to come.
        beats[{database, table}] =
            session
                .QueryValue(fmt::format("SELECT MAX({}) FROM {}", QuoteIdentifier(newest),
                                        QuoteQualified(database, table)))
                .value_or("");
      } catch (const ServerError& e) {
        if (IsPassing(e)) throw;
      }
    }
  }
  return beats;
}

std::vector<std::string> HeartbeatDatabases(const std::vector<Database>& live,
                                            const std::vector<std::string>& known) {
  std::vector<std::string> databases = known;
  for (const Database& database : live) {
    const bool beats = std::any_of(database.tables.begin(), database.tables.end(),
                                   [](const Table& table) { return table.id.name == kSequence; });
    if (beats && std::find(known.begin(), known.end(), database.name) == known.end()) {
      databases.push_back(database.name);
    }
  }
  return databases;
}

std::vector<std::string> Beating(const Heartbeats& before, const Heartbeats& now) {
  std::vector<std::string> tables;
  for (const auto& [table, newest] : before) {
    const auto found = now.find(table);
    if (found == now.end() || found->second == newest) continue;
    tables.push_back(QuoteQualified(table.first, table.second));
  }
  return tables;
}

Heartbeats WatchHeartbeats(Session& session, const std::vector<std::string>& databases,
                           const Heartbeats& before, Observer& observer,
                           const CancelToken& cancel) {
  if (before.empty()) return before;
  observer.Notice(fmt::format("looking for {} s whether OMS still writes heartbeats",
                              kHeartbeatWatch.count() / 1000));
  const auto end = std::chrono::steady_clock::now() + kHeartbeatWatch;
  for (;;) {
    std::this_thread::sleep_for(kBetweenLooks);
    cancel.ThrowIfCancelled();
    const Heartbeats now = ReadHeartbeats(session, databases);
    if (!Beating(before, now).empty() || std::chrono::steady_clock::now() >= end) return now;
  }
}

std::vector<std::string> DescribeUse(Session& session, const std::vector<std::string>& databases,
                                     const std::vector<std::string>& heartbeats, Observer& observer,
                                     const CancelToken& cancel) {
  std::vector<std::string> told;
  std::vector<RestoreMember> members;
  for (const std::string& name : databases) members.push_back({name, name, {}, {}, false});
  if (const std::vector<std::string> others = SessionsIn(session, members); !others.empty()) {
    told.push_back(fmt::format(
        "{}: {}",
        others.size() == 1
            ? "another session uses these databases"
            : fmt::format("{} use these databases", Counted(others.size(), "other session")),
        JoinedSome(others)));
  }
  const Heartbeats before = ReadHeartbeats(session, heartbeats);
  const std::vector<std::string> beating =
      Beating(before, WatchHeartbeats(session, heartbeats, before, observer, cancel));
  if (!beating.empty()) {
    told.push_back(fmt::format("OMS still writes heartbeats into {}", JoinedSome(beating)));
  }
  return told;
}

}  // namespace dbomsbak
