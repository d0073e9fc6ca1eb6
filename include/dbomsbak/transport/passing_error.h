// Errors of the server that pass, told from those that say something.
#pragma once

#include "dbomsbak/base/error.h"

namespace dbomsbak {

// The session or the statement was ended, a wait was over, or the server is short of something:
// this tells nothing of the object or the feature that was asked for. Of a ServerError, or an error
// with the code of a lost session or a wait.
bool IsPassing(const Error& error) noexcept;

}  // namespace dbomsbak
