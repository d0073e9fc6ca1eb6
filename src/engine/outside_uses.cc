#include "engine/outside_uses.h"

#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/rename_databases.h"
#include "engine/set_names.h"

namespace dbomsbak {

void AddOutsideUses(const ObjectId& id, std::string_view create,
                    const std::vector<std::string>& set, OutsideUses& uses) {
  for (const std::string& database : QualifyingDatabases(id.kind, create)) {
    if (IsServersOwn(database) || std::find(set.begin(), set.end(), database) != set.end()) {
      continue;
    }
    uses[database].push_back(id.Describe());
  }
}

std::string DescribeOutsideUse(const std::string& database, const std::vector<std::string>& users) {
  constexpr std::size_t kShown = 5;
  std::string list;
  for (std::size_t i = 0; i < users.size() && i < kShown; ++i) {
    list += (list.empty() ? "" : ", ") + users[i];
  }
  if (users.size() > kShown) list += fmt::format(" and {} more", users.size() - kShown);
  return fmt::format("{} {} to database {}, which is not in the set", list,
                     users.size() == 1 ? "points" : "point", QuoteIdentifier(database));
}

}  // namespace dbomsbak
