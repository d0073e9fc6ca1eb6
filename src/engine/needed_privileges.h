// What an account must be allowed to do.
#pragma once

#include <array>
#include <string_view>

namespace dbomsbak {

// To see and read everything in a database.
inline constexpr std::array<std::string_view, 4> kDumpPrivileges = {"SELECT", "SHOW VIEW",
                                                                    "TRIGGER", "EVENT"};

// What a restore does in a live database, its staging and its displaced copy (and what it must
// see: triggers, events and routines of an account without these rights are invisible to it).
inline constexpr std::array<std::string_view, 13> kRestorePrivileges = {
    "SELECT",  "INSERT",      "UPDATE",    "DELETE",         "CREATE",        "DROP", "ALTER",
    "TRIGGER", "CREATE VIEW", "SHOW VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"};

}  // namespace dbomsbak
