// Help pages and the tables of the documents, rendered from the tables of commands, options, exit
// codes and JSON fields.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_table.h"

namespace dbomsbak {

std::string OverviewPage();
std::string CommandPage(const CommandInfo& command);
std::string VersionLine();

// `topic`: a command, "exit-codes", "options", "json"; empty: the overview.
// Errors: kUsage.
std::string HelpPage(std::string_view topic);
// Markdown tables for README: "commands", "exit-codes", "options", "json". Errors: kUsage.
std::string HelpMarkdown(std::string_view topic);
// The same as parts of a manual page, in groff's man macros: "commands", "exit-codes", "options"
// (but for those of mysqldump that do nothing), or those of a command but for the connection's.
// Errors: kUsage.
std::string HelpMan(std::string_view topic);

// Words broken into lines of at most `width` bytes of text, each behind `indent` blanks.
std::string Wrap(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace dbomsbak
