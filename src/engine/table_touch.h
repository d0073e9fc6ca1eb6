// Opening tables without reading them: whoever has touched a table in a transaction keeps DDL off.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

using QualifiedName = std::pair<std::string, std::string>;  // database, name

struct Refusal {
  ErrorCode code = ErrorCode::kQueryRefused;
  std::string reason;
  bool no_such_table = false;
};
// Tables that cannot be opened, and why.
using Untouchable = std::map<QualifiedName, Refusal>;

// A DDL was ahead of us: it waits for those who have touched the table already, we for it.
class BehindDdl : public ServerError {
 public:
  explicit BehindDdl(const ServerError& error) : ServerError(error) {}
};

// Tables came or went while the snapshot was taken: what it saw and what is read would be two
// things. `what` for people: "`d`.`t` (dropped)".
class ListChanged : public Error {
 public:
  explicit ListChanged(const std::string& what) : Error(ErrorCode::kNoSnapshot, what) {}
};

// Opens every table in the session's transaction, if it is in one. Errors: BehindDdl,
// kConnectionLost.
Untouchable TouchAll(Session& session, const std::vector<QualifiedName>& names);

// All sessions at once, each in a thread of its own; what the first one finds.
Untouchable TouchEverywhere(const std::vector<Session*>& sessions,
                            const std::vector<QualifiedName>& names);

}  // namespace dbomsbak
