#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "cli/help.h"
#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using testing::Contains;
using testing::ElementsAre;

// A new name of a value is to be thought about: is it a file?
TEST(CompletionTest, ValuesThatNothingCompletesAreKnown) {
  const std::set<std::string_view> known{
      "NAME",    "LEVEL",   "RECIPIENT", "DB.TABLE", "DB.TABLE,…", "DB[.TABLE],…",
      "OLD=NEW", "N",       "HOST",      "PORT",     "USER",       "SECRET",
      "SECONDS", "TEXT",    "SIZE",      "COND",     "AGE",        "DIGEST",
      "LIMIT",   "IP",      "IMAGE",     "OLD",      "NEW",        "VERSION",
      "MINUTES", "COMMAND", "DB",        "V",        "TIME",       "URL"};
  for (const OptionInfo& option : OptionTable()) {
    if (CompletionOf(option).wanted != Wanted::kText) continue;
    EXPECT_THAT(known, Contains(option.value)) << option.names;
  }
}

TEST(CompletionTest, WordsAreThoseOfTheTable) {
  const Completion format = CompletionOf(*FindOption(kCommandDump, "--format"));
  EXPECT_EQ(format.wanted, Wanted::kWord);
  EXPECT_THAT(format.words, ElementsAre("sql", "archive"));
  EXPECT_THAT(CompletionOf(*FindOption(kCommandRestore, "--confirm")).words, ElementsAre("ha-off"));
  const Completion steps = CompletionOf(*FindOption(kCommandUpgrade, "--confirm"));
  EXPECT_EQ(steps.wanted, Wanted::kWords);
  EXPECT_THAT(steps.words, Contains("ha-off-rollback"));
}

TEST(CompletionTest, ArgumentsAreFilesFoldersOrWords) {
  EXPECT_EQ(CompletionOf(*FindCommand("verify")).wanted, Wanted::kFile);
  EXPECT_EQ(CompletionOf(*FindCommand("check")).wanted, Wanted::kFile);
  EXPECT_EQ(CompletionOf(*FindCommand("prune")).wanted, Wanted::kFolder);
  EXPECT_EQ(CompletionOf(*FindCommand("dump")).wanted, Wanted::kText);
  EXPECT_EQ(CompletionOf(*FindCommand("status")).wanted, Wanted::kNothing);
  EXPECT_THAT(CompletionOf(*FindCommand("upgrade")).words, Contains("ha-config"));
  const Completion topics = CompletionOf(*FindCommand("help"));
  for (const std::string& topic : topics.words) EXPECT_FALSE(HelpPage(topic).empty()) << topic;
}

TEST(CompletionTest, AnotherShellIsRefused) { EXPECT_THROW(RenderCompletion("csh"), Error); }

}  // namespace
}  // namespace dbomsbak
