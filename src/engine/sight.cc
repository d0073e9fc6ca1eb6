#include "engine/sight.h"

#include <fmt/format.h>

#include "dbomsbak/sql/quote.h"

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

}  // namespace dbomsbak
