#include "dbomsbak/sql/composed_text.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(WithoutOwnDatabase, LeavesOthersAndStringsAlone) {
  EXPECT_EQ(WithoutOwnDatabase(ObjectKind::kView,
                               "CREATE VIEW `v` AS select `d`.`t`.`a` AS `a`,'`d`.`t`' AS `s` from "
                               "(`d`.`t` join `e`.`u` on (`e`.`u`.`a` = `d`.`t`.`a`))",
                               "d"),
            "CREATE VIEW `v` AS select `t`.`a` AS `a`,'`d`.`t`' AS `s` from (`t` join `e`.`u` on "
            "(`e`.`u`.`a` = `t`.`a`))");
  EXPECT_EQ(WithoutOwnDatabase(ObjectKind::kTable,
                               "CREATE TABLE `c` (\n  `a` int(11),\n  CONSTRAINT `f` FOREIGN KEY "
                               "(`a`) REFERENCES `d`.`t`(`a`)\n) COMMENT = '`d`.`t`'",
                               "d"),
            "CREATE TABLE `c` (\n  `a` int(11),\n  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES "
            "`t`(`a`)\n) COMMENT = '`d`.`t`'");
}

TEST(WithoutOwnDatabase, KeepsWhatWouldBecomeAmbiguous) {
  const std::string view =
      "CREATE VIEW `v` AS select `d`.`t`.`a` AS `a` from (`d`.`t` join `e`.`t` on (`e`.`t`.`a` = "
      "`d`.`t`.`a`))";
  EXPECT_EQ(WithoutOwnDatabase(ObjectKind::kView, view, "d"), view);
}

TEST(WithForeignKeysReversed, MovesNothingElse) {
  EXPECT_EQ(WithForeignKeysReversed("CREATE TABLE `x` (\n"
                                    "  `a` int(11) DEFAULT '(, FOREIGN',\n"
                                    "  CONSTRAINT `f3` FOREIGN KEY (`b`) REFERENCES `t`(`a`) ,\n"
                                    "  CONSTRAINT `f2` FOREIGN KEY (`a`, `b`) REFERENCES `t`(`a`, "
                                    "`b`) ON DELETE CASCADE ,\n"
                                    "  CONSTRAINT `f1` FOREIGN KEY (`a`) REFERENCES `u`(`a`) ,\n"
                                    "  CONSTRAINT `c` CHECK ((`b` > 2))\n) COMMENT = 'x'"),
            "CREATE TABLE `x` (\n"
            "  `a` int(11) DEFAULT '(, FOREIGN',\n"
            "  CONSTRAINT `f1` FOREIGN KEY (`a`) REFERENCES `u`(`a`) ,\n"
            "  CONSTRAINT `f2` FOREIGN KEY (`a`, `b`) REFERENCES `t`(`a`, `b`) ON DELETE CASCADE "
            ",\n"
            "  CONSTRAINT `f3` FOREIGN KEY (`b`) REFERENCES `t`(`a`) ,\n"
            "  CONSTRAINT `c` CHECK ((`b` > 2))\n) COMMENT = 'x'");
}

TEST(MemberLists, AreQuotedAsTheyMustBe) {
  EXPECT_EQ(MemberListQuoted("enum('a'b','c\\d','')"), "enum('a''b','c\\\\d','')");
  EXPECT_EQ(MemberListQuoted("set('x','y')"), "set('x','y')");
  EXPECT_EQ(WithMembersQuoted("CREATE TABLE `t` (\n  `e` enum('a'b') CHARACTER SET latin1 NOT NULL "
                              "DEFAULT 'a'b' COMMENT 'x'\n)",
                              {"e", "enum('a'b')", "a'b"}),
            "CREATE TABLE `t` (\n  `e` enum('a''b') CHARACTER SET latin1 NOT NULL DEFAULT 'a\\'b' "
            "COMMENT 'x'\n)");
  EXPECT_EQ(WithMembersQuoted("CREATE TABLE `t` (\n  `f` int\n)", {"e", "enum('a'b')", ""}), "");
}

TEST(WithBinaryMembers, SaysOnceWhatTheServerDoesNotPrint) {
  const std::string create =
      "CREATE TABLE `t` (\n  `e` enum('a)''b') NOT NULL COMMENT 'e',\n  `s` set('e') DEFAULT "
      "NULL\n) "
      "DEFAULT CHARSET = utf8mb4";
  const std::string once = WithBinaryMembers(create, "e");
  EXPECT_EQ(once,
            "CREATE TABLE `t` (\n  `e` enum('a)''b') CHARACTER SET binary NOT NULL COMMENT 'e',\n  "
            "`s` set('e') DEFAULT NULL\n) DEFAULT CHARSET = utf8mb4");
  EXPECT_EQ(WithBinaryMembers(once, "e"), once);
  EXPECT_EQ(WithBinaryMembers(create, "x"), create);
  const std::string all = "CREATE TABLE `t` (\n  `e` enum('a')\n) DEFAULT CHARSET = binary";
  EXPECT_EQ(WithBinaryMembers(all, "e"), all);
}

TEST(PartitionsReadBack, NoticesWhatIsNotEscaped) {
  const std::string head = "CREATE TABLE `t` (\n  `a` int DEFAULT '\\\\'\n) PCTFREE = 0";
  EXPECT_TRUE(PartitionsReadBack(head));
  EXPECT_TRUE(PartitionsReadBack(
      head + "\n partition by list columns(`a`)\n(partition `p0` values in ('x','y'))"));
  EXPECT_FALSE(PartitionsReadBack(
      head + "\n partition by list columns(`a`)\n(partition `p0` values in ('a'b'))"));
  EXPECT_FALSE(PartitionsReadBack(
      head + "\n partition by list columns(`a`)\n(partition `p0` values in ('c\\'))"));
  EXPECT_FALSE(PartitionsReadBack(
      head + "\n partition by range(`a`)\n(partition `p`1` values less than (1))"));
}

TEST(RoutineCreate, QuotesTheCommentAndTellsTheCharset) {
  EXPECT_EQ(RoutineCreate(
                "CREATE DEFINER = `u`@`%` FUNCTION `f`(a int) RETURNS varchar(64)\n"
                "    NO SQL\n    COMMENT 'it's'\nbegin return ' RETURNS varchar(64)\n'; end",
                {"it's", "begin return ' RETURNS varchar(64)\n'; end", "varchar(64)", "latin1"}),
            "CREATE DEFINER = `u`@`%` FUNCTION `f`(a int) RETURNS varchar(64) CHARSET latin1\n"
            "    NO SQL\n    COMMENT 'it\\'s'\nbegin return ' RETURNS varchar(64)\n'; end");
  EXPECT_EQ(RoutineCreate("CREATE PROCEDURE `p`()\nselect 1", {"a comment", "select 1", "", ""}),
            "");
  EXPECT_EQ(WithNameQuoted("CREATE DEFINER = `u`@`%` PROCEDURE `a`b`()", "PROCEDURE", "a`b"),
            "CREATE DEFINER = `u`@`%` PROCEDURE `a``b`()");
}

TEST(TriggerCreate, LeavesOutTheOrder) {
  EXPECT_EQ(TriggerCreate("root@%",
                          "trigger `a` before insert on `t` FOR EACH ROW\n  follows `b` "
                          "set new.x = 'follows y'"),
            "CREATE DEFINER=`root`@`%` TRIGGER `a` before insert on `t` FOR EACH ROW set new.x = "
            "'follows y'");
  EXPECT_EQ(TriggerCreate("root@%", "procedure p() select 1"), "");
}

TEST(EventCreate, PutsTheBodyBetweenBeginAndEnd) {
  EventFacts facts;
  facts.name = "e`1";
  facts.definer = "root@%";
  facts.body = "select 1;select ';';";
  facts.interval_value = "2";
  facts.interval_field = "HOUR";
  facts.starts = "2036-01-01 00:00:00";
  facts.on_completion = "NOT PRESERVE";
  facts.status = "DISABLED";
  facts.comment = "it's";
  EXPECT_EQ(EventCreate(facts),
            "CREATE DEFINER=`root`@`%` EVENT `e``1` ON SCHEDULE EVERY 2 HOUR STARTS '2036-01-01 "
            "00:00:00' ON COMPLETION NOT PRESERVE DISABLE COMMENT 'it\\'s' DO BEGIN\n"
            "select 1;select ';';\nEND");
}

TEST(SequenceCreate, BeginsAtItsNextValue) {
  EXPECT_EQ(SequenceCreate({"s", "960", "3", "1", "9223372036854775807", "20", false, true}),
            "CREATE SEQUENCE `s` START WITH 960 INCREMENT BY 3 MINVALUE 1 MAXVALUE "
            "9223372036854775807 CACHE 20 ORDER NOCYCLE");
}

}  // namespace
}  // namespace dbomsbak
