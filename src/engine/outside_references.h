// What refers to tables of a set: foreign keys of the whole server, and views of other databases.
#pragma once

#include <string>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct InboundKey {
  std::string name, database, table;  // the child
  std::string parent_database, parent_table;

  std::string Describe() const;  // "foreign key `f` of table `d`.`t` into `d2`.`t2`"
};

struct InboundKeys {
  std::vector<InboundKey> keys;  // by child
  // The account may read InnoDB's own list, so none is missing. Otherwise keys of tables it has no
  // privilege on are hidden from it.
  bool complete = false;
};

// Foreign keys into tables of `databases`, from any table of the server.
InboundKeys KeysInto(Session& session, const std::vector<std::string>& databases);

// InboundKeys::complete, without asking for any.
bool SeesAllKeys(Session& session);

// Those from tables of other databases.
std::vector<InboundKey> KeysFromOutside(Session& session,
                                        const std::vector<std::string>& databases);

// Views of other databases whose text names one of `databases`: "view `d`.`v`".
std::vector<std::string> ViewsFromOutside(Session& session,
                                          const std::vector<std::string>& databases);

}  // namespace dbomsbak
