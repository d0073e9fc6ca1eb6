// Names of what databases hold, asked quickly: what the window looks at while it is open.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "dbomsbak/base/object_id.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct TriggerName {
  std::string name, table;
};

struct LiveNames {
  bool exists = false;
  std::string charset, collation;
  std::set<std::string> tables;  // and sequences
  std::set<std::string> views;
  std::set<ObjectId> routines;
  std::vector<TriggerName> triggers;          // by table, timing, event, order
  std::map<std::string, std::string> events;  // name → status

  bool HoldsNothing() const {
    return tables.empty() && views.empty() && routines.empty() && triggers.empty() &&
           events.empty();
  }
};

// One question a kind. `exists` is false for a database that is not there.
LiveNames ReadLiveNames(Session& session, const std::string& database);

// Single kinds, for the checks within the window.
bool DatabaseExists(Session& session, const std::string& database);
std::set<std::string> ReadTableNames(Session& session, const std::string& database);  // + sequences
std::vector<TriggerName> ReadTriggerNames(Session& session, const std::string& database);
std::map<std::string, std::string> ReadEventStates(Session& session, const std::string& database);

// The same picture of catalogue values.
LiveNames NamesOf(const Database& database);

// Objects in one and not in the other: "table `d`.`t` is missing", "view `d`.`v` is extra". Events
// that are over by themselves (a date in the past) may be missing.
std::vector<std::string> Differences(const std::string& database, const Database& wanted,
                                     const LiveNames& live);

}  // namespace dbomsbak
