// Names of databases and tables as people type them.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace dbomsbak {

// "db.table" or "`db`.`table`" (a back-tick within is doubled). A name that has a dot itself needs
// the back-ticks. `option` is named in the error. Errors: kUsage.
std::pair<std::string, std::string> ParseTableName(std::string_view text, std::string_view option);

}  // namespace dbomsbak
