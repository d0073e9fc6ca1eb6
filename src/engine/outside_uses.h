// What definitions name outside their set: restored elsewhere, or alone, it may not be there.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/base/object_id.h"

namespace dbomsbak {

// By database: the tables and views that name it, as "table `d`.`t`".
using OutsideUses = std::map<std::string, std::vector<std::string>>;

// Adds databases that `create` of a table (its foreign keys, mostly) or view names beside those of
// the set. The server's own do not count.
void AddOutsideUses(const ObjectId& id, std::string_view create,
                    const std::vector<std::string>& set, OutsideUses& uses);

// "table `hr`.`emp` names database `shop`, which is …": one line a database, for both kinds.
std::string DescribeOutsideUse(const std::string& database, const std::vector<std::string>& users);

}  // namespace dbomsbak
