// Sessions with a real server whose N-th call fails.
#pragma once

#include <memory>

#include "dbomsbak/transport/session.h"

namespace dbomsbak::test {

// Layer `sessions`. A call is a connection, a statement, a row of an answer that is read bit by
// bit, or a piece of what the server loads. Kinds:
//   lost      the connection is cut before the call
//   behind    the connection is cut behind it: the server has done it, and nobody heard so
//   gone      as lost, and none can be made any more
//   refused   the server's error 1105, and nothing is done
//   full      its error 1114: no room for more rows
//   ended     its error 1317: somebody said KILL QUERY
//   timeout   its error 1205: the wait for a lock was over
//   memory    there is none for a connection
//   fault     what making one throws is no Error
//   deadlock  its error 1213: the transaction is rolled back
std::unique_ptr<SessionFactory> MakeFaultySessions(const ConnectionOptions& options);

}  // namespace dbomsbak::test
