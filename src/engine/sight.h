// What a server hides from an account, as far as a restore, undo or purge should know it.
#pragma once

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

}  // namespace dbomsbak
