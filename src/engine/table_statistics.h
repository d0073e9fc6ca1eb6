// The statistics that a server keeps of a table while its rows are loaded.
#pragma once

#include <string>
#include <string_view>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Does this definition leave it to the server when they are made anew?
bool HasUsualStatistics(std::string_view create_table);

// MariaDB makes them anew without end, with a core of its own, while LOAD DATA fills an empty table
// in one transaction: it counts rows that it does not see yet. `table`: quoted.
void PauseStatistics(Session& session, const std::string& table);
// Makes them of what is there now.
void ResumeStatistics(Session& session, const std::string& table);

}  // namespace dbomsbak
