#include "engine/load_form.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbomsbak {
namespace {

constexpr std::uint64_t kLarge = kSmallestWholeLoad;

ServerTraits Traits() {
  ServerTraits traits;
  traits.takes_local_rows = traits.has_bulk_load = true;
  return traits;
}

LoadForm FormOf(const std::string& definition, const std::vector<ColumnRecord>& columns,
                std::uint64_t bytes = kLarge, const ServerTraits& traits = Traits()) {
  ContentObject table;
  table.create = "CREATE TABLE `t` (\n  " + definition;
  table.record.engine = "InnoDB";
  table.record.columns = columns;
  table.record.data = Slice{0, 0, bytes};
  return LoadFormOf(table, traits);
}

const std::vector<ColumnRecord> kOne = {{"a", "int"}};

TEST(LoadFormTest, PlainTablesGoWholeAndSmallOrVastOnesByUnits) {
  EXPECT_EQ(
      FormOf("`a` int(11) NOT NULL COMMENT 'as is',\n  PRIMARY KEY (`a`),\n  KEY `k` (`a`)\n) "
             "ENGINE=InnoDB",
             kOne),
      LoadForm::kWhole);
  EXPECT_EQ(FormOf("`a` int\n) ENGINE=InnoDB", kOne, kLarge - 1), LoadForm::kFields);
  EXPECT_EQ(FormOf("`a` int\n) ENGINE=InnoDB", kOne, kLargestWholeLoad + 1), LoadForm::kFields);
}

TEST(LoadFormTest, TheServerMustTakeThem) {
  ServerTraits traits = Traits();
  traits.has_bulk_load = false;
  EXPECT_EQ(FormOf("`a` int\n)", kOne, kLarge, traits), LoadForm::kFields);
  traits.takes_local_rows = false;
  EXPECT_EQ(FormOf("`a` int\n)", kOne, kLarge, traits), LoadForm::kInserts);
}

TEST(LoadFormTest, KeysOfOtherKindsAreBuiltRowByRow) {
  EXPECT_EQ(FormOf("`a` text,\n  FULLTEXT KEY `f` (`a`)\n)", {{"a", "text:utf8mb4"}}),
            LoadForm::kFields);
  EXPECT_EQ(FormOf("`a` int\n) ROW_FORMAT=COMPRESSED", kOne), LoadForm::kFields);
}

TEST(LoadFormTest, WhatFieldsDoNotTellGoesByInserts) {
  for (const char* definition :
       {"`a` year(4)\n)", "`a` enum('1','')\n)", "`a` int\n) WITH SYSTEM VERSIONING",
        "`a` int\n) PARTITION BY HASH (`a`)", "`b` int\n)",
        "`a` int,\n  `g` int GENERATED ALWAYS AS (`a` + 1) VIRTUAL\n)"}) {
    EXPECT_EQ(FormOf(definition, kOne), LoadForm::kInserts) << definition;
  }
  EXPECT_EQ(FormOf("`a` int\n)", {}), LoadForm::kInserts);
}

}  // namespace
}  // namespace dbomsbak
