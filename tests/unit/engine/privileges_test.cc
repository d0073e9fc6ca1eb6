#include "dbomsbak/catalog/privileges.h"

#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

TEST(PrivilegesTest, AllPrivilegesAreAllButHandingOn) {
  const Privileges all = Privileges::Parse({"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`"});
  EXPECT_TRUE(all.Has("CREATE VIEW", "x"));
  EXPECT_TRUE(all.HasGlobal("SUPER"));
  EXPECT_FALSE(all.MayGrant("x"));
  const Privileges root =
      Privileges::Parse({"GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION"});
  EXPECT_TRUE(root.MayGrant("x"));
}

TEST(PrivilegesTest, PatternsOfDatabasesCountAsTheServerReadsThem) {
  const Privileges some =
      Privileges::Parse({"GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*0'",
                         "GRANT SELECT, INSERT, CREATE VIEW ON `oms\\_rm%`.* TO `u`@`%`",
                         "GRANT DROP ON `a``b`.* TO `u`@`%`", "GRANT `role` TO `u`@`%`"});
  EXPECT_TRUE(some.Has("SELECT", "oms_rm"));
  EXPECT_TRUE(some.Has("CREATE VIEW", "oms_rm__dbomsbak_new_12345678"));
  EXPECT_FALSE(some.Has("SELECT", "omsXrm"));
  EXPECT_FALSE(some.Has("DROP", "oms_rm"));
  EXPECT_TRUE(some.Has("DROP", "a`b"));
  EXPECT_FALSE(some.HasGlobal("SELECT"));
}

TEST(PrivilegesTest, TheMostSpecificPatternHidesOthersOfTheSameAccount) {
  const Privileges narrowed = Privileges::Parse(
      {"GRANT SELECT ON `oms\\_rm%`.* TO `u`@`%`", "GRANT SELECT ON `oms%`.* TO `u`@`%`",
       "GRANT DROP ON `oms\\_rm`.* TO `u`@`%` WITH GRANT OPTION",
       "GRANT UPDATE ON `oms%`.* TO PUBLIC"});
  EXPECT_FALSE(narrowed.Has("SELECT", "oms_rm"));
  EXPECT_TRUE(narrowed.Has("DROP", "oms_rm"));
  EXPECT_TRUE(narrowed.Has("UPDATE", "oms_rm"));  // everybody has it
  EXPECT_TRUE(narrowed.Has("SELECT", "oms_rm2"));
  EXPECT_TRUE(narrowed.Has("SELECT", "oms_cm"));
}

TEST(PrivilegesTest, TablesColumnsAndRoutinesAreNotTheDatabase) {
  const Privileges narrow = Privileges::Parse(
      {"GRANT SELECT ON `d`.`t` TO `u`@`%`", "GRANT EXECUTE ON PROCEDURE `d`.`p` TO `u`@`%`",
       "GRANT INSERT (`a`, `b`), UPDATE ON `d`.* TO `u`@`%`"});
  EXPECT_FALSE(narrow.Has("SELECT", "d"));
  EXPECT_FALSE(narrow.Has("EXECUTE", "d"));
  EXPECT_FALSE(narrow.Has("INSERT", "d"));
  EXPECT_TRUE(narrow.Has("UPDATE", "d"));
}

// As MySQL 9.7 prints them.
TEST(PrivilegesTest, WhatWasRevokedForADatabaseIsMissingThere) {
  const Privileges partial = Privileges::Parse(
      {"GRANT SELECT, INSERT ON *.* TO `u`@`%`", "GRANT BACKUP_ADMIN ON *.* TO `u`@`%`",
       "GRANT INSERT ON `e`.* TO `u`@`%`", "REVOKE SELECT, INSERT ON `d`.* FROM `u`@`%`",
       "GRANT `r`@`%` TO `u`@`%`"});
  EXPECT_TRUE(partial.Has("SELECT", "other"));
  EXPECT_FALSE(partial.Has("SELECT", "d"));
  EXPECT_FALSE(partial.HasOnTable("INSERT", "d", "t"));
  EXPECT_TRUE(partial.Has("INSERT", "e"));
  EXPECT_TRUE(partial.HasGlobal("BACKUP_ADMIN"));
}

TEST(PrivilegesTest, GrantTextsAreExact) {
  EXPECT_EQ(QuoteAccount("o'ps@10.%"), "'o\\'ps'@'10.%'");
  EXPECT_EQ(QuoteAccount("u@x@h"), "'u@x'@'h'");
  EXPECT_EQ(GrantTarget("oms_rm"), "`oms\\_rm`.*");
  EXPECT_EQ(GrantTarget("oms__dbomsbak_", "%"), "`oms\\_\\_dbomsbak\\_%`.*");
}

}  // namespace
}  // namespace dbomsbak
