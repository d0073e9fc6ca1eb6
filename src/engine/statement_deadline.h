// A statement that waits for others without bound is ended from outside.
#pragma once

#include <chrono>
#include <functional>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Runs `statement`, which executes in `session`. When it takes longer than `limit`, a session of
// this call's own ends it (KILL QUERY), and what comes out is a ServerError kBusy: the server has
// rolled the statement back. One that ends by itself in that moment counts as done.
// Errors: kConnect before anything has run.
void RunWithDeadline(SessionFactory& sessions, Session& session, std::chrono::milliseconds limit,
                     const std::function<void()>& statement);

}  // namespace dbomsbak
