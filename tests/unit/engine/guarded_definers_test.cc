#include "engine/guarded_definers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/fake_session.h"

namespace dbomsbak {
namespace {

using test::Answer;
using test::FakeServer;
using test::FakeSession;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class GuardedDefinersTest : public ::testing::Test {
 protected:
  GuardedDefinersTest() {
    traits_.guarded_definer_privilege = "SYSTEM_USER";
    server_.On("SELECT @@lock_wait_timeout", Answer({"t"}, {{"31536000"}}));
    server_.OnError("ALTER DEFINER=", ServerError(ErrorCode::kQueryRefused, 1539, "HY000",
                                                  "Unknown event 'no such event'"));
    server_.OnError("ALTER DEFINER='boss'@'%'", Denied("SYSTEM_USER"));
    server_.OnError("ALTER DEFINER='gone'@'%'", Denied("SUPER or ALLOW_NONEXISTENT_DEFINER"));
  }

  static ServerError Denied(const std::string& privilege) {
    return ServerError(ErrorCode::kPrivilege, 1227, "42000",
                       "Access denied; you need (at least one of) the " + privilege +
                           " privilege(s) for this operation");
  }

  std::set<std::string> Find(const std::string& grants) {
    FakeSession session(server_);
    return GuardedDefiners(session, traits_, Privileges::Parse({grants}),
                           {"app@%", "boss@%", "gone@%"});
  }

  FakeServer server_;
  ServerTraits traits_;
};

TEST_F(GuardedDefinersTest, TheServerTellsWhoseObjectsTheAccountMayNotTouch) {
  EXPECT_THAT(Find("GRANT SET_ANY_DEFINER ON *.* TO `a`@`%`"), ElementsAre("boss@%"));
  EXPECT_TRUE(server_.Saw("SET SESSION lock_wait_timeout = 1"));
  EXPECT_EQ(server_.statements().back(), "SET SESSION lock_wait_timeout = 31536000");
}

TEST_F(GuardedDefinersTest, NothingIsAskedWhereNothingCanBeLearnt) {
  EXPECT_THAT(Find("GRANT SELECT ON *.* TO `a`@`%`"), IsEmpty());
  EXPECT_THAT(Find("GRANT SET_ANY_DEFINER, SYSTEM_USER ON *.* TO `a`@`%`"), IsEmpty());
  traits_.guarded_definer_privilege.clear();
  EXPECT_THAT(Find("GRANT SET_ANY_DEFINER ON *.* TO `a`@`%`"), IsEmpty());
  EXPECT_THAT(server_.statements(), IsEmpty());
}

TEST_F(GuardedDefinersTest, ALostConnectionIsNoAnswer) {
  server_.OnError("ALTER DEFINER=", FakeServer::Lost());
  EXPECT_THROW(Find("GRANT SET_ANY_DEFINER ON *.* TO `a`@`%`"), Error);
}

}  // namespace
}  // namespace dbomsbak
