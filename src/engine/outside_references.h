// What other databases have that names databases of a set.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct OutsideKey {
  std::string name, database, table;  // the child
  std::string parent_database, parent_table;

  std::string Describe() const;  // "foreign key `f` of table `d`.`t` into `d2`.`t2`"
};

// Foreign keys into `databases` from tables of other databases.
std::vector<OutsideKey> KeysFromOutside(Session& session,
                                        const std::vector<std::string>& databases);

// Foreign keys between tables of different databases of the set.
std::vector<OutsideKey> KeysAcross(Session& session, const std::vector<std::string>& databases);

// Views of other databases whose text names one of `databases`: "view `d`.`v`".
std::vector<std::string> ViewsFromOutside(Session& session,
                                          const std::vector<std::string>& databases);

}  // namespace dbomsbak
