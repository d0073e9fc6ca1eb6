// What helps against an error of the system's with a file or a folder.
#pragma once

#include <string>

namespace dbomsbak {

// A whole sentence. `otherwise`: for errors that do not tell by themselves what is to be done, as
// those of permissions.
std::string HintOfErrno(int error_number, std::string otherwise);

}  // namespace dbomsbak
