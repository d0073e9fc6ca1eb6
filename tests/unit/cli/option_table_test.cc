#include "cli/option_table.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace dbomsbak {
namespace {

TEST(OptionTableTest, NoCommandHasTwoOptionsOfOneName) {
  for (const CommandInfo& command : CommandTable()) {
    std::map<std::string_view, int> seen;
    std::set<std::string_view> ids;
    for (const OptionInfo& option : OptionTable()) {
      if ((option.commands & command.command) == 0) continue;
      EXPECT_TRUE(ids.insert(option.id()).second) << command.name << " --" << option.id();
      for (const std::string_view name : option.AllNames()) {
        EXPECT_EQ(++seen[name], 1) << command.name << " has two options " << name;
      }
    }
  }
}

TEST(OptionTableTest, EveryOptionIsExplainedAndBelongsToACommand) {
  for (const OptionInfo& option : OptionTable()) {
    EXPECT_FALSE(option.help.empty()) << option.names;
    EXPECT_NE(option.commands, 0U) << option.names;
    EXPECT_EQ(option.style == OptionStyle::kFlag, option.value.empty()) << option.names;
    EXPECT_NE(option.help.back(), '.') << option.names;
  }
}

TEST(OptionTableTest, NamesAreWrittenAsOnTheCommandLine) {
  for (const OptionInfo& option : OptionTable()) {
    for (const std::string_view name : option.AllNames()) {
      const bool is_long = name.starts_with("--") && name.size() > 3;
      const bool is_short = name.size() == 2 && name[0] == '-' && name[1] != '-';
      EXPECT_TRUE(is_long || is_short) << name;
      EXPECT_EQ(name.find('_'), std::string_view::npos) << name;
    }
  }
}

TEST(OptionTableTest, ConnectionOptionsAreThoseOfTheMysqlClient) {
  for (const std::string_view name : {"-h",
                                      "--host",
                                      "-P",
                                      "--port",
                                      "-u",
                                      "--user",
                                      "-p",
                                      "--password",
                                      "-S",
                                      "--socket",
                                      "--protocol",
                                      "--defaults-file",
                                      "--defaults-extra-file",
                                      "--defaults-group-suffix",
                                      "--ssl-mode",
                                      "--ssl-ca",
                                      "--ssl-cert",
                                      "--ssl-key",
                                      "--connect-timeout",
                                      "--password-file"}) {
    for (const CommandSet command : {kCommandDump, kCommandCheck, kCommandRestore, kCommandUndo,
                                     kCommandPurge, kCommandStatus, kCommandDiff}) {
      const OptionInfo* option = FindOption(command, name);
      ASSERT_NE(option, nullptr) << name;
      EXPECT_EQ(option->group, OptionGroup::kConnection) << name;
    }
    EXPECT_EQ(FindOption(kCommandVerify, name), nullptr) << name;
  }
}

TEST(OptionTableTest, EveryCommandAnswersInJson) {
  for (const CommandInfo& command : CommandTable()) {
    EXPECT_NE(FindOption(command.command, "--json"), nullptr) << command.name;
    EXPECT_NE(FindOption(command.command, "--help"), nullptr) << command.name;
  }
}

}  // namespace
}  // namespace dbomsbak
