#include "cli/help.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/json_table.h"
#include "cli/option_table.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/near_names.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMostColumns = 98;  // of a page: longer lines are hard to read
constexpr std::size_t kLeastColumns = 20;
constexpr std::size_t kOptionColumn = 30;

std::size_t WidthOf(int terminal_columns) {
  if (terminal_columns <= 0) return kMostColumns;
  return std::clamp(static_cast<std::size_t>(terminal_columns), kLeastColumns, kMostColumns);
}

// Columns a UTF-8 text takes; "…" is one.
std::size_t Columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Padded(std::string_view text, std::size_t columns) {
  std::string padded(text);
  const std::size_t used = Columns(text);
  if (used < columns) padded.append(columns - used, ' ');
  return padded;
}

// What is named, and from `column` on what it is: below the name where that is too long. In a
// narrow page the text begins further left.
std::string Entry(std::string_view name, std::size_t column, std::string_view text,
                  std::size_t width) {
  column = std::min(column, width * 9 / 20);
  const std::string wrapped = Wrap(text, column, width - column);
  if (Columns(name) > width) return Wrap(name, 2, width - 2) + wrapped;
  if (Columns(name) + 2 > column) return fmt::format("{}\n{}", name, wrapped);
  return Padded(name, column) + wrapped.substr(column);
}

std::string OptionEntry(const OptionInfo& option, std::size_t width) {
  return Entry("  " + Spelling(option), kOptionColumn, option.help, width);
}

std::string NamesOf(const std::vector<const OptionInfo*>& options) {
  std::string text;
  for (const OptionInfo* option : options) {
    if (!text.empty()) text += ' ';
    const std::string_view first = option->names.substr(0, 2);
    if (option->group == OptionGroup::kConnection && first != "--") {
      text += fmt::format("{}/", first);  // the short ones are what people type
    }
    const bool is_long = option->names.find("--") != std::string_view::npos;
    text += fmt::format("{}{}", is_long ? "--" : "-", option->id());
  }
  return text;
}

std::string NameEntry(std::string_view name, std::string_view summary, std::size_t width) {
  constexpr std::size_t kColumn = 22;
  return Entry(fmt::format("  {}", name), kColumn, summary, width);
}

std::string CommandEntry(const CommandInfo& info, std::size_t width) {
  return NameEntry(info.name, info.summary, width);
}

std::string ExitCodesPage(std::size_t width) {
  constexpr std::size_t kColumn = 26;
  std::string text = "Exit codes\n\n";
  for (const ExitCodeInfo& info : ExitCodeTable()) {
    text += Entry(fmt::format("  {:>3}  {}", static_cast<int>(info.code), info.name), kColumn,
                  info.meaning, width);
  }
  return text + "\n" +
         Wrap(
             "Verify of several files ends with the worst of their codes. A code that is not in "
             "this table means failure.",
             0, width);
}

std::string OptionsPage(std::size_t width) {
  std::string text;
  for (const OptionGroup group :
       {OptionGroup::kOutput, OptionGroup::kContent, OptionGroup::kRun, OptionGroup::kReport,
        OptionGroup::kConnection, OptionGroup::kIgnored, OptionGroup::kRefused}) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", Title(group));
    for (const OptionInfo* option : OptionsOf(~0U, group)) text += OptionEntry(*option, width);
  }
  return text;
}

std::string JsonPage(std::size_t width) {
  const auto field = [&](const std::string& name, std::string_view meaning) {
    return "\n" + Wrap(name, 2, width - 2) +
           (meaning.empty() ? std::string() : Wrap(meaning, 6, width - 6));
  };
  std::string text = Wrap(
      "Fields of the object that --json writes to standard output. What ? stands behind may "
      "be missing. An error that ends a command is such an object, too, with the first five "
      "alone.",
      0, width);
  for (const JsonField& one : JsonFieldTable()) {
    text += field(fmt::format("{} ({}; {})", one.path, one.type,
                              fmt::join(JsonAnswersOf(one.commands), ", ")),
                  one.meaning);
  }
  text += "\n" + Wrap(
                     "Members of the events, one a line of standard error, that --progress=json "
                     "writes. Lines that do not begin with { are for people.",
                     0, width);
  for (const JsonEventField& one : JsonEventTable()) {
    text += field(fmt::format("{} ({}; {})", one.name, one.type, one.events), one.meaning);
  }
  return text;
}

std::string TopicsPage(std::size_t width);

struct Topic {
  std::string_view name;
  std::string_view summary;
  std::string (*page)(std::size_t width);
};

constexpr Topic kTopics[] = {
    {"exit-codes", "what the program ends with, and what that means", ExitCodesPage},
    {"options", "every option of every command, and what of mysqldump's is ignored or refused",
     OptionsPage},
    {"json", "the fields that --json writes", JsonPage},
    {"topics", "this page", TopicsPage},
};

std::string TopicsPage(std::size_t width) {
  std::string text = "dbomsbak help TOPIC\n\nTopics\n";
  for (const Topic& topic : kTopics) text += NameEntry(topic.name, topic.summary, width);
  text += "\nCommands\n";
  for (const CommandInfo& info : CommandTable()) text += CommandEntry(info, width);
  return text;
}

// A text within a Markdown table cell.
std::string TableCell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

// "upgrade" of "upgrade check"; null when there is no such part of a command.
const CommandInfo* CommandOfPart(std::string_view topic) {
  const std::size_t blank = topic.find(' ');
  if (blank == std::string_view::npos) return nullptr;
  const CommandInfo* const command = FindCommand(topic.substr(0, blank));
  if (command == nullptr || command->arguments.find('|') == std::string_view::npos) return nullptr;
  const std::string parts = fmt::format("|{}|", command->arguments);
  const bool known = parts.find(fmt::format("|{}|", topic.substr(blank + 1))) != std::string::npos;
  return known ? command : nullptr;
}

}  // namespace

std::string Wrap(std::string_view text, std::size_t indent, std::size_t width) {
  std::string result;
  std::string line;
  const auto flush = [&] {
    result += std::string(indent, ' ') + line + "\n";
    line.clear();
  };
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    if (!line.empty() && Columns(line) + 1 + Columns(word) > width) flush();
    if (!line.empty()) line += ' ';
    line += word;
    at = end + 1;
  }
  flush();
  return result;
}

std::string VersionLine() { return "dbomsbak " DBOMSBAK_VERSION "\n"; }

std::string OverviewPage(int columns) {
  const std::size_t width = WidthOf(columns);
  std::string text =
      Wrap(
          "dbomsbak: consistent backup and exact rollback of databases that speak the MySQL "
          "protocol",
          0, width) +
      "\nUsage: dbomsbak COMMAND [options] [arguments]\n\nCommands\n";
  for (const CommandInfo& info : CommandTable()) text += CommandEntry(info, width);
  // Examples stay in one piece, to be copied.
  return text + "\n" +
         Wrap(
             "Connection options are the mysql client's. Each command answers --help; see also "
             "dbomsbak help exit-codes, help topics, and dbomsbak --version.",
             0, width) +
         "\nExample: back up before an upgrade, and roll back\n"
         "  dbomsbak dump -h 10.0.0.5 -u root -p drc_rm_db drc_cm_db -o oms.sql.zst\n"
         "  dbomsbak restore oms.sql.zst -h 10.0.0.5 -u root -p\n";
}

std::string CommandPage(const CommandInfo& command, int columns) {
  const std::size_t width = WidthOf(columns);
  std::string text = Wrap(fmt::format("dbomsbak {}: {}", command.name, command.summary), 0, width) +
                     "\n" +
                     Wrap(fmt::format("Usage: dbomsbak {} [options]{}{}", command.name,
                                      command.arguments.empty() ? "" : " ", command.arguments),
                          0, width) +
                     "\n" + Wrap(command.description, 0, width);
  std::string more;
  for (const CommandInfo& info : CommandTable()) {
    if (IsCommandOf(command.name, info.name)) more += CommandEntry(info, width);
  }
  if (!more.empty()) text += "\nBesides\n" + more;
  for (const OptionGroup group : OwnOptionGroups()) {
    const auto options = OptionsOf(command.command, group);
    if (options.empty()) continue;
    text += fmt::format("\n{}\n", Title(group));
    for (const OptionInfo* option : options) text += OptionEntry(*option, width);
  }
  for (const OptionGroup group :
       {OptionGroup::kConnection, OptionGroup::kIgnored, OptionGroup::kRefused}) {
    const auto options = OptionsOf(command.command, group);
    if (options.empty()) continue;
    text += "\n" + Wrap(fmt::format("{} (more: dbomsbak help options)", Title(group)), 0, width);
    text += Wrap(NamesOf(options), 2, width - 2);
  }
  return text +
         fmt::format("\nExit codes: dbomsbak help exit-codes\n\nExample\n  {}\n", command.example);
}

Error UnknownTopic(std::string_view topic, const std::vector<std::string>& known) {
  std::string hint = DidYouMean(topic, known);
  if (hint.empty()) {
    hint = fmt::format("Topics are {}.", fmt::join(known, ", "));
  }
  return Error(ErrorCode::kUsage, fmt::format("there is no help on '{}'", topic), std::move(hint));
}

std::vector<std::string> HelpTopics() {
  std::vector<std::string> names;
  for (const Topic& topic : kTopics) names.emplace_back(topic.name);
  return names;
}

std::string HelpPage(std::string_view topic, int columns) {
  if (topic.empty()) return OverviewPage(columns);
  for (const Topic& known : kTopics) {
    if (topic == known.name) return known.page(WidthOf(columns));
  }
  if (const CommandInfo* command = FindCommand(topic)) return CommandPage(*command, columns);
  if (const CommandInfo* command = CommandOfPart(topic)) return CommandPage(*command, columns);
  std::vector<std::string> known = CommandNames();
  const std::vector<std::string> topics = HelpTopics();
  known.insert(known.end(), topics.begin(), topics.end());
  throw UnknownTopic(topic, known);
}

std::string HelpMarkdown(std::string_view topic) {
  std::string text;
  if (topic == "commands") {
    text = "| command | does |\n|---|---|\n";
    for (const CommandInfo& info : CommandTable()) {
      text += fmt::format("| `{}{}{}` | {} |\n", info.name, info.arguments.empty() ? "" : " ",
                          TableCell(info.arguments), TableCell(info.summary));
    }
  } else if (topic == "exit-codes") {
    text = "| code | name | meaning |\n|---:|---|---|\n";
    for (const ExitCodeInfo& info : ExitCodeTable()) {
      text += fmt::format("| {} | {} | {} |\n", static_cast<int>(info.code), info.name,
                          TableCell(info.meaning));
    }
  } else if (topic == "options") {
    for (const OptionGroup group :
         {OptionGroup::kOutput, OptionGroup::kContent, OptionGroup::kRun, OptionGroup::kReport,
          OptionGroup::kConnection, OptionGroup::kIgnored, OptionGroup::kRefused}) {
      const bool of_mysqldump = group == OptionGroup::kIgnored || group == OptionGroup::kRefused;
      text += fmt::format("{}**{}**\n\n| option | commands | {} |\n|---|---|---|\n",
                          text.empty() ? "" : "\n", Title(group), of_mysqldump ? "why" : "meaning");
      for (const OptionInfo* option : OptionsOf(~0U, group)) {
        text += fmt::format("| `{}` | {} | {} |\n", TableCell(Spelling(*option)),
                            CommandsOf(option->commands), TableCell(option->help));
      }
    }
  } else if (topic == "json") {
    text = "| field | type | commands | meaning |\n|---|---|---|---|\n";
    for (const JsonField& field : JsonFieldTable()) {
      text += fmt::format("| `{}` | {} | {} | {} |\n", field.path, field.type,
                          fmt::join(JsonAnswersOf(field.commands), ", "), TableCell(field.meaning));
    }
  } else if (topic == "events") {
    text = "| member | type | events | meaning |\n|---|---|---|---|\n";
    for (const JsonEventField& field : JsonEventTable()) {
      text += fmt::format("| `{}` | {} | {} | {} |\n", field.name, field.type, field.events,
                          TableCell(field.meaning));
    }
  } else {
    throw UnknownTopic(topic, {"commands", "exit-codes", "options", "json", "events"});
  }
  return text;
}

}  // namespace dbomsbak
