#include "engine/text_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "dbomsbak/sql/rename_databases.h"

namespace dbomsbak {
namespace {

// Each database behind those its foreign keys name, where a server needs that; else, and in a
// circle, by name.
std::vector<const Database*> InOrder(const Catalog& catalog, bool parents_first) {
  std::vector<const Database*> order;
  std::set<std::string> placed;
  if (parents_first) {
    std::map<std::string, std::set<std::string>> parents;
    for (const Database& database : catalog.databases) {
      for (const Table& table : database.tables) {
        for (std::string& name : QualifyingDatabases(ObjectKind::kTable, table.create)) {
          if (name != database.name && catalog.Find(name) != nullptr) {
            parents[database.name].insert(std::move(name));
          }
        }
      }
    }
    for (bool moved = true; moved;) {
      moved = false;
      for (const Database& database : catalog.databases) {
        const auto& needed = parents[database.name];
        if (placed.count(database.name) > 0 ||
            !std::all_of(needed.begin(), needed.end(),
                         [&](const std::string& name) { return placed.count(name) > 0; })) {
          continue;
        }
        placed.insert(database.name);
        order.push_back(&database);
        moved = true;
      }
    }
  }
  for (const Database& database : catalog.databases) {
    if (placed.count(database.name) == 0) order.push_back(&database);
  }
  return order;
}

}  // namespace

TextPlan PlanText(const Catalog& catalog, bool parents_first) {
  const bool several = catalog.databases.size() > 1;
  const std::vector<const Database*> order = InOrder(catalog, parents_first);
  bool early = false;
  for (const Database& database : catalog.databases) {
    if (!database.sequences.empty()) early = true;
    for (const Table& table : database.tables) {
      if (table.NeedsLock()) early = true;
    }
  }
  TextPlan plan;
  const auto section = [&](const Database& database, bool first, bool remaining) {
    TextPlan::Section part{&database, first, remaining, {}};
    for (const bool locked : {true, false}) {
      if (locked ? !first : !remaining) continue;
      for (const Table& table : database.tables) {
        if (table.NeedsLock() == locked) part.tables.push_back(&table);
      }
    }
    plan.sections.push_back(std::move(part));
  };
  if (several && early) {
    // Defaults may name a sequence of any database, too.
    for (const Database* database : order) section(*database, true, false);
    for (const Database* database : order) section(*database, false, true);
  } else {
    for (const Database* database : order) section(*database, true, true);
  }
  return plan;
}

}  // namespace dbomsbak
