#include "engine/sight.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/engine/restore.h"
#include "dbomsbak/sql/quote.h"
#include "engine/set_names.h"

namespace dbomsbak {

std::vector<Hidden> HiddenFrom(const Privileges& privileges, const std::string& account,
                               bool all_keys) {
  std::vector<Hidden> hidden;
  const bool process = privileges.HasGlobal("PROCESS");
  const auto grant = [&](const char* privilege) {
    return fmt::format("GRANT {} ON *.* TO {};", privilege, QuoteAccount(account));
  };
  if (!all_keys && !privileges.HasGlobal("SELECT")) {
    hidden.push_back(
        {fmt::format("foreign keys of tables that account {} may not see are not checked; one into "
                     "these databases would follow the displaced copy",
                     account),
         // With PROCESS InnoDB's list shows them all, where the server has it.
         grant(process ? "SELECT" : "PROCESS")});
  }
  if (!process) {
    hidden.push_back(
        {"other accounts' use of these databases is not checked; what they write during a restore "
         "goes with the displaced copy",
         grant("PROCESS")});
  }
  return hidden;
}

std::optional<Hidden> HiddenLeftovers(const Privileges& privileges, const std::string& account,
                                      const std::vector<std::string>& databases) {
  // Who has one of these everywhere is shown every database.
  constexpr std::array<std::string_view, 8> kShowsAll = {
      "SHOW DATABASES", "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER"};
  const bool all_names =
      std::any_of(kShowsAll.begin(), kShowsAll.end(),
                  [&](std::string_view each) { return privileges.HasGlobal(each); });
  const bool all_journals =
      std::all_of(databases.begin(), databases.end(), [&](const std::string& name) {
        return (!IsStagingName(name) && !IsDisplacedName(name)) || privileges.Has("SELECT", name);
      });
  if (all_names && all_journals) return std::nullopt;
  return Hidden{
      fmt::format("account {} may not see all that restores have left on this server", account),
      fmt::format("GRANT SELECT, SHOW DATABASES ON *.* TO {};", QuoteAccount(account))};
}

std::optional<Hidden> HiddenLeftovers(Session& session) {
  return HiddenLeftovers(ReadPrivileges(session),
                         session.QueryValue("SELECT CURRENT_USER()").value_or(""),
                         ListDatabases(session));
}

std::string UnseenLeftovers(Session& session) {
  const std::optional<Hidden> hidden = HiddenLeftovers(session);
  return hidden ? fmt::format("{}: {}", hidden->what, hidden->remedy) : std::string();
}

}  // namespace dbomsbak
