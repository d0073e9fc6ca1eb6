#include "cli/man_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/help.h"
#include "cli/json_table.h"
#include "cli/option_table.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

// A text for groff: what stands there is printed, signs of the command line as they are typed.
std::string Roff(std::string_view text) {
  constexpr std::string_view kDots = "…";  // the one sign that is not ASCII
  std::string roff;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (text.substr(at).starts_with(kDots)) {
      roff += "...";
      at += kDots.size() - 1;
    } else if (c == '\\') {
      roff += "\\e";
    } else if (c == '-') {
      roff += "\\-";
    } else if (c == '\'') {
      roff += "\\(aq";
    } else {
      if (c == '.' && roff.empty()) roff += "\\&";
      roff += c;
    }
  }
  return roff;
}

std::string ManOptions(const std::vector<const OptionInfo*>& options, bool with_commands) {
  std::string text;
  for (const OptionInfo* option : options) {
    text +=
        fmt::format(".TP\n.B {}\n{}{}\n", Roff(Spelling(*option)), Roff(option->help),
                    with_commands ? Roff(fmt::format(" ({})", CommandsOf(option->commands))) : "");
  }
  return text;
}

std::string Heading(std::string_view title) { return fmt::format(".SH {}\n", title); }

// "dbomsbak-dump", or "dbomsbak" for no command.
std::string PageName(std::string_view command) {
  return command.empty() ? "dbomsbak" : fmt::format("dbomsbak-{}", command);
}

// Those of a command that have this field: "restore", "restore --abort".
std::string AnswersOf(const CommandInfo& command, const JsonField& field) {
  std::vector<std::string> answers;
  for (std::string& answer : JsonAnswersOf(field.commands)) {
    const bool is_part = IsCommandOf(command.name, answer) && FindCommand(answer) == nullptr;
    if (answer == command.name) return answer;
    if (is_part) answers.push_back(std::move(answer));
  }
  return fmt::format("{}", fmt::join(answers, ", "));
}

std::string ManJson(const CommandInfo& command) {
  std::string text;
  for (const JsonField& field : JsonFieldTable()) {
    const std::string answers = AnswersOf(command, field);
    if (answers.empty()) continue;
    text += fmt::format(".TP\n.BR {} \" ({}{})\"\n{}\n", Roff(field.path), Roff(field.type),
                        answers == command.name ? "" : "; " + Roff(answers),
                        field.meaning.empty() ? "\\&" : Roff(field.meaning));
  }
  return text;
}

// The pages that one about `command` leads to.
std::string SeeAlso(const CommandInfo& command) {
  std::vector<std::string> pages{PageName("")};
  for (const CommandInfo& info : CommandTable()) {
    const bool of_two_words = info.name.find(' ') != std::string_view::npos;
    if (&info != &command && !of_two_words) pages.push_back(PageName(info.name));
  }
  std::string text = Heading("SEE ALSO");
  for (std::size_t i = 0; i < pages.size(); ++i) {
    text += fmt::format(".BR {} (1){}\n", Roff(pages[i]), i + 1 < pages.size() ? "," : "");
  }
  return text;
}

}  // namespace

std::string HelpMan(std::string_view topic) {
  constexpr std::string_view kJsonOf = "json ";
  std::string text;
  if (topic == "commands") {
    for (const CommandInfo& info : CommandTable()) {
      text += fmt::format(".TP\n.B {}{}{}\n{}\n.br\n{}\n", Roff(info.name),
                          info.arguments.empty() ? "" : " ", Roff(info.arguments),
                          Roff(info.summary), Roff(info.description));
    }
  } else if (topic == "exit-codes") {
    for (const ExitCodeInfo& info : ExitCodeTable()) {
      text += fmt::format(".TP\n.B {} {}\n{}\n", static_cast<int>(info.code), Roff(info.name),
                          Roff(info.meaning));
    }
  } else if (topic == "options") {
    for (const OptionGroup group : {OptionGroup::kOutput, OptionGroup::kContent, OptionGroup::kRun,
                                    OptionGroup::kReport, OptionGroup::kConnection}) {
      text += fmt::format(".SS {}\n{}", Title(group), ManOptions(OptionsOf(~0U, group), true));
    }
  } else if (topic.starts_with(kJsonOf)) {
    const CommandInfo* const command = FindCommand(topic.substr(kJsonOf.size()));
    if (command == nullptr) throw UnknownTopic(topic.substr(kJsonOf.size()), CommandNames());
    return ManJson(*command);
  } else if (const CommandInfo* const command = FindCommand(topic)) {
    for (const OptionGroup group : OwnOptionGroups()) {
      text += ManOptions(OptionsOf(command->command, group), false);
    }
  } else {
    throw UnknownTopic(topic, {"commands", "exit-codes", "options"});
  }
  return text;
}

std::string ManPage(const CommandInfo& command) {
  if (const std::size_t blank = command.name.find(' '); blank != std::string_view::npos) {
    return fmt::format(".so man1/{}.1\n", PageName(command.name.substr(0, blank)));
  }
  const std::string name = PageName(command.name);
  std::string upper = name;
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  std::string text = fmt::format(
      ".\\\" Rendered by the program: tests/checks/documents_test.py --update\n"
      ".TH {} 1 \"\" \"dbomsbak " DBOMSBAK_VERSION "\" \"User Commands\"\n",
      Roff(upper));
  text += Heading("NAME") + fmt::format("{} \\- {}\n", Roff(name), Roff(command.summary));
  text +=
      Heading("SYNOPSIS") +
      fmt::format(".B dbomsbak {}\n.RI [ options ]\n{}", Roff(command.name),
                  command.arguments.empty() ? "" : fmt::format(".I {}\n", Roff(command.arguments)));
  text += Heading("DESCRIPTION") + Roff(command.description) + "\n" + Heading("OPTIONS");
  for (const OptionGroup group :
       {OptionGroup::kOutput, OptionGroup::kContent, OptionGroup::kRun, OptionGroup::kReport,
        OptionGroup::kConnection, OptionGroup::kIgnored, OptionGroup::kRefused}) {
    const auto options = OptionsOf(command.command, group);
    if (options.empty()) continue;
    text += fmt::format(".SS {}\n", Title(group));
    if (group == OptionGroup::kConnection) {
      text +=
          "Those of the mysql client; option files are read, their groups [client] and "
          "[dbomsbak].\n";
    }
    text += ManOptions(options, false);
  }
  if (const std::string fields = ManJson(command); !fields.empty()) {
    text += Heading("JSON") +
            "With\n.B \\-\\-json\nstandard output is one object with these fields, of which those "
            "before a ? may be missing; an error that ends the command is one with the first five "
            "alone.\n" +
            fields;
  }
  text += Heading("EXIT STATUS") +
          "0 when all is well; the others are listed in\n.BR dbomsbak (1)\nand by\n.BR \"dbomsbak "
          "help exit\\-codes\" .\n";
  text += Heading("EXAMPLE") + fmt::format(".nf\n.RS\n{}\n.RE\n.fi\n", Roff(command.example));
  return text + SeeAlso(command);
}

}  // namespace dbomsbak
