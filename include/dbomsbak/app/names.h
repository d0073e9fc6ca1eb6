// Names of databases and tables as people type them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbomsbak {

// "db.table" or "`db`.`table`" (a back-tick within is doubled). A name that has a dot itself needs
// the back-ticks. `option` is named in the error. Errors: kUsage.
std::pair<std::string, std::string> ParseTableName(std::string_view text, std::string_view option);

// Several of them, with commas between.
std::vector<std::pair<std::string, std::string>> ParseTableNames(std::string_view text,
                                                                 std::string_view option);

// "db.table,db.table,db": databases with some of their tables, or with all (second is empty).
// Errors: kUsage.
std::vector<std::pair<std::string, std::string>> ParseDatabasesAndTables(std::string_view text,
                                                                         std::string_view option);

// "old=new": a name that has "=" itself needs the back-ticks. Errors: kUsage.
std::pair<std::string, std::string> ParseRenaming(std::string_view text, std::string_view option);

}  // namespace dbomsbak
