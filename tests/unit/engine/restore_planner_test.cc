#include "engine/restore_planner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "dbomsbak/engine/restore.h"
#include "engine/in_place.h"
#include "engine/set_names.h"
#include "support/sample_archive.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ContentObject Object(ObjectKind kind, const std::string& name, const std::string& create) {
  ContentObject object;
  object.record.id = {"d", kind, name};
  object.create = create;
  return object;
}

// An archive of database `d` with table t, view v and a trigger on t; live the same and more.
class RestorePlannerTest : public testing::Test {
 protected:
  RestorePlannerTest() {
    content_.sources[0].header.scope.databases = {"d"};
    ContentObject database = Object(ObjectKind::kDatabase, "d", "");
    database.record.charset = "utf8mb4";
    database.record.collation = "utf8mb4_bin";
    content_.databases.push_back(database);
    ContentObject table =
        Object(ObjectKind::kTable, "t", "CREATE TABLE `t` (`a` int) ENGINE=InnoDB");
    table.record.engine = "InnoDB";
    table.record.rows = 3;
    content_.tables.push_back(table);
    content_.rows = 3;
    content_.views.push_back(Object(ObjectKind::kView, "v", "CREATE VIEW `v` AS select 1 AS `1`"));
    ContentObject trigger = Object(ObjectKind::kTrigger, "tr", "CREATE TRIGGER tr …");
    trigger.record.table = "t";
    trigger.record.definer = "root@localhost";
    content_.triggers.push_back(trigger);

    members_ = {{"d", "d", StagingName("d", "abcdefgh"), DisplacedName("d", 1), true}};
    facts_.account = "root@localhost";
    facts_.privileges =
        Privileges::Parse({"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"});
    facts_.databases = {"d", "mysql"};
    facts_.charsets = {"utf8mb4", "utf8mb3"};
    facts_.collations = {"utf8mb4_bin", "utf8mb3_general_ci"};
    facts_.engines = {"innodb"};
    facts_.traits.has_atomic_ddl = true;
    facts_.traits.max_allowed_packet = 16 << 20;

    Database live;
    live.name = "d";
    live.charset = "utf8mb4";
    live.collation = "utf8mb4_bin";
    live.create = "CREATE DATABASE `d`";
    live.tables.push_back(LiveTable("t"));
    live.tables.push_back(LiveTable("added"));
    live.views.push_back(ViewOf(content_.views[0], "d"));
    facts_.live.databases.push_back(live);
  }

  static Table LiveTable(const std::string& name) {
    Table table;
    table.id = {"d", ObjectKind::kTable, name};
    return table;
  }

  Database& live() { return facts_.live.databases[0]; }
  RestorePlan Plan(OtherSessions other_sessions = OtherSessions::kTell) {
    return MakePlan(content_, members_, facts_, other_sessions);
  }
  PreparedSet Set() { return MakeSet(content_, members_, facts_); }
  // And what it is refused with.
  static void ExpectRefusal(const std::vector<std::string>& problems, const std::string& text) {
    EXPECT_THAT(problems, ElementsAre(HasSubstr(text)));
    ExpectError(ErrorCode::kRestorePreflight,
                "the restore cannot be done as asked, 1 problem\n  - ", "Nothing was changed",
                [&] { throw RefusalOf(problems); });
  }
  void ExpectOneProblem(const std::string& text) { ExpectRefusal(Plan().problems, text); }

  RestoreContent content_;
  std::vector<RestoreMember> members_;
  RestoreFacts facts_;
};

TEST_F(RestorePlannerTest, WhereDdlIsNotAtomicThePlanTellsWhatHealsATornTable) {
  EXPECT_EQ(fmt::format("{}", fmt::join(Plan().warnings, "; ")).find("atomic"), std::string::npos);
  facts_.traits.has_atomic_ddl = false;
  const auto told = [&](const std::string& grants, bool copies) {
    facts_.privileges = Privileges::Parse({"GRANT " + grants + " ON *.* TO `root`@`localhost`"});
    facts_.copies_own_files = copies;
    return fmt::format("{}", fmt::join(Plan().warnings, "; "));
  };
  EXPECT_THAT(told("FILE, PROCESS", true),
              AllOf(HasSubstr("is put together then"), Not(HasSubstr("help: GRANT"))));
  EXPECT_THAT(told("FILE", true), HasSubstr("recognised: GRANT PROCESS ON *.* TO"));
  EXPECT_THAT(told("PROCESS", true), AllOf(HasSubstr("the file to move by hand"),
                                           HasSubstr("without help: GRANT FILE ON *.* TO")));
  EXPECT_THAT(told("SELECT", true), HasSubstr("without help: GRANT FILE, PROCESS ON *.* TO"));
  EXPECT_THAT(told("FILE, PROCESS", false),
              AllOf(HasSubstr("secure_file_priv"), HasSubstr("the file to move by hand")));
}

TEST_F(RestorePlannerTest, SaysWhatIsReplacedAddedBackAndRemoved) {
  const RestorePlan plan = Plan();
  EXPECT_THAT(plan.problems, IsEmpty());
  EXPECT_THAT(plan.replaced, ElementsAre(ObjectId{"d", ObjectKind::kTable, "t"}));
  EXPECT_THAT(plan.added_back, ElementsAre(ObjectId{"d", ObjectKind::kTrigger, "tr"}));
  EXPECT_THAT(plan.removed, ElementsAre(ObjectId{"d", ObjectKind::kTable, "added"}));
  EXPECT_EQ(plan.rows, 3U);
  EXPECT_EQ(plan.generation, 1U);
}

TEST_F(RestorePlannerTest, WholeDatabaseMovesAndNothingExtraIsWanted) {
  const PreparedSet set = Set();
  EXPECT_THAT(set.incoming[0], ElementsAre("t"));
  EXPECT_THAT(set.outgoing[0], ElementsAre("t", "added"));
  ASSERT_EQ(set.wanted[0].tables.size(), 1U);
  EXPECT_EQ(set.wanted[0].triggers.size(), 1U);
  EXPECT_EQ(set.before[0].tables.size(), 2U);
}

TEST_F(RestorePlannerTest, MissingDatabaseIsCreatedAsArchived) {
  facts_.live.databases.clear();
  members_[0].exists = false;
  EXPECT_THAT(Plan().created_databases, ElementsAre("d"));
  const PreparedSet set = Set();
  EXPECT_EQ(set.before[0].create, "");
  EXPECT_EQ(set.wanted[0].create,
            "CREATE DATABASE `d` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

TEST_F(RestorePlannerTest, NothingIsRestoredUnderANameOfOurOwn) {
  for (const std::string& name : {StagingName("d", "abcdefgh"), DisplacedName("d", 3)}) {
    content_.sources[0].header.scope.databases = {name};
    members_ = {{name, name, StagingName(name, "abcdefgh"), DisplacedName(name, 1), true}};
    for (auto* objects :
         {&content_.databases, &content_.tables, &content_.views, &content_.triggers}) {
      for (ContentObject& object : *objects) object.record.id.database = name;
    }
    content_.databases[0].record.id.name = name;
    ExpectOneProblem("`" + name + "` has the name of a ");
  }
}

TEST_F(RestorePlannerTest, ViewsThatCouldNotBeMadeAreProblemsAndThoseAnUndoCouldNotAreTold) {
  facts_.unmet_views.to_create = {{{"d", ObjectKind::kView, "v"}, "column `c` of `o`.`t`"}};
  facts_.unmet_views.to_undo = {{{"d", ObjectKind::kView, "w"}, "function `o`.`f`"}};
  ExpectOneProblem("view `d`.`v` needs column `c` of `o`.`t`");
  EXPECT_THAT(Plan().warnings, Contains(AllOf(HasSubstr("view `d`.`w` needs function `o`.`f`"),
                                              HasSubstr("undo could not bring it back"))));
}

TEST_F(RestorePlannerTest, KindsOutsideTheScopeStay) {
  content_.sources[0].header.scope.excluded_kinds = {ObjectKind::kTrigger};
  content_.triggers.clear();
  StoredProgram kept;
  kept.id = {"d", ObjectKind::kTrigger, "live_on_t"};
  kept.table = "t";
  StoredProgram gone;
  gone.id = {"d", ObjectKind::kTrigger, "live_on_added"};
  gone.table = "added";
  live().triggers = {kept, gone};
  const PreparedSet set = Set();
  ASSERT_EQ(set.wanted[0].triggers.size(), 1U);
  EXPECT_EQ(set.wanted[0].triggers[0].id.name, "live_on_t");
}

TEST_F(RestorePlannerTest, TablesOutsideTheScopeStay) {
  content_.sources[0].header.scope.ignored_tables = {{"d", "added"}};
  const PreparedSet set = Set();
  EXPECT_THAT(set.outgoing[0], ElementsAre("t"));
  EXPECT_EQ(set.wanted[0].tables.size(), 2U);
  EXPECT_THAT(Plan().removed, IsEmpty());
}

TEST_F(RestorePlannerTest, ListedTablesLeaveEverythingElseAlone) {
  content_.sources[0].header.scope.only_tables = {{"d", "t"}};
  StoredProgram routine;
  routine.id = {"d", ObjectKind::kProcedure, "p"};
  live().routines = {routine};
  live().charset = "latin1";
  live().collation = "latin1_bin";
  const PreparedSet set = Set();
  EXPECT_THAT(set.outgoing[0], ElementsAre("t"));
  EXPECT_EQ(set.wanted[0].routines.size(), 1U);
  EXPECT_EQ(set.wanted[0].collation, "latin1_bin");
}

TEST_F(RestorePlannerTest, OmittedObjectsStay) {
  ObjectRecord omitted;
  omitted.id = {"d", ObjectKind::kTable, "added"};
  omitted.omitted = "no SELECT";
  content_.omitted.push_back(omitted);
  EXPECT_THAT(Set().outgoing[0], ElementsAre("t"));
  EXPECT_THAT(Plan().warnings, Contains(HasSubstr("`added`")));
}

TEST_F(RestorePlannerTest, GenerationIsOneMoreThanTheHighestOfTheSet) {
  facts_.databases.insert({DisplacedName("d", 2), DisplacedName("d", 5), DisplacedName("dd", 9)});
  EXPECT_EQ(Set().generation, 6U);
}

TEST_F(RestorePlannerTest, ReadOnlyServerIsAProblem) {
  facts_.traits.read_only = true;
  ExpectOneProblem("read_only");
  facts_.traits.read_only = false;
  facts_.innodb_read_only = true;
  ExpectOneProblem("innodb_read_only; start it without");
}

TEST_F(RestorePlannerTest, WhatCouldNotBePutBackIsNamedWithWhatHelps) {
  Unreadable view;
  view.id = {"d", ObjectKind::kView, "hidden"};
  view.code = ErrorCode::kPrivilege;
  view.reason = "access denied";
  view.remedy = "GRANT SHOW VIEW ON `d`.* TO 'u'@'h';";
  facts_.live.unreadable = {view};
  ExpectOneProblem(
      "view `d`.`hidden` as it is now cannot be read, so it could not be put back: access denied: "
      "GRANT SHOW VIEW ON `d`.* TO 'u'@'h';");
}

TEST_F(RestorePlannerTest, FunctionsThatDoNotDeclareTheirDataNeedATrustingServer) {
  facts_.traits.log_bin = true;
  facts_.trusts_function_creators = false;
  content_.routines.push_back(
      Object(ObjectKind::kFunction, "f", "CREATE FUNCTION `f`() RETURNS int RETURN 1"));
  ExpectOneProblem("(function `d`.`f`): SET GLOBAL log_bin_trust_function_creators=1;");
}

TEST_F(RestorePlannerTest, RoutinesThatCouldNotBeReadBackAreNamed) {
  facts_.traits.has_show_routine = true;
  content_.triggers.clear();
  content_.routines.push_back(
      Object(ObjectKind::kProcedure, "p", "CREATE PROCEDURE `p`() SELECT 1"));
  content_.routines[0].record.definer = "other@%";
  facts_.account = "u@h";
  facts_.privileges = Privileges::Parse(
      {"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW "
       "VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT ON `d%`.* TO `u`@`h`",
       "GRANT SET_USER_ID ON *.* TO `u`@`h`"});
  ExpectOneProblem(
      "account u@h may not read routines of other definers back (procedure `d`.`p`): GRANT "
      "SHOW_ROUTINE ON "
      "*.* TO 'u'@'h';");
}

TEST_F(RestorePlannerTest, TheRenameOfAllTablesMustFitThePacket) {
  facts_.traits.max_allowed_packet = 64;
  ExpectOneProblem("the RENAME of all tables is one statement of ");
}

TEST_F(RestorePlannerTest, TablesWhoseFilesStandElsewhereAreNotMoved) {
  const std::string create = content_.tables[0].create;
  content_.tables[0].create = create + " DATA DIRECTORY='/data/'";
  ExpectOneProblem("table `d`.`t` has a DATA DIRECTORY in the archive: its file does not move");
  content_.tables[0].create = create;
  live().tables[0].create = create + " DATA DIRECTORY='/data/'";
  ExpectOneProblem("table `d`.`t` has a DATA DIRECTORY live: its file does not move");
}

TEST_F(RestorePlannerTest, KeysThatAreAddedInPlaceNeedReferencesOnTheirParent) {
  facts_.traits.added_keys_need_references = true;
  facts_.account = "u@h";
  facts_.privileges = Privileges::Parse({"GRANT SELECT ON *.* TO `u`@`h`"});
  PreparedSet set;
  set.returning_keys = {
      {"d", "t", "k", "CONSTRAINT `k` FOREIGN KEY (`a`) REFERENCES `shop`.`c` (`a`)"}};
  ExpectRefusal(InPlaceProblems(set, members_, facts_, {}),
                "account u@h may not add foreign keys to `shop`.`c`: GRANT REFERENCES ON "
                "`shop`.`c` TO 'u'@'h';");
}

TEST_F(RestorePlannerTest, MissingPrivilegesAreNamedWithTheirGrant) {
  facts_.account = "ops@10.%";
  content_.triggers[0].record.definer = "ops@10.%";
  facts_.privileges = Privileges::Parse(
      {"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW "
       "VIEW, CREATE ROUTINE, ALTER ROUTINE ON `d`.* TO `ops`@`10.%`"});
  const RestorePlan plan = Plan();
  ASSERT_EQ(plan.problems.size(), 2U);
  EXPECT_THAT(plan.problems[0], HasSubstr("lacks EVENT on `d`: GRANT SELECT, "));
  EXPECT_THAT(plan.problems[0], HasSubstr(" ON `d`.* TO 'ops'@'10.%';"));
  EXPECT_THAT(plan.problems[1], HasSubstr("ON `d\\_\\_dbomsbak\\_%`.* TO 'ops'@'10.%';"));
}

TEST_F(RestorePlannerTest, WhatTheAccountCannotSeeIsToldAsUnchecked) {
  EXPECT_THAT(Plan().warnings, IsEmpty());
  facts_.privileges = Privileges::Parse({"GRANT ALL PRIVILEGES ON `d%`.* TO `root`@`localhost`"});
  EXPECT_THAT(Plan().warnings, ElementsAre(HasSubstr("GRANT PROCESS ON *.* TO 'root'@'localhost';"),
                                           HasSubstr("GRANT PROCESS ON *.*")));
}

TEST_F(RestorePlannerTest, ForeignDefinersNeedARight) {
  content_.triggers[0].record.definer = "app@%";
  EXPECT_THAT(Plan().problems, IsEmpty());
  facts_.privileges = Privileges::Parse(
      {"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW "
       "VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT ON *.* TO `root`@`localhost`"});
  facts_.traits.definer_privilege = "SET USER";
  ExpectOneProblem("GRANT SET USER ON *.* TO 'root'@'localhost';");
  facts_.traits.definer_privilege = "SET_ANY_DEFINER";
  ExpectOneProblem("GRANT SET_ANY_DEFINER ON *.* TO 'root'@'localhost';");
}

TEST_F(RestorePlannerTest, TriggersNeedSuperUnderABinaryLog) {
  facts_.privileges = Privileges::Parse(
      {"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW "
       "VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, PROCESS ON *.* TO `root`@`localhost`"});
  facts_.traits.log_bin = true;
  EXPECT_THAT(Plan().problems, IsEmpty());
  facts_.trusts_function_creators = false;
  ExpectOneProblem("GRANT SUPER ON *.* TO 'root'@'localhost';");
  facts_.privileges = Privileges::Parse({"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`"});
  EXPECT_THAT(Plan().problems, IsEmpty());
}

TEST_F(RestorePlannerTest, ObjectsOfGuardedDefinersNeedTheirPrivilege) {
  facts_.traits.guarded_definer_privilege = "SYSTEM_USER";
  content_.triggers[0].record.definer = "boss@%";
  facts_.privileges = Privileges::Parse(
      {"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW "
       "VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT ON *.* TO `root`@`localhost`"});
  // Before it may set definers at all it cannot be known.
  ExpectOneProblem("if that definer has SYSTEM_USER: GRANT SYSTEM_USER ON *.* TO");
  facts_.privileges = Privileges::Parse({"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`"});
  EXPECT_THAT(Plan().problems, IsEmpty());
  facts_.guarded_definers = {"boss@%"};
  ExpectOneProblem("GRANT SYSTEM_USER ON *.* TO 'root'@'localhost';");
  // Of what is live alone.
  facts_.guarded_definers = {"chief@%"};
  ExpectOneProblem("objects of definer chief@%, who has SYSTEM_USER: GRANT SYSTEM_USER ON *.* TO");
}

TEST_F(RestorePlannerTest, DefinersThatDoNotExistNeedARightOnNewMySql) {
  facts_.accounts = std::set<std::string>{"root@localhost"};
  content_.triggers[0].record.definer = "gone@%";
  facts_.traits.orphan_privilege = "ALLOW_NONEXISTENT_DEFINER";
  facts_.privileges = Privileges::Parse(
      {"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW "
       "VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT, SUPER ON *.* TO `root`@`localhost`"});
  ExpectOneProblem("GRANT ALLOW_NONEXISTENT_DEFINER ON *.* TO 'root'@'localhost';");
}

TEST_F(RestorePlannerTest, ForeignKeysNeedReferencesOnNewMySql) {
  facts_.privileges = Privileges::Parse(
      {"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER, CREATE VIEW, SHOW "
       "VIEW, CREATE ROUTINE, ALTER ROUTINE, EVENT ON *.* TO `root`@`localhost`"});
  EXPECT_THAT(Plan().problems, IsEmpty());
  facts_.traits.foreign_keys_need_references = true;
  ASSERT_EQ(Plan().problems.size(), 2U);
  EXPECT_THAT(Plan().problems[0], HasSubstr("lacks REFERENCES on `d`"));
}

TEST_F(RestorePlannerTest, DefinerWithoutAnAccountIsAWarning) {
  facts_.accounts = std::set<std::string>{"root@localhost"};
  EXPECT_THAT(Plan().warnings, IsEmpty());
  content_.triggers[0].record.definer = "gone@%";
  EXPECT_THAT(Plan().warnings, ElementsAre(HasSubstr("definer gone@%")));
}

TEST_F(RestorePlannerTest, WhatTheServerLacksIsNamed) {
  content_.tables[0].create =
      "CREATE TABLE `t` (`a` text COLLATE utf8mb4_0900_ai_ci, `b` text CHARACTER SET gbk) "
      "ENGINE=Aria DEFAULT CHARSET=utf8 COLLATE=utf8_general_ci";
  content_.tables[0].record.engine = "Aria";
  const RestorePlan plan = Plan();
  EXPECT_THAT(plan.problems,
              ElementsAre("table `d`.`t` cannot be held here: the server has no charset gbk; the "
                          "server has no collation utf8mb4_0900_ai_ci; the server has no storage "
                          "engine Aria"));
  ASSERT_EQ(plan.unheld.size(), 1U);
  EXPECT_EQ(plan.unheld[0].reasons.size(), 3U);
}

TEST_F(RestorePlannerTest, StatementsMustFitThePacket) {
  content_.tables[0].largest_statement = (16 << 20) - 1;
  EXPECT_THAT(Plan().problems, IsEmpty());
  content_.tables[0].largest_statement = 16 << 20;
  ExpectOneProblem("SET GLOBAL max_allowed_packet=17825792;");
}

TEST_F(RestorePlannerTest, ForeignKeysFromOutsideIntoTheSetAreRefused) {
  facts_.keys_into_set.keys = {{"inner", "d", "added", "d", "t"}};
  EXPECT_THAT(Plan().problems, IsEmpty());
  facts_.keys_into_set.keys = {{"outer", "other", "child", "d", "t"}};
  ExpectOneProblem("foreign key `outer` of `other`.`child` points to `d`.`t`");
  // A table of the same database that stays is as bad.
  content_.sources[0].header.scope.ignored_tables = {{"d", "added"}};
  facts_.keys_into_set.keys = {{"inner", "d", "added", "d", "t"}};
  ExpectOneProblem("foreign key `inner`");
}

TEST_F(RestorePlannerTest, KeysThatArePointedToTheRestoredTablesAreNoProblem) {
  facts_.keys_into_set.keys = {{"outer", "other", "child", "d", "t"}};
  facts_.repointed_keys.emplace().push_back(
      {"other", "child", "outer", "CONSTRAINT `outer` FOREIGN KEY (`a`) REFERENCES `d`.`t` (`a`)"});
  EXPECT_THAT(Plan().problems, IsEmpty());
  EXPECT_THAT(Plan().repointed,
              ElementsAre("foreign key `outer` of table `other`.`child` into `d`.`t`"));
  facts_.repointed_keys->clear();
  ExpectOneProblem("its definition cannot be read");
  // It leaves with the displaced copy.
  facts_.keys_into_set.keys = {{"outer", "other", "child", "d", "added"}};
  ExpectOneProblem("into `d`.`added`, which goes and does not come again");
}

TEST_F(RestorePlannerTest, KeysArePointedElsewhereByWhoMayAlterTheirTables) {
  facts_.keys_into_set.keys = {{"f", "other", "child", "d", "t"},
                               {"g", "other", "child", "d", "t"}};
  facts_.repointed_keys.emplace();
  facts_.privileges = Privileges::Parse({"GRANT ALL PRIVILEGES ON `d%`.* TO `u`@`h`",
                                         "GRANT SUPER ON *.* TO `u`@`h`",
                                         "GRANT SELECT ON `other`.`child` TO `u`@`h`"});
  facts_.account = "u@h";
  ExpectOneProblem("GRANT ALTER ON `other`.`child` TO 'u'@'h';");
}

TEST_F(RestorePlannerTest, NamesMustNotMeet) {
  content_.sources[0].header.scope.excluded_kinds = {ObjectKind::kView};
  content_.views.clear();
  live().views[0].id.name = "t";
  ExpectOneProblem("cannot stand beside each other");
}

TEST_F(RestorePlannerTest, TwinsByCaseNeedAServerThatTellsThemApart) {
  ContentObject twin = content_.tables[0];
  twin.record.id.name = "T";
  content_.tables.push_back(twin);
  EXPECT_THAT(Plan().problems, IsEmpty());
  facts_.traits.lower_case_table_names = 1;
  ExpectOneProblem("cannot stand beside each other");
}

TEST_F(RestorePlannerTest, AllProblemsAreToldAtOnce) {
  facts_.traits.read_only = true;
  facts_.engines.clear();
  content_.tables[0].largest_statement = 64 << 20;
  facts_.keys_into_set.keys = {{"outer", "other", "child", "d", "t"}};
  EXPECT_EQ(Plan().problems.size(), 4U);
}

TEST_F(RestorePlannerTest, OpenWindowMustBeHealedFirst) {
  Leftover open;
  open.kind = LeftoverKind::kOpenWindow;
  open.databases = {"d"};
  open.advice = "run restore again";
  facts_.leftovers.push_back(open);
  ExpectOneProblem("run restore again");
}

TEST_F(RestorePlannerTest, OtherSessionsRefuseARestoreAndAreToldToARehearsal) {
  facts_.sessions = {"session 7 of app@10.0.0.5 in `d`"};
  EXPECT_THAT(Plan().problems, IsEmpty());
  EXPECT_THAT(Plan().warnings, ElementsAre(HasSubstr("session 7 of app@10.0.0.5")));
  const RestorePlan refused = Plan(OtherSessions::kRefuse);
  ExpectRefusal(refused.problems,
                "another session uses these databases: session 7 of "
                "app@10.0.0.5 in `d`; what is written there from now on goes with");
  EXPECT_THAT(refused.problems, ElementsAre(HasSubstr("--force")));
  facts_.sessions.push_back("session 8");
  ExpectRefusal(Plan(OtherSessions::kRefuse).problems, "2 other sessions use these databases: ");
  members_[0].staging = members_[0].displaced = "d";
  ExpectRefusal(
      Plan(OtherSessions::kRefuse).problems,
      "is kept in tables beside the restored ones (stop the application, or add --force)");
}

TEST_F(RestorePlannerTest, KeysAndViewsThatPointOutOfTheSetAreTold) {
  facts_.databases.insert("shop");
  content_.tables[0].create =
      "CREATE TABLE `t` (\n  `a` int DEFAULT NULL COMMENT '`gone`.`x`',\n  CONSTRAINT `k` FOREIGN "
      "KEY "
      "(`a`) REFERENCES `shop`.`c` (`a`)\n) ENGINE=InnoDB";
  content_.views[0].create =
      "CREATE VIEW `v` AS select `c`.`a` AS `a` from (`shop`.`c` join `attic`.`x`)";
  EXPECT_THAT(Plan().warnings,
              ElementsAre(AllOf(HasSubstr("view `d`.`v` points to database `attic`"),
                                HasSubstr("no such database")),
                          AllOf(HasSubstr("table `d`.`t`, view `d`.`v` point to database `shop`"),
                                HasSubstr("stays as it is"))));
  EXPECT_THAT(Plan().problems, IsEmpty());
  content_.tables[0].create = "CREATE TABLE `t` (`a` int) ENGINE=InnoDB";
  content_.views[0].create = "CREATE VIEW `v` AS select 1 AS `1` from `d`.`t`";
  EXPECT_THAT(Plan().warnings, IsEmpty());
}

TEST_F(RestorePlannerTest, TablesThatDifferInDefinitionAreNamedWhereServersPrintAlike) {
  live().tables[0].create = "CREATE TABLE `t` (`b` int) ENGINE=InnoDB AUTO_INCREMENT=7";
  EXPECT_THAT(Plan().differing, IsEmpty());
  content_.sources[0].header.server_flavour = facts_.traits.FlavourName();
  content_.sources[0].header.server_version = facts_.traits.version;
  EXPECT_THAT(Plan().differing, ElementsAre(ObjectId{"d", ObjectKind::kTable, "t"}));
  live().tables[0].create = "CREATE TABLE `t` (`a` int) ENGINE=InnoDB AUTO_INCREMENT=7";
  EXPECT_THAT(Plan().differing, IsEmpty());
}

TEST_F(RestorePlannerTest, ProgramsAndDatabasesThatDifferAreNamedLikeTables) {
  content_.sources[0].header.server_flavour = facts_.traits.FlavourName();
  content_.sources[0].header.server_version = facts_.traits.version;
  live().tables[0].create = content_.tables[0].create;
  live().triggers.push_back(ProgramOf(content_.triggers[0], "d"));
  EXPECT_THAT(Plan().differing, IsEmpty());
  EXPECT_THAT(Plan().altered, IsEmpty());
  live().views[0].create = "CREATE VIEW `v` AS select 2 AS `2`";
  live().triggers[0].sql_mode = "ANSI";
  live().collation = "utf8mb4_general_ci";
  EXPECT_THAT(Plan().differing, ElementsAre(ObjectId{"d", ObjectKind::kView, "v"},
                                            ObjectId{"d", ObjectKind::kTrigger, "tr"}));
  EXPECT_THAT(Plan().altered,
              ElementsAre("database `d`: collation utf8mb4_bin, now utf8mb4_general_ci"));
  live().collation = "utf8mb4_bin";
  live().comment = "of the upgrade";
  content_.databases[0].record.comment = "";
  EXPECT_THAT(Plan().altered, ElementsAre("database `d`: comment"));
}

TEST_F(RestorePlannerTest, WhereAPrivilegeIsMissingObjectsMayOnlyBeHidden) {
  EXPECT_TRUE(Plan().sees_all);
  facts_.privileges = Privileges::Parse({"GRANT SELECT ON `other`.* TO `root`@`localhost`"});
  EXPECT_FALSE(Plan().sees_all);
  facts_.privileges = Privileges::Parse({"GRANT SELECT, TRIGGER ON `d`.* TO `root`@`localhost`"});
  EXPECT_TRUE(Plan().sees_all);
  facts_.live.unreadable.push_back({{"d", ObjectKind::kEvent, "*"}, ErrorCode::kPrivilege, "", ""});
  EXPECT_FALSE(Plan().sees_all);
}

TEST(RestoreTest, AnArchiveOfTheServersOwnDatabaseIsRefusedBeforeAnyConnection) {
  class NoServer : public SessionFactory {
    std::unique_ptr<Session> Connect() override {
      throw Error(ErrorCode::kConnect, "asked for a server");
    }
  } nobody;
  for (const char* own : {"mysql", "information_schema", "performance_schema", "sys"}) {
    SampleArchive sample(SampleHeader({"d", own}));
    sample.AddPreamble(fmt::format("[\"d\",\"{}\"]", own), true);
    sample.AddDatabase("d");
    sample.AddDatabase(own);
    sample.AddEnd();
    try {
      RunRestore(nobody, {InMemory(sample.Build())}, {}, {}, SilentObserver(), CancelToken());
      ADD_FAILURE() << own;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kRestorePreflight) << error.message();
      EXPECT_THAT(error.message(), HasSubstr(own));
    }
  }
}

TEST(RestoreTest, WhatLacksObjectsOfItsScopeIsRestoredOnRequestAlone) {
  class NoServer : public SessionFactory {
    std::unique_ptr<Session> Connect() override {
      throw Error(ErrorCode::kConnect, "asked for a server");
    }
  } nobody;
  SampleArchive sample(SampleHeader({"d"}));
  sample.AddPreamble(R"(["d"])", false);
  sample.AddDatabase("d");
  ObjectRecord lost;
  lost.id = {"d", ObjectKind::kTable, "t"};
  lost.omitted = "no SELECT";
  sample.objects.push_back(lost);
  sample.AddEnd();
  const auto restore = [&](bool allowed) {
    RestoreOptions options;
    options.allow_partial = allowed;
    RunRestore(nobody, {InMemory(sample.Build())}, options, {}, SilentObserver(), CancelToken());
  };
  ExpectError(ErrorCode::kRestorePreflight,
              "'memory' is partial: objects in its scope were left out", "--allow-partial",
              [&] { restore(false); });
  ExpectError(ErrorCode::kConnect, "asked for a server", "", [&] { restore(true); });
}

TEST_F(RestorePlannerTest, AKindThatWasHiddenFromTheDumpStays) {
  ObjectRecord hidden;
  hidden.id = {"d", ObjectKind::kEvent, "*"};
  hidden.omitted = "no EVENT";
  content_.omitted.push_back(hidden);
  StoredProgram event;
  event.id = {"d", ObjectKind::kEvent, "e"};
  live().events = {event};
  EXPECT_EQ(Set().wanted[0].events.size(), 1U);
}

}  // namespace
}  // namespace dbomsbak
