// What an account must be allowed to do.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/catalog/server_traits.h"

namespace dbomsbak {

// To see and read everything in a database.
inline constexpr std::array<std::string_view, 4> kDumpPrivileges = {"SELECT", "SHOW VIEW",
                                                                    "TRIGGER", "EVENT"};

// What a restore does in a live database, its staging and its displaced copy (and what it must
// see: triggers, events and routines of an account without these rights are invisible to it).
inline std::vector<std::string_view> RestorePrivileges(const ServerTraits& traits) {
  std::vector<std::string_view> privileges = {
      "SELECT",  "INSERT",      "UPDATE",    "DELETE",         "CREATE",        "DROP", "ALTER",
      "TRIGGER", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"};
  if (traits.foreign_keys_need_references) privileges.push_back("REFERENCES");
  return privileges;
}

// Any of these lets an account make objects of other definers, one or the other on each server.
inline bool MaySetDefiner(const Privileges& privileges) {
  constexpr std::array<std::string_view, 4> kAny = {"SET USER", "SUPER", "SET_USER_ID",
                                                    "SET_ANY_DEFINER"};
  return std::any_of(kAny.begin(), kAny.end(),
                     [&](std::string_view each) { return privileges.HasGlobal(each); });
}

}  // namespace dbomsbak
