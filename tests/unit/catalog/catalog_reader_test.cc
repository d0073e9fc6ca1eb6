// Reading a catalogue from a scripted server: order, what cannot be read, and failing at every
// step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "dbomsbak/catalog/catalog.h"
#include "dbomsbak/catalog/dropped_events.h"
#include "support/fake_session.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

using test::FakeServer;
using test::FakeSession;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kAll[] = "GRANT ALL PRIVILEGES ON *.* TO `u`@`h`";

class CatalogReaderTest : public ::testing::Test {
 protected:
  CatalogReaderTest() {
    traits_.flavour = ServerFlavour::kMariaDb;
    traits_.version_number = 101119;
    Grants({kAll});
    server_.On("SELECT CURRENT_USER()", test::Answer({"u"}, {{"u@h"}}));
    server_.On("SELECT * FROM information_schema.SCHEMATA",
               test::Answer({"SCHEMA_NAME", "DEFAULT_CHARACTER_SET_NAME"},
                            {{"d", "utf8mb4"}, {"D", "latin1"}, {"customers", "utf8mb4"}}));
    server_.On("SHOW CREATE DATABASE",
               test::Answer({"Database", "Create Database"}, {{"d", "CREATE …"}}));
    server_.On("SELECT ENGINE", test::Answer({"ENGINE"}, {{"InnoDB"}}));
    server_.On("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE",
               test::Answer({"TABLE_SCHEMA", "TABLE_NAME", "TABLE_TYPE", "ENGINE"},
                            {{"d", "z", "BASE TABLE", "InnoDB"},
                             {"D", "other", "BASE TABLE", "InnoDB"},
                             {"d", "m", "BASE TABLE", "MRG_MYISAM"},
                             {"d", "a_top", "VIEW", std::nullopt},
                             {"d", "b_base", "VIEW", std::nullopt}}));
    server_.On("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME",
               test::Answer({"TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE",
                             "COLUMN_TYPE", "IS_NULLABLE", "EXTRA"},
                            {{"d", "z", "id", "int", "int(11)", "NO", ""},
                             {"d", "z", "f", "float", "float", "NO", ""},
                             {"d", "m", "id", "int", "int(11)", "NO", ""},
                             {"d", "a_top", "id", "int", "int(11)", "NO", ""},
                             {"d", "b_base", "id", "int", "int(11)", "NO", ""}}));
    server_.On("SELECT TABLE_SCHEMA, TABLE_NAME, INDEX_NAME",
               test::Answer({"TABLE_SCHEMA", "TABLE_NAME", "INDEX_NAME", "COLUMN_NAME", "SUB_PART",
                             "INDEX_TYPE"},
                            {{"d", "z", "aa", "id", "3", "BTREE"},
                             {"d", "z", "bb", "f", std::nullopt, "BTREE"},
                             {"d", "z", "cc", "id", std::nullopt, "HASH"},
                             {"d", "z", "dd", "id", std::nullopt, "BTREE"},
                             {"d", "z", "PRIMARY", "id", std::nullopt, "BTREE"}}));
    server_.On("SHOW CREATE TABLE", test::Answer({"Table", "Create Table"},
                                                 {{"z",
                                                   "CREATE TABLE `z` (\n  `id` int(11) NOT NULL\n) "
                                                   "ENGINE=InnoDB AUTO_INCREMENT=7"}}));
    View("a_top", "select `d`.`b_base`.`id` AS `id` from `b_base`");
    View("b_base", "select `d`.`z`.`id` AS `id` from `z`");
  }

  void Grants(const std::vector<std::string>& lines) {
    std::vector<Row> rows;
    for (const std::string& line : lines) rows.push_back({line});
    server_.On("SHOW GRANTS", test::Answer({"Grants"}, rows));
  }
  void View(const std::string& name, const std::string& select) {
    server_.On("SHOW CREATE VIEW `" + name + "`",
               test::Answer({"View", "Create View", "character_set_client", "collation_connection"},
                            {{name, "CREATE VIEW `" + name + "` AS " + select, "utf8mb4", "c"}}));
  }
  Catalog Read(std::vector<std::string> databases = {"d"}) {
    FakeSession session(server_);
    return ReadCatalog(session, traits_, {std::move(databases), true, true});
  }
  Error ErrorOf(std::vector<std::string> databases) {
    try {
      Read(std::move(databases));
    } catch (const Error& error) {
      return error;
    }
    return Error(ErrorCode::kOk, "");
  }

  FakeServer server_;
  ServerTraits traits_;
};

TEST_F(CatalogReaderTest, TablesAreSortedAndOnlyOfTheVeryDatabase) {
  const Catalog catalog = Read();
  ASSERT_EQ(catalog.databases.size(), 1u);
  const Database& d = catalog.databases[0];
  ASSERT_EQ(d.tables.size(), 2u);
  EXPECT_EQ(d.tables[0].id.name, "m");
  EXPECT_TRUE(d.tables[0].rows_elsewhere);
  EXPECT_FALSE(d.tables[0].transactional);
  EXPECT_EQ(d.tables[1].id.name, "z");
  EXPECT_TRUE(d.tables[1].transactional);
  EXPECT_EQ(d.tables[1].auto_increment, 7u);
}

TEST_F(CatalogReaderTest, KeysThatCannotBeWalkedAreLeftOutAndThePrimaryKeyIsFirst) {
  const Catalog catalog = Read();
  std::vector<std::string> names;
  for (const UniqueKey& key : catalog.databases[0].tables[1].unique_keys) names.push_back(key.name);
  EXPECT_THAT(names, ElementsAre("PRIMARY", "dd"));
}

TEST_F(CatalogReaderTest, AViewStandsAfterTheViewsItIsBuiltOn) {
  const Catalog catalog = Read();
  ASSERT_EQ(catalog.databases[0].views.size(), 2u);
  EXPECT_EQ(catalog.databases[0].views[0].id.name, "b_base");
  EXPECT_EQ(catalog.databases[0].views[1].id.name, "a_top");
  EXPECT_EQ(catalog.view_order.front().name, "b_base");
}

TEST_F(CatalogReaderTest, WhatPrivilegesHideIsToldWithItsGrant) {
  Grants({"GRANT USAGE ON *.* TO `u`@`h`", "GRANT SELECT ON `d`.* TO `u`@`h`"});
  const Catalog catalog = Read();
  std::vector<std::string> remedies;
  for (const Unreadable& object : catalog.unreadable) remedies.push_back(object.remedy);
  EXPECT_THAT(remedies, ElementsAre("GRANT TRIGGER ON `d`.* TO 'u'@'h';",
                                    "GRANT SELECT ON `mysql`.`proc` TO 'u'@'h';",
                                    "GRANT SELECT ON `mysql`.`proc` TO 'u'@'h';",
                                    "GRANT EVENT ON `d`.* TO 'u'@'h';"));
}

TEST_F(CatalogReaderTest, AGrantOnSomeColumnsIsNotEnoughToReadATable) {
  Grants({"GRANT TRIGGER, EVENT, EXECUTE ON `d`.* TO `u`@`h`", "GRANT SELECT ON `d`.`m` TO `u`@`h`",
          "GRANT SELECT (`id`) ON `d`.`z` TO `u`@`h`"});
  const Catalog catalog = Read();
  ASSERT_EQ(catalog.unreadable.size(), 1u);
  EXPECT_EQ(catalog.unreadable[0].id.name, "z");
  EXPECT_EQ(catalog.unreadable[0].code, ErrorCode::kPrivilege);
  EXPECT_EQ(catalog.unreadable[0].remedy, "GRANT SELECT ON `d`.`z` TO 'u'@'h';");
  ASSERT_EQ(catalog.databases[0].tables.size(), 1u);
}

TEST_F(CatalogReaderTest, ARoutineWithoutBodyIsUnreadable) {
  server_.On(
      "SELECT ROUTINE_SCHEMA",
      test::Answer({"ROUTINE_SCHEMA", "ROUTINE_NAME", "ROUTINE_TYPE"}, {{"d", "p", "PROCEDURE"}}));
  server_.On(
      "SHOW CREATE PROCEDURE `p`",
      test::Answer({"Procedure", "sql_mode", "Create Procedure"}, {{"p", "", std::nullopt}}));
  const Catalog catalog = Read();
  EXPECT_TRUE(catalog.databases[0].routines.empty());
  ASSERT_EQ(catalog.unreadable.size(), 1u);
  EXPECT_EQ(catalog.unreadable[0].id.Describe(), "procedure `d`.`p`");
  EXPECT_EQ(catalog.unreadable[0].remedy, "GRANT SELECT ON `mysql`.`proc` TO 'u'@'h';");
}

// Only a missing privilege is one; what is broken is told as such.
TEST_F(CatalogReaderTest, ABrokenTableIsRefusedByTheServerNotByPrivileges) {
  server_.OnError("SHOW CREATE TABLE `z`", ServerError(ErrorCode::kQueryRefused, 1194, "HY000",
                                                       "Table 'z' is marked as crashed"));
  const Catalog catalog = Read();
  ASSERT_EQ(catalog.unreadable.size(), 1u);
  EXPECT_EQ(catalog.unreadable[0].id.name, "z");
  EXPECT_EQ(catalog.unreadable[0].code, ErrorCode::kQueryRefused);
}

// Or it would be left out, or its view be called broken and be guessed, because somebody ended a
// statement, or the server had no room for what it puts aside.
TEST_F(CatalogReaderTest, AStatementThatWasEndedTellsNothingOfItsObject) {
  const ServerError ended(ErrorCode::kQueryRefused, 1317, "70100", "Query was interrupted");
  const ServerError full(ErrorCode::kQueryRefused, 1114, "HY000", "The table is full");
  server_.On("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME",
             test::Answer({"TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME"}, {}));
  for (const char* statement : {"SHOW FIELDS", "SHOW CREATE TABLE", "SHOW CREATE VIEW"}) {
    for (const ServerError& error : {ended, full}) {
      server_.OnError(statement, error);
      try {
        Read();
        ADD_FAILURE() << statement << " went on behind " << error.what();
      } catch (const ServerError& e) {
        EXPECT_EQ(e.number(), error.number()) << statement;
      }
    }
    server_.OnError(statement, ServerError(ErrorCode::kQueryRefused, 1194, "HY000", "crashed"));
  }
}

TEST_F(CatalogReaderTest, HiddenGrantsOnRoutinesAreTold) {
  EXPECT_TRUE(Read().routine_grants_known);
  server_.OnError("SELECT Host, Db, User",
                  ServerError(ErrorCode::kPrivilege, 1142, "42000", "SELECT command denied"));
  EXPECT_FALSE(Read().routine_grants_known);
}

TEST_F(CatalogReaderTest, GrantsOnRoutinesAreWrittenAsStatements) {
  server_.On("SELECT ROUTINE_SCHEMA",
             test::Answer({"ROUTINE_SCHEMA", "ROUTINE_NAME", "ROUTINE_TYPE"},
                          {{"d", "Pay", "PROCEDURE"}, {"d", "pay", "FUNCTION"}}));
  server_.On("SHOW CREATE PROCEDURE", test::Answer({"Create Procedure"}, {{"CREATE …"}}));
  server_.On("SHOW CREATE FUNCTION", test::Answer({"Create Function"}, {{"CREATE …"}}));
  server_.On("SELECT Host, Db, User",
             test::Answer({"Host", "Db", "User", "Routine_name", "Routine_type", "Proc_priv"},
                          {{"%", "d", "o'k", "pay", "PROCEDURE", "Execute,Alter Routine,Grant"},
                           {"", "d", "role", "pay", "PROCEDURE", "Execute"}}));
  const Catalog catalog = Read();
  ASSERT_EQ(catalog.databases[0].routines.size(), 2u);
  EXPECT_THAT(catalog.databases[0].routines[0].grants,
              ElementsAre("GRANT EXECUTE, ALTER ROUTINE ON PROCEDURE `d`.`Pay` TO 'o\\'k'@'%' WITH "
                          "GRANT OPTION",
                          "GRANT EXECUTE ON PROCEDURE `d`.`Pay` TO 'role'"));
  EXPECT_TRUE(catalog.databases[0].routines[1].grants.empty());
}

TEST_F(CatalogReaderTest, AnUnknownDatabaseIsUsageWithNearNames) {
  const Error error = ErrorOf({"customer"});
  EXPECT_EQ(error.code(), ErrorCode::kUsage);
  EXPECT_THAT(error.message(), HasSubstr("`customer`"));
  EXPECT_THAT(error.hint(), HasSubstr("`customers`"));
}

TEST_F(CatalogReaderTest, ATableInThePlaceOfADatabaseAsksForOnly) {
  server_.On("SELECT TABLE_NAME FROM information_schema.TABLES", test::Answer({"t"}, {{"z"}}));
  EXPECT_THAT(ErrorOf({"d", "z"}).hint(), HasSubstr("--only d.z"));
}

TEST_F(CatalogReaderTest, CaseOfDatabaseNamesCountsUnlessTheServerIgnoresIt) {
  EXPECT_EQ(Read({"D"}).databases.at(0).charset, "latin1");
  EXPECT_EQ(ErrorOf({"Customers"}).code(), ErrorCode::kUsage);
  traits_.lower_case_table_names = 1;
  EXPECT_EQ(Read({"Customers"}).databases.at(0).name, "customers");
}

// Whatever statement the connection is lost at, the whole ends with that, never with less read.
TEST_F(CatalogReaderTest, AConnectionLostAnywhereEndsTheReading) {
  Read();
  const std::size_t statements = server_.statements().size();
  ASSERT_GT(statements, 15u);
  for (std::size_t n = 1; n <= statements; ++n) {
    server_.FailAt(n, FakeServer::Lost());
    const Error error = ErrorOf({"d"});
    EXPECT_EQ(error.code(), ErrorCode::kConnectionLost) << "statement " << n;
  }
}

TEST_F(CatalogReaderTest, VectorsThatAServerRoundsAreNotRead) {
  traits_.has_exact_vector_text = false;
  server_.On("SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME",
             test::Answer({"TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE", "COLUMN_TYPE",
                           "IS_NULLABLE", "EXTRA"},
                          {{"d", "z", "v", "vector", "vector(3)", "NO", ""}}));
  const Catalog catalog = Read();
  ASSERT_EQ(catalog.unreadable.size(), 1u);
  EXPECT_EQ(catalog.unreadable[0].id.name, "z");
  EXPECT_EQ(catalog.unreadable[0].code, ErrorCode::kUnsupported);
  EXPECT_THAT(catalog.unreadable[0].reason, HasSubstr("rounds the values of column `v`"));
  EXPECT_THAT(catalog.unreadable[0].remedy, HasSubstr("--ignore-table"));
}

TEST_F(CatalogReaderTest, EventsOfADroppedDatabaseThatStayAreToldWithItsName) {
  traits_.has_runnable_show_create = false;
  server_.On("SELECT MIN(cowner)", test::Answer({"cowner"}, {{"gone"}}));
  FakeSession session(server_);
  ExpectError(ErrorCode::kBusy, "the server still lists events of a dropped database `gone`",
              "run the same command again", [&] {
                AwaitDroppedEvents(session, traits_, {"gone"}, std::chrono::milliseconds(1));
              });
}

}  // namespace
}  // namespace dbomsbak
