// What a server hides from an account, as far as a restore, undo or purge should know it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/catalog/privileges.h"

namespace dbomsbak {

struct Hidden {
  std::string what;    // and what comes of it
  std::string remedy;  // a GRANT
};

// `account` is CURRENT_USER(); `all_keys` as InboundKeys::complete.
std::vector<Hidden> HiddenFrom(const Privileges& privileges, const std::string& account,
                               bool all_keys);

// What restores left that the account may not see: databases, or the journals in them. `databases`
// are those it sees. Where there may be any, nothing is surely of no use.
std::optional<Hidden> HiddenLeftovers(const Privileges& privileges, const std::string& account,
                                      const std::vector<std::string>& databases);
std::optional<Hidden> HiddenLeftovers(Session& session);

}  // namespace dbomsbak
