#include "engine/definition_diff.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/named_constraints.h"

namespace dbomsbak {
namespace {

DefinitionSide TableSide(const std::string& create) {
  DefinitionSide side;
  side.record.id = {"d", ObjectKind::kTable, "t"};
  side.record.auto_increment = AutoIncrementOf(create);
  side.create = create;
  return side;
}

DefinitionDiff Compare(const std::string& archived, const std::string& live,
                       Printed printed = Printed::kAlike) {
  return CompareDefinitionTexts(TableSide(archived), TableSide(live), printed, EventEnd::kToCome);
}

std::string TableOf(const std::string& items, const std::string& options = "ENGINE=InnoDB") {
  return "CREATE TABLE `t` (\n" + items + "\n) " + options;
}

TEST(DefinitionDiffTest, CountersAreNoDifferenceAndTold) {
  const DefinitionDiff found = Compare(TableOf("  `a` int", "ENGINE=InnoDB AUTO_INCREMENT=5"),
                                       TableOf("  `a` int", "ENGINE=InnoDB AUTO_INCREMENT=7"));
  EXPECT_FALSE(found.differs);
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_EQ(found.notes[0], "its AUTO_INCREMENT is 7 now and was 5");
}

TEST(DefinitionDiffTest, NamesTheServerGaveAreNoDifference) {
  const std::string first = "FOREIGN KEY (`a`) REFERENCES `p` (`id`)";
  const std::string second = "FOREIGN KEY (`b`) REFERENCES `p` (`id`)";
  const DefinitionDiff found = Compare(TableOf("  `a` int,\n  CONSTRAINT `t_ibfk_1` " + first +
                                               ",\n  CONSTRAINT `t_ibfk_2` " + second),
                                       TableOf("  `a` int,\n  CONSTRAINT `t_ibfk_1` " + second +
                                               ",\n  CONSTRAINT `t_ibfk_3` " + first));
  EXPECT_FALSE(found.differs);
  EXPECT_EQ(found.notes.size(), 1U);
  const DefinitionDiff named = Compare(TableOf("  `a` int,\n  CONSTRAINT `one` " + first),
                                       TableOf("  `a` int,\n  CONSTRAINT `two` " + first));
  EXPECT_TRUE(named.differs);
  // They are not shown beside a difference either.
  const DefinitionDiff both = Compare(TableOf("  `a` int,\n  CONSTRAINT `t_OBFK_17` " + first),
                                      TableOf("  `a` bigint,\n  CONSTRAINT `t_OBFK_18` " + first));
  EXPECT_EQ(both.diff,
            "@@ -1,4 +1,4 @@\n CREATE TABLE `t` (\n-  `a` int\n+  `a` bigint\n"
            "   CONSTRAINT `t_OBFK_17` " +
                first + "\n ) ENGINE=InnoDB\n");
}

TEST(DefinitionDiffTest, AutomaticNamesAreThoseOfTheTable) {
  EXPECT_TRUE(IsAutomaticConstraintName("t_ibfk_12", "t"));
  EXPECT_TRUE(IsAutomaticConstraintName("CONSTRAINT_1", "t"));
  EXPECT_TRUE(IsAutomaticConstraintName("t_chk_1", "t"));
  EXPECT_TRUE(IsAutomaticConstraintName("t_OBCHECK_1700000000", "t"));
  EXPECT_FALSE(IsAutomaticConstraintName("u_ibfk_1", "t"));
  EXPECT_FALSE(IsAutomaticConstraintName("t_ibfk_", "t"));
  EXPECT_FALSE(IsAutomaticConstraintName("CONSTRAINT_x", "t"));
}

TEST(DefinitionDiffTest, OtherServersMaySayItInOtherWordsButNotMore) {
  const std::string archived =
      TableOf("  `a` int(11) DEFAULT NULL,\n  KEY `k` (`a`)", "ENGINE=InnoDB DEFAULT CHARSET=utf8");
  EXPECT_FALSE(Compare(archived,
                       TableOf("  `a` int DEFAULT NULL,\n  KEY `k` (`a`)",
                               "ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci"),
                       Printed::kOtherwise)
                   .differs);
  EXPECT_TRUE(Compare(archived,
                      TableOf("  `a` int DEFAULT NULL,\n  `b` int,\n  KEY `k` (`a`)",
                              "ENGINE=InnoDB DEFAULT CHARSET=utf8mb3"),
                      Printed::kOtherwise)
                  .differs);
  EXPECT_TRUE(Compare(archived,
                      TableOf("  `a` int DEFAULT NULL,\n  KEY `k` (`a`),\n  KEY `l` (`a`)",
                              "ENGINE=InnoDB DEFAULT CHARSET=utf8mb3"),
                      Printed::kOtherwise)
                  .differs);
  EXPECT_TRUE(Compare(archived, TableOf("  `a` int DEFAULT NULL"), Printed::kOtherwise).differs);
}

TEST(DefinitionDiffTest, AnIndexThatAForeignKeyBringsAlongIsNotMore) {
  const std::string key = "  CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `p` (`id`)";
  const std::string archived = TableOf("  `a` int,\n" + key);
  EXPECT_FALSE(
      Compare(archived, TableOf("  `a` int,\n  KEY `fk` (`a`),\n" + key), Printed::kOtherwise)
          .differs);
  EXPECT_TRUE(
      Compare(archived, TableOf("  `a` int,\n  KEY `more` (`a`),\n" + key), Printed::kOtherwise)
          .differs);
}

TEST(DefinitionDiffTest, SettingsStandBeforeTheText) {
  DefinitionSide archived, live;
  archived.record.id = live.record.id = {"d", ObjectKind::kProcedure, "p"};
  archived.create = live.create = "CREATE PROCEDURE `p`()\nSELECT 1";
  archived.record.sql_mode = "ANSI";
  EXPECT_EQ(CompareDefinitionTexts(archived, live, Printed::kAlike, EventEnd::kToCome).diff,
            "@@ -1,3 +1,3 @@\n-# sql_mode: ANSI\n+# sql_mode: \n CREATE PROCEDURE `p`()\n"
            " SELECT 1\n");
  EXPECT_TRUE(
      CompareDefinitionTexts(archived, live, Printed::kOtherwise, EventEnd::kToCome).differs);
}

TEST(DefinitionDiffTest, EventsThatAreOverAreDisabledByTheServer) {
  DefinitionSide archived, live;
  archived.record.id = live.record.id = {"d", ObjectKind::kEvent, "e"};
  archived.create =
      "CREATE EVENT `e` ON SCHEDULE AT '2020-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO "
      "SELECT 1";
  live.create =
      "CREATE EVENT `e` ON SCHEDULE AT '2020-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO "
      "SELECT 1";
  archived.record.status = "ENABLED";
  live.record.status = "DISABLED";
  for (const Printed printed : {Printed::kAlike, Printed::kCopied, Printed::kOtherwise}) {
    const DefinitionDiff over = CompareDefinitionTexts(archived, live, printed, EventEnd::kPast);
    EXPECT_FALSE(over.differs);
    EXPECT_EQ(over.doubt, "");
    EXPECT_EQ(over.notes.size(), 1U);
    EXPECT_TRUE(CompareDefinitionTexts(archived, live, printed, EventEnd::kToCome).differs);
    const DefinitionDiff near = CompareDefinitionTexts(archived, live, printed, EventEnd::kNear);
    EXPECT_FALSE(near.differs);
    EXPECT_NE(near.doubt, "");
    EXPECT_TRUE(CompareDefinitionTexts(live, archived, printed, EventEnd::kPast).differs);
  }
  live.create =
      "CREATE EVENT `e` ON SCHEDULE AT '2020-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO "
      "SELECT 2";
  EXPECT_TRUE(CompareDefinitionTexts(archived, live, Printed::kAlike, EventEnd::kPast).differs);
}

// What a person altered, each of which once passed for equal against a plain dump.
TEST(DefinitionDiffTest, WhatLiveAloneSaysIsNeverEqual) {
  const std::string items =
      "  `a` int(11) DEFAULT NULL,\n  `b` int(11) DEFAULT NULL,\n  KEY `ia` (`a`),\n"
      "  CONSTRAINT `c` CHECK (`a` > 1)";
  const std::string options = "ENGINE=InnoDB DEFAULT CHARSET=latin1";
  const std::string parts = "\n PARTITION BY RANGE (`a`)\n(PARTITION `p` VALUES LESS THAN (9))";
  const std::string archived = TableOf(items, options + parts);
  const std::string b = "`b` int(11) DEFAULT NULL";
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {b, "`b` int(11) NOT NULL"},
           {b, "`b` int(10) unsigned DEFAULT NULL"},
           {b, "`b` int(11) DEFAULT 4"},
           {b, "`b` int(11) DEFAULT NULL COMMENT 'c'"},
           {b, "`b` int(11) GENERATED ALWAYS AS (`a` + 1) VIRTUAL"},
           {"KEY `ia`", "UNIQUE KEY `ia`"},
           {"KEY `ia` (`a`)", "KEY `ia` (`a`,`b`)"},
           {"(9))", "(9),\n PARTITION `q` VALUES LESS THAN (12))"},
           {"CHARSET=latin1", "CHARSET=latin1 COMMENT='two'"},
           {"CHARSET=latin1", "CHARSET=latin1 COLLATE=latin1_general_ci"},
           {"(`a` > 1)", "(`a` > 2)"},
           {"(`a` > 1)", "(`a` >= 1)"},
           {"CHECK (`a` > 1)", "CHECK (`a` > 1),\n  CONSTRAINT `d` CHECK (`b` > 1)"},
           {"ENGINE=InnoDB", "ENGINE=InnoDB ROW_FORMAT=COMPRESSED"}}) {
    std::string live = archived;
    live.replace(live.find(from), from.size(), to);
    EXPECT_TRUE(Compare(archived, live, Printed::kCopied).differs) << to;
    const DefinitionDiff other = Compare(archived, live, Printed::kOtherwise);
    EXPECT_TRUE(other.differs || !other.doubt.empty()) << to;
    EXPECT_NE(other.diff, "") << to;
  }
  for (const Printed printed : {Printed::kCopied, Printed::kOtherwise}) {
    const DefinitionDiff found = Compare(archived, archived, printed);
    EXPECT_FALSE(found.differs);
    EXPECT_EQ(found.doubt, "");
  }
}

TEST(DefinitionDiffTest, SignsOfProgramsAreComparedEverywhere) {
  DefinitionSide archived, live;
  archived.record.id = live.record.id = {"d", ObjectKind::kProcedure, "p"};
  archived.create = "CREATE PROCEDURE `p`(x int)\nSELECT (x + 1) * 2 >= 3";
  for (const char* create : {"CREATE PROCEDURE `p`(x int)\nSELECT x + 1 * 2 >= 3",
                             "CREATE PROCEDURE `p`(x int)\nSELECT (x + 1) * 2 > 3"}) {
    live.create = create;
    EXPECT_TRUE(
        CompareDefinitionTexts(archived, live, Printed::kCopied, EventEnd::kToCome).differs);
    EXPECT_NE(CompareDefinitionTexts(archived, live, Printed::kOtherwise, EventEnd::kToCome).doubt,
              "");
  }
}

TEST(DefinitionDiffTest, DumpsWithoutOptionsLeaveThemInDoubt) {
  const std::string items = "  `a` int(11) DEFAULT NULL";
  const DefinitionDiff found = Compare(
      TableOf(items, ""), TableOf(items, "ENGINE=InnoDB DEFAULT CHARSET=utf8"), Printed::kCopied);
  EXPECT_FALSE(found.differs);
  EXPECT_EQ(found.doubt, "the dump leaves out the table's options");
}

TEST(DefinitionDiffTest, ViewsAreShownInLines) {
  DefinitionSide archived, live;
  archived.record.id = live.record.id = {"d", ObjectKind::kView, "v"};
  archived.create =
      "CREATE VIEW `v` AS select `t`.`a` AS `a`,left(`t`.`from`,2) AS `b` from `t` where 1";
  live.create =
      "CREATE VIEW `v` AS select `t`.`a` AS `a`,left(`t`.`from`,2) AS `b` from `t` where 2";
  EXPECT_EQ(
      CompareDefinitionTexts(archived, live, Printed::kAlike, EventEnd::kToCome).diff,
      "@@ -2,4 +2,4 @@\n   select `t`.`a` AS `a`,\n   left(`t`.`from`,2) AS `b`\n   from `t`\n"
      "-  where 1\n+  where 2\n");
}

}  // namespace
}  // namespace dbomsbak
