#include "catalog/unknown_database.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/near_names.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

// Who has one of these everywhere is shown every database.
constexpr std::array<std::string_view, 8> kShowsAll = {
    "SHOW DATABASES", "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER"};

bool SeesAllDatabases(const Privileges& privileges) {
  return std::any_of(kShowsAll.begin(), kShowsAll.end(),
                     [&](std::string_view each) { return privileges.HasGlobal(each); });
}

}  // namespace

bool SeesDatabase(const Privileges& privileges, const std::string& database) {
  return std::any_of(kShowsAll.begin(), kShowsAll.end(),
                     [&](std::string_view each) { return privileges.Has(each, database); });
}

void ThrowUnknownDatabase(Session& session, const Privileges& privileges,
                          const std::string& account, const std::string& name,
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
    if (!list.empty()) hint = fmt::format("Was {} meant?", list);
    if (!SeesAllDatabases(privileges)) {
      throw Error(
          ErrorCode::kPrivilege,
          fmt::format("there is no database {}, or none that account {} may see",
                      QuoteIdentifier(name), account),
          hint + (hint.empty() ? "" : " Or ") +
              GrantOnDatabase(privileges, "SELECT, SHOW VIEW, TRIGGER, EVENT", name, account))
          .About(name);
    }
    if (hint.empty()) hint = "`SHOW DATABASES` lists those that there are.";
  }
  throw Error(ErrorCode::kUsage, fmt::format("there is no database {}", QuoteIdentifier(name)),
              hint)
      .About(name);
}

}  // namespace dbomsbak
