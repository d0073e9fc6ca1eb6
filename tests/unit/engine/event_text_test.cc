#include "engine/event_text.h"

#include <gtest/gtest.h>

#include <string>

namespace dbomsbak {
namespace {

std::string Event(const std::string& schedule, const std::string& completion,
                  const std::string& state, const std::string& rest) {
  return "CREATE DEFINER=`x ON COMPLETION PRESERVE ENABLE `@`%` EVENT `e` ON SCHEDULE " + schedule +
         " ON COMPLETION " + completion + state + rest;
}

TEST(EventTextTest, EventsThatDifferInStateOnlyAreEqualWithoutIt) {
  const std::string rest = " COMMENT 'on ENABLE' DO select 'ON COMPLETION PRESERVE ENABLE'";
  for (const std::string completion : {"PRESERVE", "NOT PRESERVE"}) {
    const std::string plain = Event("EVERY 1 DAY", completion, "", rest);
    for (const std::string state :
         {" ENABLE", " DISABLE", " DISABLE ON SLAVE", " DISABLE ON REPLICA"}) {
      EXPECT_EQ(WithoutEventState(Event("EVERY 1 DAY", completion, state, rest)), plain);
    }
  }
  EXPECT_NE(WithoutEventState(Event("EVERY 1 DAY", "PRESERVE", " ENABLE", rest)),
            WithoutEventState(Event("EVERY 2 DAY", "PRESERVE", " ENABLE", rest)));
  EXPECT_NE(WithoutEventState(Event("EVERY 1 DAY", "PRESERVE", " ENABLE", rest)),
            WithoutEventState(Event("EVERY 1 DAY", "NOT PRESERVE", " ENABLE", rest)));
  EXPECT_EQ(WithoutEventState("CREATE EVENT `e` DO select 1"), "CREATE EVENT `e` DO select 1");
}

// As an event stands that was made in HIGH_NOT_PRECEDENCE.
TEST(EventTextTest, AnEventWithoutCompletionHasAStateAllTheSame) {
  const std::string head = "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00'";
  const std::string rest = " COMMENT ' ENABLE ' DO select 1 ENABLE , 2 ENDS ";
  for (const std::string state : {" ENABLE", " DISABLE", " DISABLE ON SLAVE"}) {
    EXPECT_EQ(WithoutEventState(head + state + rest), head + rest);
    EXPECT_FALSE(MayBeOver(head + state + rest));
    EXPECT_TRUE(MayBeOver(head + " ENDS '2037-01-01 00:00:00'" + state + rest));
  }
}

TEST(EventTextTest, OnlyEventsWithAnEndCanBeOver) {
  const std::string at = Event("AT '2020-01-01 00:00:00'", "NOT PRESERVE", " ENABLE", " DO do 1");
  const std::string ends =
      Event("EVERY 1 DAY STARTS '2020-01-01' ENDS '2021-01-01'", "PRESERVE", " ENABLE", " DO do 1");
  const std::string always = Event("EVERY 1 DAY STARTS '2020-01-01'", "PRESERVE", " ENABLE",
                                   " COMMENT ' ENDS ' DO select 1 ENDS ");
  EXPECT_TRUE(MayBeOver(at));
  EXPECT_TRUE(MayBeOver(ends));
  EXPECT_FALSE(MayBeOver(always));
}

TEST(EventTextTest, DefinersAreQuotedByTheirLastAtSign) {
  EXPECT_EQ(DefinerClause("bob@%"), "DEFINER=`bob`@`%` ");
  EXPECT_EQ(DefinerClause("b@o`b@host"), "DEFINER=`b@o``b`@`host` ");
  EXPECT_EQ(DefinerClause("role"), "DEFINER=`role` ");
  EXPECT_EQ(DefinerClause(""), "");
}

TEST(EventTextTest, ScheduleIsReadAndWhatIsNoneIsNot) {
  const std::string rest = " ON COMPLETION NOT PRESERVE ENABLE DO SELECT ' ENDS ''2020-01-01'";
  const auto once = ScheduleOf("CREATE EVENT `e` ON SCHEDULE AT '2026-11-26 01:00:00'" + rest);
  ASSERT_TRUE(once);
  EXPECT_EQ(once->last, "2026-11-26 01:00:00");
  EXPECT_EQ(once->interval, "");
  const std::string every = "CREATE EVENT `e ENDS '1'` ON SCHEDULE EVERY ";
  const auto until = ScheduleOf(
      every + "'1:30' HOUR_MINUTE STARTS '2020-01-01 00:00:00' ENDS '2040-01-01 00:00:00'" + rest);
  ASSERT_TRUE(until);
  EXPECT_EQ(until->last, "2040-01-01 00:00:00");
  EXPECT_EQ(until->interval, "'1:30' HOUR_MINUTE");
  EXPECT_FALSE(ScheduleOf(every + "1 DAY STARTS '2020-01-01 00:00:00'" + rest));
  // Nothing of a stranger's text becomes a statement.
  EXPECT_FALSE(ScheduleOf(every + "1 SLEEP(9) ENDS '2040-01-01 00:00:00'" + rest));
  EXPECT_FALSE(ScheduleOf("CREATE EVENT `e` ON SCHEDULE AT NOW()" + rest));
}

}  // namespace
}  // namespace dbomsbak
