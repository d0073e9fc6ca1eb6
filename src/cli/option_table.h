// The one table of options: the parser, help and documents are made from it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_table.h"

namespace dbomsbak {

enum class OptionStyle {
  kFlag,           // --x, also --x=false
  kValue,          // --x V or --x=V
  kOptionalValue,  // --x or --x=V
  kPassword,       // -p, -pV, --password, --password=V: taken from argv before all else
};

enum class OptionGroup {
  kOutput,
  kContent,
  kRun,
  kReport,
  kConnection,
  kIgnored,  // of mysqldump: understood and pointless here; `help` tells why
  kRefused,  // of mysqldump: cannot be honoured; `help` tells why
};

struct OptionInfo {
  std::string_view names;  // comma separated, short ones first; "!--skip-x" negates
  std::string_view value;  // what the value is called; empty for flags
  OptionStyle style;
  OptionGroup group;
  CommandSet commands;
  std::string_view help;  // one line; for kIgnored and kRefused the reason

  std::vector<std::string_view> AllNames() const;  // without the "!"
  std::string_view id() const;                     // the first long name without its dashes
};

std::span<const OptionInfo> OptionTable();
std::string_view Title(OptionGroup group);
// Told one by one on a command's page. The others are the mysql client's or mysqldump's: names do.
std::span<const OptionGroup> OwnOptionGroups();
// "-o, --output FILE", "--progress[=json|bar|none]".
std::string Spelling(const OptionInfo& option);
// Those of `group` that one of `commands` has, in order.
std::vector<const OptionInfo*> OptionsOf(CommandSet commands, OptionGroup group);
// What `upgrade --confirm` can say is done.
std::span<const std::string_view> OperatorSteps();

// By any of its names with dashes ("-h", "--host"), the first that one of `commands` has; null when
// none has it.
const OptionInfo* FindOption(CommandSet commands, std::string_view name);

}  // namespace dbomsbak
