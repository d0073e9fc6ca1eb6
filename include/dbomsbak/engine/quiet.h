// Is the application that databases belong to stopped? What tells against it.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Tables that OMS writes its heartbeats into, with the newest of each as text: MAX(id) of
// `heatbeat_sequence` (spelled so), MAX(gmt_modified) of `heart_beat`. Where a database has no such
// table or column, or this account may not read it, there is nothing to ask.
using Heartbeats = std::map<std::pair<std::string, std::string>, std::string>;

Heartbeats ReadHeartbeats(Session& session, const std::vector<std::string>& databases);

// `known`, and those of `live` that hold a table `heatbeat_sequence`: nobody else spells it so.
std::vector<std::string> HeartbeatDatabases(const std::vector<Database>& live,
                                            const std::vector<std::string>& known = {});

// "`d`.`heart_beat`": tables that are in both, and not the same.
std::vector<std::string> Beating(const Heartbeats& before, const Heartbeats& now);

// Looks until one changes, so long at most; returns what was seen last. Tells the observer.
constexpr std::chrono::milliseconds kHeartbeatWatch{3000};
Heartbeats WatchHeartbeats(Session& session, const std::vector<std::string>& databases,
                           const Heartbeats& before, Observer& observer, const CancelToken& cancel);

// Before a dump: sentences for people on who uses `databases`, and which heartbeats change.
std::vector<std::string> DescribeUse(Session& session, const std::vector<std::string>& databases,
                                     const std::vector<std::string>& heartbeats, Observer& observer,
                                     const CancelToken& cancel);

}  // namespace dbomsbak
