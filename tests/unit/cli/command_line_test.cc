#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

CommandLine Parse(std::string_view command, std::vector<std::string> words,
                  std::vector<std::string> operands = {}) {
  return CommandLine(*FindCommand(command), {std::move(words), std::move(operands)});
}

Error FailureOf(std::string_view command, std::vector<std::string> words) {
  try {
    Parse(command, std::move(words));
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorCode::kOk, "");
}

TEST(CommandLineTest, TheDocumentedCommandOfOms) {
  const CommandLine line =
      Parse("dump", {"-h10.0.0.5", "-P2883", "-uroot@oms#obcluster", "--triggers=false", "db_oms"});
  EXPECT_EQ(line.Last("host"), "10.0.0.5");
  EXPECT_EQ(line.Number("port", 1, 65535), 2883U);
  EXPECT_EQ(line.Last("user"), "root@oms#obcluster");
  EXPECT_FALSE(line.Flag("triggers", true));
  EXPECT_TRUE(line.Flag("routines", true));
  EXPECT_THAT(line.arguments(), ElementsAre("db_oms"));
}

TEST(CommandLineTest, ArgumentsMayStandBetweenOptions) {
  const CommandLine line = Parse("dump", {"a", "--only", "a.t", "b", "--only=a.u", "-o", "-"});
  EXPECT_THAT(line.arguments(), ElementsAre("a", "b"));
  EXPECT_THAT(line.All("only"), ElementsAre("a.t", "a.u"));
  EXPECT_EQ(line.Last("output"), "-");
}

TEST(CommandLineTest, NamesOfDatabasesAreTakenAsTheyAre) {
  const CommandLine line = Parse("dump", {"[a,b]", "status", "{}", "/x"}, {"-strange", "--odd"});
  EXPECT_THAT(line.arguments(), ElementsAre("[a,b]", "status", "{}", "/x", "-strange", "--odd"));
}

TEST(CommandLineTest, EmptyValuesAreKept) {
  const CommandLine line = Parse("dump", {"--socket", "", "d"});
  EXPECT_EQ(line.Last("socket"), "");
  EXPECT_THAT(line.arguments(), ElementsAre("d"));
}

TEST(CommandLineTest, OfContradictingOptionsTheLastCounts) {
  EXPECT_FALSE(Parse("dump", {"--triggers", "--skip-triggers"}).Flag("triggers", true));
  EXPECT_TRUE(Parse("dump", {"--skip-triggers", "--triggers"}).Flag("triggers", true));
  EXPECT_FALSE(Parse("dump", {"--routines=0"}).Flag("routines", true));
  EXPECT_EQ(Parse("dump", {"-h", "a", "-h", "b"}).Last("host"), "b");
}

TEST(CommandLineTest, UsualMysqldumpOptionsAreUnderstood) {
  const CommandLine line =
      Parse("dump", {"--single-transaction", "--quick", "--hex-blob", "--set-gtid-purged=OFF",
                     "--column-statistics=0", "--skip-lock-tables", "--lock-tables", "--opt",
                     "--max-allowed-packet=1G", "--net-buffer-length", "16K", "--no-tablespaces",
                     "--default-character-set=utf8mb4", "--skip-comments", "--events", "-R", "db"});
  EXPECT_THAT(line.arguments(), ElementsAre("db"));
  EXPECT_EQ(line.ignored().size(), 12U);
  EXPECT_TRUE(line.Flag("routines"));
}

TEST(CommandLineTest, WhatCannotBeHonouredIsRefusedByName) {
  for (const std::string option : {"--tab=/x", "--xml", "--master-data", "--master-data=2", "-F"}) {
    const Error error = FailureOf("dump", {option, "db"});
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.message(), HasSubstr("cannot be honoured"));
  }
  EXPECT_THAT(FailureOf("dump", {"--master-data=2", "db"}).message(), HasSubstr("--master-data"));
}

TEST(CommandLineTest, MisspeltOptionsSuggestTheNearOne) {
  const Error error = FailureOf("dump", {"--singel-transaction", "db"});
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("--singel-transaction"));
  EXPECT_THAT(error.hint(), HasSubstr("'--single-transaction'"));
  EXPECT_THAT(FailureOf("restore", {"--reherse", "f"}).hint(), HasSubstr("'--rehearse'"));
}

TEST(CommandLineTest, OptionsOfOtherCommandsAreUnknown) {
  EXPECT_THAT(FailureOf("verify", {"--overwrite", "f"}).message(), HasSubstr("--overwrite"));
  EXPECT_THAT(FailureOf("dump", {"-Z", "f"}).message(), HasSubstr("-Z"));
}

TEST(CommandLineTest, MissingValuesAndArgumentsAreUsageErrors) {
  EXPECT_EQ(FailureOf("dump", {"db", "--output"}).code(), ErrorCode::kUsage);
  EXPECT_EQ(FailureOf("verify", {}).code(), ErrorCode::kUsage);
  EXPECT_EQ(FailureOf("info", {"a", "b"}).code(), ErrorCode::kUsage);
  EXPECT_EQ(FailureOf("status", {"a"}).code(), ErrorCode::kUsage);
}

TEST(CommandLineTest, HelpComesBeforeEveryComplaint) {
  EXPECT_TRUE(Parse("verify", {"--help"}).help());
  EXPECT_TRUE(Parse("dump", {"--xml", "-?"}).help());
}

TEST(CommandLineTest, NumbersHaveBounds) {
  const auto jobs = [](std::string value) {
    return Parse("dump", {"--jobs", value, "d"}).Number("jobs", 1, 64);
  };
  EXPECT_EQ(jobs("1"), 1U);
  EXPECT_EQ(jobs("64"), 64U);
  for (const std::string wrong : {"0", "65", "-1", "1x", "", " 1", "99999999999999999999999"}) {
    EXPECT_THROW(jobs(wrong), Error) << wrong;
  }
}

TEST(CommandLineTest, SizesHaveUnits) {
  const auto bytes = [](std::string value) {
    return Parse("dump", {"--max-memory=" + value, "d"}).Bytes("max-memory");
  };
  EXPECT_EQ(bytes("4096"), 4096U);
  EXPECT_EQ(bytes("96M"), 96U << 20);
  EXPECT_EQ(bytes("96MiB"), 96U << 20);
  EXPECT_EQ(bytes("1gb"), 1U << 30);
  EXPECT_EQ(bytes("2k"), 2048U);
  EXPECT_EQ(bytes("7B"), 7U);
  for (const std::string wrong : {"M", "1X", "1MM", "-1", "1.5G", "99999999T", "1 G"}) {
    EXPECT_THROW(bytes(wrong), Error) << wrong;
  }
}

TEST(CommandLineTest, AskingForAnOptionTheCommandLacksIsAFault) {
  try {
    Parse("verify", {"f"}).Last("host");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInternal);
  }
}

}  // namespace
}  // namespace dbomsbak
