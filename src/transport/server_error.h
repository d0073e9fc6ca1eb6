// Numbers of the server and of the client library, turned into errors of ours.
#pragma once

#include <string>
#include <string_view>

#include "dbomsbak/base/error.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// The code a refused statement ends with. Unknown numbers are kQueryRefused.
ErrorCode CodeOfServerNumber(unsigned number) noexcept;

// What to do about it, or "".
std::string HintOfServerNumber(unsigned number);

// Did the session die with it?
bool IsConnectionLoss(unsigned number) noexcept;

// A statement's error: "the server refused the statement: TEXT (error NUMBER)".
ServerError StatementError(unsigned number, std::string_view sqlstate, std::string_view text,
                           const std::string& description);

// A failed connection attempt; the code is always kConnect.
ServerError ConnectError(unsigned number, std::string_view sqlstate, std::string_view text,
                         const std::string& description, bool password_given,
                         const std::string& password_cut = {});

}  // namespace dbomsbak
