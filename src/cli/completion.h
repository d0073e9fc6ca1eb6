// Completions for shells, rendered from the tables of commands and options.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_table.h"
#include "cli/option_table.h"

namespace dbomsbak {

enum class Wanted {
  kNothing,  // there is no value
  kText,     // whatever it is, a shell cannot know it
  kFile,
  kFolder,
  kWord,   // one of `words`
  kWords,  // some of `words`, with commas between
};

struct Completion {
  Wanted wanted = Wanted::kNothing;
  std::vector<std::string> words;
};

// Of an option's value; flags take true and false behind a "=".
Completion CompletionOf(const OptionInfo& option);
// Of a command's arguments.
Completion CompletionOf(const CommandInfo& command);

// What `shell` (bash, zsh or fish) reads. Errors: kUsage.
std::string RenderCompletion(std::string_view shell);

}  // namespace dbomsbak
