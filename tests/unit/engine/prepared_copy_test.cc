#include "engine/prepared_copy.h"

#include <gtest/gtest.h>

#include <string>

#include "dbomsbak/base/error.h"
#include "engine/restore_choice.h"
#include "engine/staged_choice.h"

namespace dbomsbak {
namespace {

// Bytes that are no UTF-8, as a plain dump may hold them.
const std::string kOddText = "CREATE TABLE `t` (`\xE4` int) -- \"\\\n";

PreparedContent Whole() {
  PreparedContent prepared;
  prepared.server = "MariaDB 10.11.19";
  prepared.set_digest = "d1";
  prepared.log_bin = "0";
  prepared.members = {{"shop", "shop_then", "shop_then__dbomsbak_new_r", "", false}};
  prepared.times = {
      {{"shop_then__dbomsbak_new_r", "t"}, "2026-01-01 00:00:00/2026-01-01 00:00:01"}};
  RestoreContent& content = prepared.content;
  content.root_digest = "d2";
  content.rows = 7;
  content.notes = {"a note"};
  content.chosen = {{"shop", {"t", "u"}}};
  content.sources.front().name = "f\xFF.sql";
  content.sources.front().digest = "d3";
  content.sources.front().plain = true;
  content.sources.front().header.tool = "mysqldump";
  content.sources.front().header.server_version = "5.6.24";
  content.sources.front().header.scope.databases = {"shop"};
  ContentObject table;
  table.record.id = {"shop", ObjectKind::kTable, "t"};
  table.record.rows = 7;
  table.record.row_digest = RowDigestRecord{"xxh3-128-sum/1", "00"};
  table.record.columns = {{"id", "int"}};
  table.create = kOddText;
  table.largest_statement = 99;
  table.keys_to_staying = {{"fk", "shop", "parent", "CONSTRAINT `fk` …"}};
  content.tables = {table};
  ContentObject trigger;
  trigger.record.id = {"shop", ObjectKind::kTrigger, "tr"};
  trigger.record.table = "t";
  trigger.record.order = 2;
  trigger.record.sql_mode = "ANSI_QUOTES";
  content.triggers = {trigger};
  ObjectRecord omitted;
  omitted.id = {"shop", ObjectKind::kView, "v"};
  omitted.omitted = "no privilege";
  content.omitted = {omitted};
  KeepExtra(content);
  return prepared;
}

TEST(PreparedCopyTest, WhatIsNotedComesBackToTheByte) {
  const PreparedContent whole = Whole();
  const std::string text = ToJson(whole);
  for (const char c : text) ASSERT_TRUE(c >= 0x20 && c < 0x7F);
  const PreparedContent again = PreparedContentFromJson(text);
  EXPECT_EQ(ToJson(again), text);
  EXPECT_EQ(again.times, whole.times);
  EXPECT_EQ(again.members.front().staging, whole.members.front().staging);
  EXPECT_EQ(again.members.front().archived, "shop");
  const RestoreContent& content = again.content;
  EXPECT_EQ(content.tables.front().create, kOddText);
  EXPECT_EQ(content.tables.front().record.rows, 7u);
  EXPECT_EQ(content.tables.front().record.row_digest,
            whole.content.tables.front().record.row_digest);
  EXPECT_EQ(content.tables.front().keys_to_staying.front().definition, "CONSTRAINT `fk` …");
  EXPECT_EQ(content.triggers.front().record.order, 2u);
  EXPECT_EQ(content.omitted.front().omitted, "no privilege");
  EXPECT_EQ(content.sources.front().name, "f\xFF.sql");
  EXPECT_TRUE(content.sources.front().plain);
  EXPECT_EQ(content.chosen, whole.content.chosen);
  EXPECT_EQ(content.known, whole.content.known);
}

TEST(PreparedCopyTest, ANoteThatSomebodyChangedIsToldAsThat) {
  for (const char* text : {"", "{", "{}", R"({"server":1})"}) {
    try {
      PreparedContentFromJson(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kNeedsHelp);
      EXPECT_NE(error.hint().find("--abort"), std::string::npos);
    }
  }
}

TEST(PreparedCopyTest, TheLastWordOfTheJournalHolds) {
  StagingNote staging;
  staging.run = "r";
  staging.members = {{"shop", "shop__dbomsbak_new_r", ""}};
  std::vector<JournalEntry> entries = {
      {1, "2026-01-01T00:00:00.1Z", "begin", kStagingStep, staging.ToJson()}};
  EXPECT_FALSE(PreparedIn("h", entries));
  entries.push_back(
      {2, "2026-01-02T00:00:00.123456Z", "note", "prepared",
       R"({"origin":{"files":[{"name":"a","digest":"d"}],"options":""},"tables":1,"rows":2,)"
       R"("rows_unwatched":0,"prove_ms":3,"expected_window_ms":4,"content_digest":"c"})"});
  const auto copy = PreparedIn("h", entries);
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->note.rows, 2u);
  EXPECT_EQ(copy->note.time, "2026-01-02T00:00:00Z");
  EXPECT_EQ(copy->LiveNames(), std::vector<std::string>{"shop"});
  EXPECT_FALSE(IsGivenUp(entries));
  entries.push_back({3, "2026-01-03T00:00:00.1Z", "note", "given-up", ""});
  EXPECT_FALSE(PreparedIn("h", entries));
  EXPECT_TRUE(IsGivenUp(entries));
}

TEST(StagedChoiceTest, FilesInAnyOrderAndOptionsInOneSpelling) {
  RestoreOptions options;
  options.only = {{"crm", {}}, {"shop", {"u", "a b"}}};
  options.renamed = {{"shop", "then"}};
  options.keep_extra = true;
  EXPECT_EQ(ChoiceOptions(options),
            "--only crm --only 'shop.a b' --only shop.u --as 'shop=then' --keep-extra");
  EXPECT_EQ(ChoiceOptions(RestoreOptions()), "");
  const StagingOrigin origin{{{"a", "2"}, {"b", "1"}}, "--keep-extra"};
  EXPECT_TRUE((StagedChoice{{}, ""}.Means(origin)));
  EXPECT_TRUE((StagedChoice{{"1", "2"}, ""}.Means(origin)));
  EXPECT_TRUE((StagedChoice{{}, "--keep-extra"}.Means(origin)));
  EXPECT_FALSE((StagedChoice{{"1"}, ""}.Means(origin)));
  EXPECT_FALSE((StagedChoice{{"1", "2"}, "--as 'a=b'"}.Means(origin)));
}

}  // namespace
}  // namespace dbomsbak
