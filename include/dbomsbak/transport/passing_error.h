// Errors of the server that pass, told from those that say something.
#pragma once

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// The session or the statement was ended, a wait was over, or the server is short of something:
// this tells nothing of the object or the feature that was asked for.
bool IsPassing(const ServerError& error) noexcept;

}  // namespace dbomsbak
