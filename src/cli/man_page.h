// Manual pages in groff's man macros, rendered from the tables of commands, options, exit codes and
// JSON fields.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_table.h"

namespace dbomsbak {

// Parts of a page: "commands", "exit-codes", "options" (but for those of mysqldump that do
// nothing), the options of a command but for the connection's, or "json COMMAND", the fields of its
// answers. Errors: kUsage.
std::string HelpMan(std::string_view topic);

// dbomsbak-COMMAND(1), whole; for a command of two words what leads to the page of the first.
std::string ManPage(const CommandInfo& command);

}  // namespace dbomsbak
