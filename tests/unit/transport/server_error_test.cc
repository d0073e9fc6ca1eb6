#include "transport/server_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

using ::testing::HasSubstr;

TEST(ServerErrorTest, NumbersGiveTheDocumentedCodes) {
  for (const unsigned number : {1044u, 1045u, 1142u, 1143u, 1227u, 1370u, 1345u}) {
    EXPECT_EQ(CodeOfServerNumber(number), ErrorCode::kPrivilege) << number;
  }
  for (const unsigned number : {2006u, 2013u, 2055u, 1927u, 1053u, 4031u}) {
    EXPECT_EQ(CodeOfServerNumber(number), ErrorCode::kConnectionLost) << number;
  }
  EXPECT_EQ(CodeOfServerNumber(1205), ErrorCode::kBusy);
  EXPECT_EQ(CodeOfServerNumber(1213), ErrorCode::kBusy);
  for (const unsigned number : {1064u, 1146u, 1317u, 1412u, 1969u, 9999u, 0u}) {
    EXPECT_EQ(CodeOfServerNumber(number), ErrorCode::kQueryRefused) << number;
  }
}

TEST(ServerErrorTest, TheServersOwnWordsAndNumberAreInTheMessage) {
  const ServerError error = StatementError(1146, "42S02", "Table 'a.b' doesn't exist", "me@here:1");
  EXPECT_EQ(error.message(), "Table 'a.b' doesn't exist (error 1146)");
  EXPECT_EQ(error.number(), 1146u);
  EXPECT_EQ(error.sqlstate(), "42S02");
}

TEST(ServerErrorTest, ALostConnectionNamesTheServerAndTellsWhereToLook) {
  const ServerError error = StatementError(2013, "HY000", "Lost connection", "me@here:1");
  EXPECT_THAT(error.message(), HasSubstr("me@here:1"));
  EXPECT_THAT(error.hint(), HasSubstr("net_write_timeout"));
}

TEST(ServerErrorTest, FailuresToConnectAreAlwaysConnectErrors) {
  for (const unsigned number : {1045u, 1040u, 1130u, 2002u, 2003u, 2005u, 2013u, 2026u, 2059u}) {
    const ServerError error = ConnectError(number, "HY000", "text", "me@here:1", true);
    EXPECT_EQ(error.code(), ErrorCode::kConnect) << number;
    EXPECT_THAT(error.message(), HasSubstr("me@here:1"));
    EXPECT_FALSE(error.hint().empty()) << number;
  }
}

TEST(ServerErrorTest, ARefusedLoginWithoutPasswordTellsHowToGiveOne) {
  EXPECT_THAT(ConnectError(1045, "28000", "denied", "u@h:1", false).hint(),
              HasSubstr("--password-file"));
  EXPECT_THAT(ConnectError(1045, "28000", "denied", "u@h:1", true).hint(),
              HasSubstr("Check user and password"));
}

TEST(ServerErrorTest, ARefusedLoginTellsOfACommentBehindThePassword) {
  for (const unsigned number : {1045u, 1698u}) {
    for (const bool given : {true, false}) {  // 'password=# x' is none
      EXPECT_THAT(
          ConnectError(number, "28000", "denied", "u@h:1", given, "/x/my.cnf, line 3").hint(),
          HasSubstr("In /x/my.cnf, line 3 a '#' ends the password"));
    }
  }
  EXPECT_THAT(ConnectError(2003, "HY000", "away", "u@h:1", true, "/x/my.cnf, line 3").hint(),
              testing::Not(HasSubstr("my.cnf")));
}

}  // namespace
}  // namespace dbomsbak
