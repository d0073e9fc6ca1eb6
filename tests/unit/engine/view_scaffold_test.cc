#include "engine/view_scaffold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

View BrokenView(std::string name, std::string select) {
  View view;
  view.id = {"d", ObjectKind::kView, name};
  view.create = "CREATE VIEW `" + name + "` AS select " + select;
  view.broken = true;
  return view;
}

ViewSurroundings DatabaseWithT() {
  ViewSurroundings there;
  there.databases = {"d"};
  there.tables[{"d", "t"}] = {{"id", "Id"}};
  return there;
}

TEST(ViewScaffold, MissingTableIsStubbedAndOnlyTheStubIsDropped) {
  const ViewScaffold scaffold =
      ScaffoldFor(BrokenView("v", "`gone`.`x` AS `x` from `gone`"), DatabaseWithT());
  EXPECT_THAT(scaffold.before, HasSubstr("CREATE TABLE IF NOT EXISTS `gone` (`x` int) COMMENT="));
  EXPECT_THAT(scaffold.after, HasSubstr("DROP TABLE `gone`"));
  EXPECT_THAT(scaffold.after, HasSubstr("TABLE_COMMENT = \'dbomsbak stub\'"));
}

TEST(ViewScaffold, MissingColumnIsLentAndNothingIsRenamed) {
  const ViewScaffold scaffold =
      ScaffoldFor(BrokenView("v", "`t`.`ID` AS `a`,`t`.`c` AS `c` from `t`"), DatabaseWithT());
  EXPECT_THAT(scaffold.before, HasSubstr("ALTER TABLE `t` ADD COLUMN `c` int"));
  EXPECT_THAT(scaffold.before, Not(HasSubstr("`ID`")));
  EXPECT_THAT(scaffold.after, HasSubstr("ALTER TABLE `t` DROP COLUMN `c`;"));
}

TEST(ViewScaffold, FunctionIsStubbedUnlessItIsThere) {
  const View view = BrokenView("v", "`e`.`F`(`t`.`Id`,2) AS `a` from `t`");
  ViewSurroundings there = DatabaseWithT();
  there.databases.insert("e");
  const ViewScaffold scaffold = ScaffoldFor(view, there);
  EXPECT_THAT(scaffold.before,
              HasSubstr("CREATE FUNCTION `e`.`F`(a0 longblob, a1 longblob) RETURNS int"));
  EXPECT_THAT(scaffold.after, HasSubstr("DROP FUNCTION `e`.`F`;"));
  there.AddFunction("e", "f");
  EXPECT_THAT(ScaffoldFor(view, there).before, IsEmpty());
}

TEST(ViewScaffold, ViewOnABrokenViewGetsWhatThatOneLacks) {
  const View below = BrokenView("w", "`gone`.`x` AS `x` from `gone`");
  ViewSurroundings there = DatabaseWithT();
  there.broken[{"d", "w"}] = &below;
  const ViewScaffold scaffold = ScaffoldFor(BrokenView("v", "`w`.`x` AS `x` from `w`"), there);
  EXPECT_THAT(scaffold.before, HasSubstr("CREATE TABLE IF NOT EXISTS `gone` (`x` int)"));
  EXPECT_THAT(scaffold.before, Not(HasSubstr("`w`")));
  // A column that it does not have: another view takes its place.
  const ViewScaffold lacking = ScaffoldFor(BrokenView("v", "`w`.`y` AS `y` from `w`"), there);
  EXPECT_THAT(lacking.before, HasSubstr("RENAME TABLE `w` TO `__dbomsbak_aside_1`;\n"
                                        "CREATE VIEW `w` AS SELECT 1 AS `x`, 1 AS `y`;\n"));
  EXPECT_THAT(lacking.after, HasSubstr("RENAME TABLE `__dbomsbak_aside_1` TO `w`;"));
}

TEST(ViewScaffold, AnotherDatabaseIsMadeOnlyWhereThereIsNone) {
  const ViewScaffold scaffold =
      ScaffoldFor(BrokenView("v", "`far`.`o`.`x` AS `x` from `far`.`o`"), DatabaseWithT());
  EXPECT_THAT(scaffold.before, HasSubstr("SCHEMA_NAME = \'far\'"));
  EXPECT_LT(scaffold.before.find("CREATE DATABASE `far`"), scaffold.before.find("`far`.`o`"));
  EXPECT_THAT(scaffold.after, HasSubstr("@dbomsbak_made_1 AND SCHEMA_NAME = \'far\'"));
}

}  // namespace
}  // namespace dbomsbak
