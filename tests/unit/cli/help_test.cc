#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "cli/characters.h"
#include "cli/json_table.h"
#include "cli/man_page.h"
#include "cli/option_table.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using testing::HasSubstr;

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(HelpTest, EachPageFitsTwoScreensAndEndsWithAnExample) {
  std::vector<std::string> pages{OverviewPage()};
  for (const CommandInfo& command : CommandTable()) pages.push_back(CommandPage(command));
  for (const std::string& page : pages) {
    const auto lines = Lines(page);
    EXPECT_LE(lines.size(), 90U) << page;
    for (const std::string& line : lines) EXPECT_LE(line.size(), 110U) << line;
    EXPECT_TRUE(lines.back().starts_with("  dbomsbak ")) << page;
  }
}

// Words that are longer than a line, and examples, stay in one piece.
TEST(HelpTest, PagesFitTheTerminal) {
  std::vector<std::string> topics = HelpTopics();
  topics.emplace_back();
  for (const CommandInfo& command : CommandTable()) topics.emplace_back(command.name);
  for (const int columns : {98, 80, 60}) {
    for (const std::string& topic : topics) {
      for (const std::string& line : Lines(HelpPage(topic, columns))) {
        if (line.starts_with("Example")) break;
        const bool is_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
        EXPECT_TRUE(is_word || CountColumns(line) <= static_cast<std::size_t>(columns))
            << topic << ": " << line;
      }
    }
  }
  const std::string page = HelpPage("exit-codes", 60);
  EXPECT_THAT(page, HasSubstr("\n    0  ok              "));
  EXPECT_THAT(page, HasSubstr("\n                        "));  // the rest of a meaning, below it
}

TEST(HelpTest, WithoutATerminalPagesHaveTheirUsualWidth) {
  EXPECT_EQ(HelpPage("exit-codes", 0), HelpPage("exit-codes", 200));
  EXPECT_NE(HelpPage("exit-codes", 0), HelpPage("exit-codes", 60));
  EXPECT_FALSE(HelpPage("exit-codes", 1).empty());
}

TEST(HelpTest, EveryOptionOfACommandIsOnItsPage) {
  for (const CommandInfo& command : CommandTable()) {
    const std::string page = CommandPage(command);
    for (const OptionInfo& option : OptionTable()) {
      if ((option.commands & command.command) == 0) continue;
      EXPECT_THAT(page, HasSubstr(std::string(option.id()))) << command.name;
    }
  }
}

TEST(HelpTest, OverviewNamesEveryCommand) {
  for (const CommandInfo& command : CommandTable()) {
    EXPECT_THAT(OverviewPage(), HasSubstr("\n  " + std::string(command.name) + " "));
  }
}

TEST(HelpTest, CommandsOfTwoWordsHaveTheirOwnPage) {
  for (const CommandInfo& command : CommandTable()) {
    EXPECT_EQ(FindCommand(command.name), &command);
    EXPECT_EQ(HelpPage(command.name), CommandPage(command));
    const std::string_view first = command.name.substr(0, command.name.find(' '));
    EXPECT_EQ(IsCommandOf(first, command.name), first != command.name);
    const CommandInfo* const above = FindCommand(first);
    if (above == nullptr || above == &command) continue;
    EXPECT_THAT(CommandPage(*above), HasSubstr("\n  " + std::string(command.name) + " "));
  }
}

TEST(HelpTest, ExitCodesAreAllThere) {
  const std::string page = HelpPage("exit-codes");
  const std::string markdown = HelpMarkdown("exit-codes");
  for (const ExitCodeInfo& info : ExitCodeTable()) {
    const std::string number = std::to_string(static_cast<int>(info.code));
    EXPECT_THAT(page, HasSubstr(number + "  " + std::string(info.name)));
    EXPECT_THAT(markdown, HasSubstr("| " + number + " | " + std::string(info.name) + " | "));
  }
}

// Bars that separate cells; an escaped one belongs to a cell.
int BarsOf(const std::string& line) {
  int bars = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) ++bars;
  }
  return bars;
}

TEST(HelpTest, MarkdownTablesHaveTheSameCellsInEachRow) {
  for (const char* topic : {"commands", "exit-codes", "options", "json", "events"}) {
    int bars_above = 0;
    for (const std::string& line : Lines(HelpMarkdown(topic))) {
      const int bars = BarsOf(line);
      if (bars > 0 && bars_above > 0) {
        EXPECT_EQ(bars, bars_above) << line;
      }
      bars_above = bars;
    }
  }
}

TEST(HelpTest, UnknownTopicsSuggestNearOnes) {
  try {
    HelpPage("exitcodes");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.hint(), HasSubstr("'exit-codes'"));
  }
}

TEST(HelpTest, TopicsAreListedAndEachHasAPage) {
  const std::string page = HelpPage("topics");
  for (const std::string& topic : HelpTopics()) {
    EXPECT_THAT(page, HasSubstr("\n  " + topic + " "));
    EXPECT_FALSE(HelpPage(topic).empty());
  }
  for (const CommandInfo& command : CommandTable()) {
    EXPECT_THAT(page, HasSubstr("\n  " + std::string(command.name) + " "));
  }
}

TEST(HelpTest, PartsOfACommandHaveItsPage) {
  EXPECT_EQ(HelpPage("upgrade check"), HelpPage("upgrade"));
  EXPECT_THROW(HelpPage("upgrade chck"), Error);
  EXPECT_THROW(HelpPage("dump x"), Error);
}

TEST(HelpTest, EachCommandHasAManualPageWithItsOptions) {
  for (const CommandInfo& command : CommandTable()) {
    const std::string page = ManPage(command);
    if (command.name.find(' ') != std::string_view::npos) {
      EXPECT_EQ(page, ".so man1/dbomsbak-upgrade.1\n");
      continue;
    }
    EXPECT_THAT(page, HasSubstr("dbomsbak\\-" + std::string(command.name) + " \\- "));
    EXPECT_EQ(page.find("\n\n"), std::string::npos);  // groff would print an empty line
    for (const OptionInfo& option : OptionTable()) {
      if ((option.commands & command.command) == 0) continue;
      std::string id(option.id());
      for (std::size_t at = 0; (at = id.find('-', at)) != std::string::npos; at += 2) {
        id.insert(at, 1, '\\');
      }
      EXPECT_THAT(page, HasSubstr("\\-" + id)) << command.name;
    }
  }
}

TEST(HelpTest, WrapKeepsEveryWord) {
  EXPECT_EQ(Wrap("one two three", 2, 7), "  one two\n  three\n");
  EXPECT_EQ(Wrap("unbreakable", 0, 3), "unbreakable\n");
}

}  // namespace
}  // namespace dbomsbak
