// The one table of commands: help and documents are rendered from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// A bit each, so that sets of commands are an integer.
enum Command : unsigned {
  kCommandDump = 1U << 0,
  kCommandVerify = 1U << 1,
  kCommandInfo = 1U << 2,
  kCommandCat = 1U << 3,
  kCommandCheck = 1U << 4,
  kCommandRestore = 1U << 5,
  kCommandUndo = 1U << 6,
  kCommandPurge = 1U << 7,
  kCommandStatus = 1U << 8,
  kCommandHelp = 1U << 9,
  kCommandDiff = 1U << 10,
  kCommandSnapshot = 1U << 11,
  kCommandList = 1U << 12,
  kCommandPrune = 1U << 13,
  kCommandUpgrade = 1U << 14,
  kCommandUpgradeHaConfig = 1U << 15,
  kCommandUpgradeConnectors = 1U << 16,
};
using CommandSet = unsigned;

struct CommandInfo {
  Command command;
  std::string_view name;       // one word, or two: "upgrade ha-config"
  std::string_view arguments;  // of the usage line: "[DB…]"
  std::size_t min_arguments;
  std::size_t max_arguments;
  std::string_view summary;      // one line
  std::string_view description;  // a paragraph
  std::string_view example;
};

std::span<const CommandInfo> CommandTable();
const CommandInfo* FindCommand(std::string_view name);  // null when there is none
// Whether `name` is `first` and one word more.
bool IsCommandOf(std::string_view first, std::string_view name);
std::string CommandsOf(CommandSet commands);  // "dump, verify"
std::vector<std::string> CommandNames();

}  // namespace dbomsbak
