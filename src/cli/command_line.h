// A command with its options and arguments, parsed by the option table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_table.h"
#include "cli/password_arguments.h"

namespace dbomsbak {

// Decimal digits alone; nothing when there is more, or none, or too many.
std::optional<std::uint64_t> ParseNumber(std::string_view text);
// "96M", "1GiB", "4096": bytes.
std::optional<std::uint64_t> ParseSize(std::string_view text);

// Options are asked for by their id (OptionInfo::id()); an id the command does not have is a fault
// of the program (kInternal). Numbers and sizes are checked when asked for (kUsage).
class CommandLine {
 public:
  // `words`: what stands behind the command. Errors: kUsage, with near names for misspelt options,
  // and the reason for options of mysqldump that cannot be honoured.
  CommandLine(const CommandInfo& command, Words words);

  const CommandInfo& command() const { return command_; }
  const std::vector<std::string>& arguments() const { return arguments_; }
  bool help() const { return Flag("help"); }

  bool Has(std::string_view id) const { return !All(id).empty(); }
  const std::vector<std::string>& All(std::string_view id) const;
  std::optional<std::string> Last(std::string_view id) const;
  // The flag as given, `otherwise` when it was not.
  bool Flag(std::string_view id, bool otherwise = false) const;
  std::optional<std::uint64_t> Number(std::string_view id, std::uint64_t min,
                                      std::uint64_t max) const;
  // As ParseSize.
  std::optional<std::uint64_t> Bytes(std::string_view id) const;

  // Ignored options of mysqldump that were given: "--quick" and why it is pointless.
  struct Ignored {
    std::string_view option;
    std::string_view reason;
  };
  std::vector<Ignored> ignored() const;

 private:
  const OptionInfo& Find(std::string_view id) const;
  void CheckArgumentCount() const;
  void RefuseWhatCannotBeHonoured() const;

  const CommandInfo& command_;
  std::vector<std::string> arguments_;
  std::map<const OptionInfo*, std::vector<std::string>> values_;
};

}  // namespace dbomsbak
