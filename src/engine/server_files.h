// Where a server that keeps definitions in files (MySQL before 8.0) has them.
#pragma once

#include <string>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Of the files of a table or trigger, without their endings; names as the server encodes them.
std::string PathOfTable(Session& session, const std::string& database, const std::string& table);

}  // namespace dbomsbak
