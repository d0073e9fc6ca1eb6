#include "catalog/unknown_database.h"

#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/near_names.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
void ThrowUnknownDatabase(Session& session, const std::string& name,
                          const std::vector<std::string>& asked,
                          const std::vector<std::string>& existing) {
  std::string hint;
  for (const std::string& database : asked) {
    if (std::find(existing.begin(), existing.end(), database) == existing.end()) continue;
    const auto table = session.QueryValue(fmt::format(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = "
        "{}",
        QuoteString(database), QuoteString(name)));
    if (!table.has_value()) continue;
    hint = fmt::format("It is a table of {}: was --only {}.{} meant?", QuoteIdentifier(database),
                       database, *table);
    break;
  }
  if (hint.empty()) {
    std::string list;
    for (const std::string& near : NearNames(name, existing)) {
      list += (list.empty() ? "" : ", ") + QuoteIdentifier(near);
    }
    hint = list.empty() ? "Check the name, and that the account has a privilege on the database."
                        : fmt::format("Was {} meant?", list);
  }
  throw Error(ErrorCode::kUsage, fmt::format("there is no database {}", QuoteIdentifier(name)),
              hint)
      .About(name);
}

}  // namespace dbomsbak
