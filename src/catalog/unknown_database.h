// A database that was asked for and is not there.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/catalog/privileges.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Is an account with these privileges shown this database, when it is there?
bool SeesDatabase(const Privileges& privileges, const std::string& database);

// Error kUsage: names what is near, or asks whether a table of one of the `asked` databases was
// meant (`dump db t1`, as mysqldump has it). Error kPrivilege with the GRANT to `account` where it
// is not shown every database: this one may be there.
[[noreturn]] void ThrowUnknownDatabase(Session& session, const Privileges& privileges,
                                       const std::string& account, const std::string& name,
                                       const std::vector<std::string>& asked,
                                       const std::vector<std::string>& existing);

}  // namespace dbomsbak
