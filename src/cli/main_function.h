// The program, apart from main(): what tests can call.
#pragma once

#include <memory>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// How sessions are made, so that tests can make every call of them fail.
using SessionMaker = std::unique_ptr<SessionFactory> (*)(const ConnectionOptions&);

// Never throws. The result is the exit code, always one of the table of base/error.h.
int Main(int argc, char** argv, SessionMaker make_sessions = MakeSessionFactory);

}  // namespace dbomsbak
