#include "cli/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/near_names.h"

namespace dbomsbak {
namespace {

std::string LongName(const OptionInfo& option) { return fmt::format("--{}", option.id()); }

std::string SeeHelp(const CommandInfo& command) {
  return fmt::format("See dbomsbak {} --help.", command.name);
}

std::optional<bool> ParseBool(const std::string& text) {
  const std::string lower = LowerAscii(text);
  if (lower == "true" || lower == "1" || lower == "on" || lower == "yes") return true;
  if (lower == "false" || lower == "0" || lower == "off" || lower == "no") return false;
  return std::nullopt;
}

// "dump, restore": all that have an option of this name; mysqldump's that do nothing are none.
std::string CommandsWith(const std::string& name) {
  CommandSet commands = 0;
  for (const OptionInfo& option : OptionTable()) {
    if (option.group == OptionGroup::kIgnored || option.group == OptionGroup::kRefused) continue;
    for (const std::string_view known : option.AllNames()) {
      if (known == name) commands |= option.commands;
    }
  }
  return CommandsOf(commands);
}

Error UnknownOption(const CommandInfo& command, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  std::vector<std::string> known;
  for (const OptionInfo& option : OptionTable()) {
    if ((option.commands & command.command) == 0 || option.group == OptionGroup::kRefused) continue;
    for (const std::string_view spelling : option.AllNames()) {
      if (spelling.starts_with("--")) known.emplace_back(spelling);
    }
  }
  std::string hint = name.starts_with("--") ? DidYouMean(name, known) : std::string();
  if (const std::string others = CommandsWith(name); !others.empty()) {
    hint = fmt::format("That is an option of {}.", others);
  }
  if (hint.empty()) hint = SeeHelp(command);
  Error error(ErrorCode::kUsage, fmt::format("{} has no option {}", command.name, name),
              std::move(hint));
  error.About(name);
  return error;
}

}  // namespace

CommandLine::CommandLine(const CommandInfo& command, Words words) : command_(command) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();  // unknown options are told in our own words
  std::vector<std::pair<const OptionInfo*, CLI::Option*>> options;
  for (const OptionInfo& option : OptionTable()) {
    if ((option.commands & command.command) == 0) continue;
    if (option.style == OptionStyle::kPassword) continue;  // taken before
    const std::string names(option.names);
    CLI::Option* parsed = option.style == OptionStyle::kValue
                              ? app.add_option(names, CLI::callback_t(), "", false)
                              : app.add_flag(names);
    parsed->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    options.emplace_back(&option, parsed);
  }
  std::reverse(words.words.begin(), words.words.end());
  try {
    app.parse(std::move(words.words));
  } catch (const CLI::ArgumentMismatch& error) {
    const std::string text = error.what();  // "--host: 1 required TEXT missing"
    const std::string name = text.substr(0, text.find(':'));
    throw Error(ErrorCode::kUsage, fmt::format("{} needs a value", name),
                name == "--host" ? fmt::format("-h is --host, as in the mysql client; help is "
                                               "dbomsbak {} --help.",
                                               command.name)
                                 : SeeHelp(command))
        .About(name);
  } catch (const CLI::ParseError& error) {
    throw Error(ErrorCode::kUsage, fmt::format("{}: {}", command.name, error.what()),
                SeeHelp(command));
  }
  // Not positionals of CLI11: it would read a database called "[a,b]" as a list.
  for (std::string& extra : app.remaining()) {
    if (extra.size() > 1 && extra[0] == '-') throw UnknownOption(command, extra);
    arguments_.push_back(std::move(extra));
  }
  arguments_.insert(arguments_.end(), std::make_move_iterator(words.operands.begin()),
                    std::make_move_iterator(words.operands.end()));
  for (const auto& [option, parsed] : options) {
    if (parsed->count() > 0) values_.emplace(option, parsed->results());
  }
  if (help()) return;
  RefuseWhatCannotBeHonoured();
  CheckArgumentCount();
}

void CommandLine::RefuseWhatCannotBeHonoured() const {
  for (const auto& [option, values] : values_) {
    if (option->group == OptionGroup::kIgnored && option->style == OptionStyle::kFlag) {
      // --NAME=false is --skip-NAME, and is refused where that is.
      const OptionInfo* const skip =
          FindOption(command_.command, fmt::format("--skip-{}", option->id()));
      if (skip == nullptr || skip->group != OptionGroup::kRefused) continue;
      if (Flag(option->id(), true)) continue;
      const std::string spelling = LongName(*option) + "=false";
      throw Error(ErrorCode::kUsage,
                  fmt::format("mysqldump's option {} cannot be honoured: {}", spelling, skip->help),
                  fmt::format("Leave it away. See dbomsbak {} --help.", command_.name))
          .About(spelling);
    }
    if (option->group != OptionGroup::kRefused) continue;
    std::string spelling = LongName(*option);
    if (option->id().size() == 1) spelling.erase(0, 1);
    Error error(ErrorCode::kUsage,
                fmt::format("mysqldump's option {} cannot be honoured: {}", spelling, option->help),
                fmt::format("Leave {} away. See dbomsbak {} --help.", spelling, command_.name));
    error.About(spelling);
    throw error;
  }
}

void CommandLine::CheckArgumentCount() const {
  if (arguments_.size() < command_.min_arguments) {
    throw Error(ErrorCode::kUsage, fmt::format("{} needs {}", command_.name, command_.arguments),
                fmt::format("For example: {}", command_.example));
  }
  if (arguments_.size() > command_.max_arguments) {
    Error error(ErrorCode::kUsage,
                fmt::format("{} does not take a further argument '{}'", command_.name,
                            arguments_[command_.max_arguments]),
                SeeHelp(command_));
    error.About(arguments_[command_.max_arguments]);
    throw error;
  }
}

const OptionInfo& CommandLine::Find(std::string_view id) const {
  for (const OptionInfo& option : OptionTable()) {
    if ((option.commands & command_.command) != 0 && option.id() == id) return option;
  }
  throw Error(ErrorCode::kInternal,
              fmt::format("{} is asked for an option '{}' it does not have", command_.name, id));
}

const std::vector<std::string>& CommandLine::All(std::string_view id) const {
  static const std::vector<std::string> kNone;
  const auto found = values_.find(&Find(id));
  return found == values_.end() ? kNone : found->second;
}

std::optional<std::string> CommandLine::Last(std::string_view id) const {
  const std::vector<std::string>& all = All(id);
  if (all.empty()) return std::nullopt;
  return all.back();
}

bool CommandLine::Flag(std::string_view id, bool otherwise) const {
  const std::optional<std::string> value = Last(id);
  if (!value) return otherwise;
  const std::optional<bool> flag = ParseBool(*value);
  if (flag) return *flag;
  throw Error(ErrorCode::kUsage, fmt::format("--{} is on or off, not '{}'", id, *value),
              fmt::format("Write --{} or --{}=false.", id, id));
}

std::optional<std::uint64_t> CommandLine::Number(std::string_view id, std::uint64_t min,
                                                 std::uint64_t max) const {
  const std::optional<std::string> value = Last(id);
  if (!value) return std::nullopt;
  const std::optional<std::uint64_t> number = ParseNumber(*value);
  if (number && *number >= min && *number <= max) return number;
  throw Error(ErrorCode::kUsage,
              fmt::format("--{} wants a number from {} to {}, not '{}'", id, min, max, *value),
              SeeHelp(command_));
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> ParseSize(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::uint64_t> number = ParseNumber(text.substr(0, digits));
  std::string unit;
  for (const char c : text.substr(digits)) {
    unit += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (unit.ends_with("IB")) {
    unit.resize(unit.size() - 2);
  } else if (unit.ends_with("B")) {
    unit.resize(unit.size() - 1);
  }
  constexpr std::string_view kUnits = "KMGT";
  const std::size_t power = unit.empty() ? 0 : kUnits.find(unit) + 1;
  const bool known = unit.empty() || (unit.size() == 1 && power > 0);
  if (!number || !known || *number > (std::uint64_t{1} << 60) >> (10 * power)) return std::nullopt;
  return *number << (10 * power);
}

std::optional<std::uint64_t> CommandLine::Bytes(std::string_view id) const {
  const std::optional<std::string> value = Last(id);
  if (!value) return std::nullopt;
  if (const auto bytes = ParseSize(*value)) return bytes;
  throw Error(ErrorCode::kUsage,
              fmt::format("--{} wants a size such as 96M or 1G, not '{}'", id, *value),
              SeeHelp(command_));
}

std::vector<CommandLine::Ignored> CommandLine::ignored() const {
  std::vector<Ignored> result;
  for (const OptionInfo& option : OptionTable()) {
    if (option.group != OptionGroup::kIgnored || !values_.contains(&option)) continue;
    const std::vector<std::string_view> names = option.AllNames();
    const auto long_name = std::find_if(
        names.begin(), names.end(), [](std::string_view name) { return name.starts_with("--"); });
    result.push_back({long_name == names.end() ? names.front() : *long_name, option.help});
  }
  return result;
}

}  // namespace dbomsbak
