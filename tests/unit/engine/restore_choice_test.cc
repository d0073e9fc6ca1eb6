#include "engine/restore_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "engine/orphans.h"

namespace dbomsbak {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

ContentObject Object(const std::string& database, ObjectKind kind, const std::string& name,
                     std::string create = {}) {
  ContentObject object;
  object.record.id = {database, kind, name};
  object.record.rows = 5;
  object.create = std::move(create);
  return object;
}

class RestoreChoiceTest : public ::testing::Test {
 protected:
  RestoreChoiceTest() {
    content_.sources[0].header.scope.databases = {"a", "b"};
    content_.databases = {Object("a", ObjectKind::kDatabase, "a"),
                          Object("b", ObjectKind::kDatabase, "b")};
    content_.tables = {
        Object("a", ObjectKind::kTable, "c",
               "CREATE TABLE `c` (\n  `p` int(11) DEFAULT NULL,\n  `q` int(11) DEFAULT NULL,\n"
               "  KEY `f` (`p`),\n  CONSTRAINT `f` FOREIGN KEY (`p`) REFERENCES `t` (`id`) ON "
               "DELETE CASCADE,\n  CONSTRAINT `g` FOREIGN KEY (`q`) REFERENCES `b`.`u` (`id`)\n)"),
        Object("a", ObjectKind::kTable, "t"), Object("b", ObjectKind::kTable, "u")};
    content_.views = {Object("a", ObjectKind::kView, "v")};
    content_.routines = {Object("a", ObjectKind::kProcedure, "p")};
    content_.triggers = {Object("a", ObjectKind::kTrigger, "on_t")};
    content_.triggers[0].record.table = "t";
    content_.units = {{0, 0, 0, 9}, {0, 1, 9, 9}, {1, 2, 0, 9}};
    content_.sources[0].unit_count = 3;
    content_.root_digest = "root";
  }

  void Apply(const ContentChoice& only, std::map<std::string, std::string> renamed = {},
             bool keep_extra = false) {
    options_.only = only;
    options_.renamed = std::move(renamed);
    options_.keep_extra = keep_extra;
    Choose(only, content_);
    ApplyOptions(options_, content_);
  }

  static std::vector<std::string> NamesOf(const std::vector<ContentObject>& objects) {
    std::vector<std::string> names;
    for (const ContentObject& object : objects) names.push_back(object.record.id.name);
    return names;
  }

  void ExpectUsage(const std::function<void()>& apply, const std::string& word) {
    try {
      apply();
      FAIL() << word;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_THAT(error.message(), HasSubstr(word));
    }
  }

  RestoreContent content_;
  RestoreOptions options_;
};

TEST_F(RestoreChoiceTest, OneTableComesWithItsTriggersAndItsUnits) {
  Apply({{"a", {"t"}}});
  EXPECT_THAT(NamesOf(content_.tables), ElementsAre("t"));
  EXPECT_THAT(NamesOf(content_.triggers), ElementsAre("on_t"));
  EXPECT_THAT(content_.views, IsEmpty());
  EXPECT_THAT(content_.routines, IsEmpty());
  EXPECT_THAT(content_.Databases(), ElementsAre("a"));
  ASSERT_THAT(content_.units, SizeIs(1));
  EXPECT_EQ(content_.units[0].table, 0U);
  EXPECT_EQ(content_.units[0].offset, 9U);
  EXPECT_EQ(content_.sources[0].unit_count, 1U);
  EXPECT_EQ(content_.rows, 5U);
}

TEST_F(RestoreChoiceTest, WhatWasNotChosenIsNotSpokenFor) {
  Apply({{"a", {"t"}}, {"b", {}}});
  EXPECT_TRUE(content_.Covers({"a", ObjectKind::kTable, "t"}));
  EXPECT_TRUE(content_.Covers({"a", ObjectKind::kTrigger, "later"}, "t"));
  EXPECT_FALSE(content_.Covers({"a", ObjectKind::kTrigger, "later"}, "c"));
  EXPECT_FALSE(content_.Covers({"a", ObjectKind::kTable, "c"}));
  EXPECT_FALSE(content_.Covers({"a", ObjectKind::kProcedure, "p"}));
  EXPECT_FALSE(content_.Covers({"a", ObjectKind::kDatabase, "a"}));
  EXPECT_TRUE(content_.Covers({"b", ObjectKind::kProcedure, "p"}));
  EXPECT_TRUE(content_.Covers({"b", ObjectKind::kDatabase, "b"}));
  EXPECT_EQ(content_.OnlyOf("a"), std::vector<std::string>{"t"});
  EXPECT_FALSE(content_.OnlyOf("b"));
}

TEST_F(RestoreChoiceTest, KeysToTablesThatStayAreNotMadeInStaging) {
  Apply({{"a", {"c"}}, {"b", {}}});
  const ContentObject& table = content_.tables[0];
  ASSERT_THAT(table.keys_to_staying, SizeIs(1));
  EXPECT_EQ(table.keys_to_staying[0].name, "f");
  const std::string staged = table.StagedCreate();
  EXPECT_THAT(staged, HasSubstr("KEY `f` (`p`),\n  CONSTRAINT `g`"));
  EXPECT_EQ(staged.find("ON DELETE CASCADE"), std::string::npos);
}

TEST_F(RestoreChoiceTest, AWholeArchiveHasNoSuchKeys) {
  Apply({});
  EXPECT_THAT(content_.tables[0].keys_to_staying, IsEmpty());
  EXPECT_EQ(content_.root_digest, "root");
}

TEST_F(RestoreChoiceTest, AnotherChoiceNeedsAnotherStaging) {
  RestoreContent same = content_, other = content_;
  options_.only = {{"a", {"t"}}};
  ApplyOptions(options_, same);
  options_.only = {{"a", {"c"}}};
  ApplyOptions(options_, other);
  EXPECT_NE(same.root_digest, other.root_digest);
  EXPECT_NE(same.root_digest, "root");
}

TEST_F(RestoreChoiceTest, NamesThatNoFileHoldsAreUsageErrors) {
  ExpectUsage([&] { Apply({{"a", {"nothing"}}}); }, "`nothing`");
  ExpectUsage([&] { Apply({{"nowhere", {}}}); }, "`nowhere`");
}

TEST_F(RestoreChoiceTest, NewNamesMustNotMeet) {
  ExpectUsage([&] { Apply({}, {{"a", "b"}}); }, "`b`");
  ExpectUsage([&] { Apply({}, {{"a", "x"}, {"b", "x"}}); }, "`x`");
  ExpectUsage([&] { Apply({}, {{"a", "mysql"}}); }, "`mysql`");
  ExpectUsage([&] { Apply({}, {{"nowhere", "x"}}); }, "`nowhere`");
  ExpectUsage([&] { Apply({}, {{"a", std::string(65, 'x')}}); }, "xxx");
  Apply({}, {{"a", "b"}, {"b", "a"}});  // they change places
  EXPECT_EQ(MembersOf(options_, content_)[0].live, "b");
}

TEST_F(RestoreChoiceTest, BodiesAndStringsThatNameARenamedDatabaseAreTold) {
  content_.views[0].create = "CREATE VIEW `v` AS select `a`.`t`.`id` AS `id` from `a`.`t`";
  content_.routines[0].create = "CREATE PROCEDURE `p`() SELECT * FROM a.t";
  content_.triggers[0].create = "CREATE TRIGGER `on_t` BEFORE INSERT ON `t` FOR EACH ROW SET @a=1";
  Apply({}, {{"a", "x"}});
  const std::vector<std::string> told = NamedStill(content_, MembersOf(options_, content_));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_THAT(told[0], HasSubstr("procedure `a`.`p`"));
}

TEST_F(RestoreChoiceTest, WhatTheFilesDoNotHoldMayStayButTriggersGoWithTheirTable) {
  Apply({}, {}, true);
  EXPECT_FALSE(content_.Covers({"a", ObjectKind::kTable, "added"}));
  EXPECT_FALSE(content_.Covers({"a", ObjectKind::kTrigger, "later"}, "added"));
  EXPECT_TRUE(content_.Covers({"a", ObjectKind::kTrigger, "later"}, "t"));
  EXPECT_FALSE(content_.Covers({"a", ObjectKind::kProcedure, "added"}));
  EXPECT_TRUE(content_.Covers({"a", ObjectKind::kProcedure, "p"}));
  EXPECT_TRUE(content_.Covers({"a", ObjectKind::kDatabase, "a"}));
}

TEST(OrphansTest, RowsWithAnEmptyColumnNeedNoParent) {
  const KeyDefinition key{"d", "c", "f",
                          "CONSTRAINT `f` FOREIGN KEY (`x`, `y`) REFERENCES `e`.`p` (`i`, `j`)"};
  EXPECT_EQ(OrphanQuery(key, "s"),
            "SELECT /*+ NO_REWRITE */ COUNT(*) FROM `s`.`c` `c` WHERE `c`.`x` IS NOT NULL AND "
            "`c`.`y` IS NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM `e`.`p` `p` WHERE `p`.`i` = `c`.`x` AND `p`.`j` = "
            "`c`.`y`)");
}

TEST(OrphansTest, TheParentIsInTheChildsDatabaseWhereNoneIsNamed) {
  const KeyDefinition key{
      "d", "c", "f", "CONSTRAINT `f` FOREIGN KEY (`x`) REFERENCES `p` (`i`) ON DELETE CASCADE"};
  EXPECT_THAT(OrphanQuery(key, "s"), HasSubstr("FROM `d`.`p` `p`"));
}

}  // namespace
}  // namespace dbomsbak
