// Commands of the operator's that a run starts.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/base/cancel.h"

namespace dbomsbak {

// Runs `command` by /bin/sh with these variables besides the environment, without passwords of
// ours in it, standard input closed and standard output where our standard error goes. Waits for
// its end; a cancelled run ends it (SIGTERM). Returns what went wrong; nothing when it ended with
// 0.
std::optional<std::string> RunHook(
    const std::string& command, const std::vector<std::pair<std::string, std::string>>& variables,
    const CancelToken& cancel);

}  // namespace dbomsbak
