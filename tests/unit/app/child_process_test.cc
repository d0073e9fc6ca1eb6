#include "dbomsbak/app/child_process.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "support/sanitizers.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(ChildProcessTest, OutputAndCodeAreKept) {
  const CancelToken cancel;
  const ChildResult result =
      RunChild({"sh", "-c", "echo out; echo err >&2; exit 7"}, seconds{60}, cancel);
  EXPECT_EQ(result.code, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(RunChild({"sh", "-c", "kill -9 $$"}, seconds{60}, cancel).code, 137);
}

TEST(ChildProcessTest, ArgumentsReachItAsTheyAre) {
  const CancelToken cancel;
  EXPECT_EQ(RunChild({"printf", "%s|", "a b", "$HOME", "", "'"}, seconds{60}, cancel).out,
            "a b|$HOME||'|");
}

TEST(ChildProcessTest, MuchOutputDoesNotBlock) {
  const CancelToken cancel;
  const ChildResult result =
      RunChild({"sh", "-c", "head -c 3000000 /dev/zero; echo end >&2"}, seconds{60}, cancel);
  EXPECT_EQ(result.out.size(), 3000000U);
  EXPECT_EQ(result.err, "end\n");
}

TEST(ChildProcessTest, ItIsEndedWhenItsTimeIsOver) {
  const CancelToken cancel;
  EXPECT_TRUE(RunChild({"sh", "-c", "sleep 600 & wait"}, milliseconds{100}, cancel).timed_out);
}

TEST(ChildProcessTest, ItIsEndedWhenTheRunIs) {
  CancelToken cancel;
  cancel.Cancel(SIGTERM);
  EXPECT_THROW(RunChild({"sleep", "600"}, seconds{600}, cancel), Error);
}

TEST(ChildProcessTest, FewOpenFilesAreTold) {
  if (kSanitizerTakesDescriptors) GTEST_SKIP();
  const CancelToken cancel;
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int lowest = ::dup(STDIN_FILENO);
  ::close(lowest);
  const rlimit few{static_cast<rlim_t>(lowest) + 1, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Error error = Thrown([&] { RunChild({"true"}, seconds{60}, cancel); });
  ::setrlimit(RLIMIT_NOFILE, &usual);
  ExpectTold(error, ErrorCode::kIo, "cannot make a pipe: Too many open files", "",
             "Raise the limit of open files (ulimit -n).");
}

TEST(ChildProcessTest, PasswordsOfOursAreNotHandedOn) {
  ::setenv("DBOMSBAK_PASSWORD", "secret", 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
  ::setenv("AWS_SESSION_TOKEN", "secret", 1);
  const CancelToken cancel;
  const std::string variables = RunChild({"env"}, seconds{60}, cancel).out;
  for (const char* const name :
       {"DBOMSBAK_PASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}) {
    ::unsetenv(name);
  }
  EXPECT_NE(variables.find("PATH="), std::string::npos);
  EXPECT_EQ(variables.find("secret"), std::string::npos);
}

TEST(ChildProcessTest, QuotedWordsComeBackFromAShell) {
  const CancelToken cancel;
  const std::vector<std::string> words{"printf", "%s|", "a b", "", "it's", "$x", "*", "a=b", "ü\n"};
  EXPECT_EQ(RunChild({"sh", "-c", ShellQuoted(words)}, seconds{60}, cancel).out,
            "a b||it's|$x|*|a=b|ü\n|");
  EXPECT_EQ(ShellQuoted({"docker", "stop", "-t", "600", "oms_1"}), "docker stop -t 600 oms_1");
}

}  // namespace
}  // namespace dbomsbak
