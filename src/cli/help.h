// Help pages and the tables of the documents, rendered from the tables of commands, options, exit
// codes and JSON fields.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_table.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {

// `columns`: of the terminal that shows the page, which is broken to fit; 0: there is none.
std::string OverviewPage(int columns = 0);
std::string CommandPage(const CommandInfo& command, int columns = 0);
std::string VersionLine();

// `topic`: a command, one of HelpTopics(); empty: the overview.
// Errors: kUsage.
std::string HelpPage(std::string_view topic, int columns = 0);
// Markdown tables for README: "commands", "exit-codes", "options", "json", "events".
// Errors: kUsage.
std::string HelpMarkdown(std::string_view topic);
// "there is no help on 'topic'", with a near one of `known`, or all of them.
Error UnknownTopic(std::string_view topic, const std::vector<std::string>& known);
// What HelpPage knows besides commands.
std::vector<std::string> HelpTopics();

// Words broken into lines of at most `width` columns of text, each behind `indent` blanks.
std::string Wrap(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace dbomsbak
