#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/sql/quote.h"
#include "engine/set_swap.h"

namespace dbomsbak {

std::vector<std::string> TriggerNamesTaken(const PreparedSet& set) {
  const auto holds = [](const std::vector<std::string>& tables, const std::string& table) {
    return std::find(tables.begin(), tables.end(), table) != tables.end();
  };
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < set.members.size(); ++i) {
    for (const StoredProgram& coming : set.wanted[i].triggers) {
      if (!holds(set.incoming[i], coming.table)) continue;
      for (const StoredProgram& there : set.before[i].triggers) {
        if (there.id.name != coming.id.name || holds(set.outgoing[i], there.table)) continue;
        const std::string& live = set.members[i].live;
        problems.push_back(fmt::format(
            "{} comes with table {}, but stands on {} now, which stays: drop it there, or create "
            "it there under another name",
            coming.id.Describe(), QuoteQualified(live, coming.table),
            QuoteQualified(live, there.table)));
      }
    }
  }
  return problems;
}

}  // namespace dbomsbak
