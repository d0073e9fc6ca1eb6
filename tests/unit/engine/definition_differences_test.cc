#include "engine/definition_differences.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

StoredProgram Program(ObjectKind kind, const std::string& name, const std::string& create) {
  StoredProgram program;
  program.id = {"d", kind, name};
  program.create = create;
  program.sql_mode = "STRICT_TRANS_TABLES";
  program.character_set_client = "utf8mb4";
  return program;
}

constexpr char kOnce[] =
    "CREATE EVENT `e` ON SCHEDULE AT '2026-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE DO SELECT "
    "1";

class DefinitionDifferencesTest : public ::testing::Test {
 protected:
  DefinitionDifferencesTest() {
    View view;
    view.id = {"d", ObjectKind::kView, "v"};
    view.create = "CREATE VIEW `v` AS select 1 AS `1`";
    wanted_.views = {view};
    wanted_.routines = {Program(ObjectKind::kProcedure, "p", "CREATE PROCEDURE `p`() SELECT 1")};
    wanted_.triggers = {Program(ObjectKind::kTrigger, "t", "CREATE TRIGGER `t` … SET @a=1")};
    wanted_.events = {Program(ObjectKind::kEvent, "e",
                              "CREATE EVENT `e` ON SCHEDULE EVERY 1 DAY STARTS '2026-01-01 "
                              "00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO SELECT 1")};
    live_ = wanted_;
  }

  std::vector<std::string> Differences() {
    return CompareLiveDefinitions(wanted_, live_).differences;
  }

  Database wanted_, live_;
};

TEST_F(DefinitionDifferencesTest, EqualDefinitionsDoNotDiffer) {
  EXPECT_TRUE(Differences().empty());
  EXPECT_TRUE(CompareLiveDefinitions(wanted_, live_).doubts.empty());
}

TEST_F(DefinitionDifferencesTest, EachKindIsCompared) {
  live_.views[0].create += " from `x`";
  live_.routines[0].create += " ";
  live_.triggers[0].sql_mode = "";
  live_.events[0].character_set_client = "latin1";
  const auto differences = Differences();
  ASSERT_EQ(differences.size(), 4u);
  EXPECT_NE(differences[0].find(" from `x`"), std::string::npos);
  EXPECT_NE(differences[2].find("sql_mode"), std::string::npos);
}

TEST_F(DefinitionDifferencesTest, ABrokenViewIsADoubtOnly) {
  live_.views[0].create = "CREATE VIEW `v` AS select `d`.`gone`.`a` AS `a`";
  live_.views[0].broken = true;
  EXPECT_TRUE(Differences().empty());
  EXPECT_EQ(CompareLiveDefinitions(wanted_, live_).doubts.size(), 1u);
}

TEST_F(DefinitionDifferencesTest, AnEventThatCanBeOverMayHaveBeenDisabled) {
  const std::string enabled = wanted_.events[0].create;
  live_.events[0].create.replace(enabled.find("ENABLE"), 6, "DISABLE");
  EXPECT_EQ(Differences().size(), 1u);

  wanted_.events[0].create = kOnce;
  live_.events[0].create = kOnce;
  live_.events[0].create.replace(live_.events[0].create.find("ENABLE"), 6, "DISABLE");
  EXPECT_TRUE(Differences().empty());
  live_.events[0].create += " + 1";
  EXPECT_EQ(Differences().size(), 1u);
}

TEST_F(DefinitionDifferencesTest, MissingObjectsAreNotItsMatter) {
  live_ = {};
  EXPECT_TRUE(Differences().empty());
}

}  // namespace
}  // namespace dbomsbak
