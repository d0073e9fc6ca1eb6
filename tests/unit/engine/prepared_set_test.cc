#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "engine/set_swap.h"

namespace dbomsbak {
namespace {

StoredProgram Program(ObjectKind kind, const std::string& name) {
  StoredProgram program;
  program.id = {"d`1", kind, name};
  program.create = "CREATE DEFINER=`a`@`%` … '\\n\"' 库 \xF0\x9F\x98\x80";
  program.definer = "a@%";
  program.sql_mode = "ANSI_QUOTES,ORACLE";
  program.character_set_client = "latin1";
  program.collation_connection = "latin1_german1_ci";
  program.database_collation = "utf8mb4_bin";
  program.time_zone = "+03:00";
  program.status = "DISABLED";
  program.table = "t";
  program.order = 3;
  program.grants = {"GRANT EXECUTE ON PROCEDURE `d``1`.`p` TO `u`@`h`"};
  return program;
}

PreparedSet Example() {
  PreparedSet set;
  set.operation = "restore";
  set.run = "k3f9a0zz";
  set.root_digest = std::string(64, 'a');
  set.generation = 7;
  set.members = {{"d`1", "d`1__dbomsbak_new_k3f9a0zz", "d`1__dbomsbak_old_7"}, {"e", "f", "g"}};
  Database database;
  database.name = "d`1";
  database.charset = "latin1";
  database.collation = "latin1_bin";
  database.comment = "it's";
  database.create = "CREATE DATABASE `d``1`";
  database.tables.emplace_back().id = {"d`1", ObjectKind::kTable, "t"};
  database.sequences.emplace_back().id = {"d`1", ObjectKind::kSequence, "s"};
  View view;
  view.id = {"d`1", ObjectKind::kView, "v"};
  view.create = "CREATE VIEW `v` AS select '\xE4\xFF' AS `latin1 bytes`";  // no UTF-8
  view.definer = "a@%";
  view.character_set_client = "latin1";
  view.collation_connection = "latin1_swedish_ci";
  view.columns = {"a", "b"};
  view.broken = true;
  database.views = {view};
  database.routines = {Program(ObjectKind::kFunction, "f"), Program(ObjectKind::kPackageBody, "b")};
  database.triggers = {Program(ObjectKind::kTrigger, "tr")};
  database.events = {Program(ObjectKind::kEvent, "ev")};
  Database absent;
  absent.name = "e";
  set.wanted = {database, absent};
  set.before = {absent, database};
  set.outgoing = {{}, {"x", "y`z"}};
  set.incoming = {{"t", "s"}, {}};
  set.outside_keys = {
      {"d`1", "x", "f", "CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `o`.`p` (`a`)"}};
  set.returning_keys = {{"e", "y", "g", "CONSTRAINT `g` …"}};
  set.repointed_keys = {{"o", "z", "h", "CONSTRAINT `h` …"}};
  return set;
}

TEST(PreparedSetTest, WhatTheJournalKeepsComesBackWhole) {
  const PreparedSet set = Example();
  const std::string json = ToJson(set);
  const PreparedSet read = PreparedSetFromJson(json);
  EXPECT_EQ(ToJson(read), json);
  EXPECT_EQ(read.operation, "restore");
  EXPECT_EQ(read.run, set.run);
  EXPECT_EQ(read.root_digest, set.root_digest);
  EXPECT_EQ(read.generation, 7u);
  ASSERT_EQ(read.members.size(), 2u);
  EXPECT_EQ(read.members[0].live, "d`1");
  EXPECT_EQ(read.members[0].source, set.members[0].source);
  EXPECT_EQ(read.members[0].displaced, set.members[0].displaced);
  EXPECT_EQ(read.outgoing, set.outgoing);
  EXPECT_EQ(read.incoming, set.incoming);
  ASSERT_EQ(read.outside_keys.size(), 1u);
  EXPECT_EQ(read.outside_keys[0].table, "x");
  EXPECT_EQ(read.outside_keys[0].definition, set.outside_keys[0].definition);
  ASSERT_EQ(read.returning_keys.size(), 1u);
  EXPECT_EQ(read.returning_keys[0].name, "g");
  ASSERT_EQ(read.repointed_keys.size(), 1u);
  EXPECT_EQ(read.repointed_keys[0].database, "o");
  EXPECT_EQ(read.repointed_keys[0].definition, set.repointed_keys[0].definition);
  EXPECT_TRUE(read.wanted[1].create.empty()) << "a database that is not there stays so";

  const Database& database = read.wanted[0];
  EXPECT_EQ(database.charset, "latin1");
  EXPECT_EQ(database.collation, "latin1_bin");
  EXPECT_EQ(database.comment, "it's");
  EXPECT_EQ(database.tables.at(0).id, set.wanted[0].tables[0].id);
  EXPECT_EQ(database.sequences.at(0).id, set.wanted[0].sequences[0].id);
  const View& view = database.views.at(0);
  EXPECT_EQ(view.id, set.wanted[0].views[0].id);
  EXPECT_EQ(view.create, set.wanted[0].views[0].create) << "bytes that are no UTF-8";
  EXPECT_EQ(view.columns, set.wanted[0].views[0].columns);
  EXPECT_TRUE(view.broken);
  ASSERT_EQ(database.routines.size(), 2u);
  for (const StoredProgram* program :
       {&database.routines[1], &database.triggers.at(0), &database.events.at(0)}) {
    const StoredProgram expected = Program(program->id.kind, program->id.name);
    EXPECT_EQ(program->id.database, "d`1");
    EXPECT_EQ(program->create, expected.create);
    EXPECT_EQ(program->definer, expected.definer);
    EXPECT_EQ(program->sql_mode, expected.sql_mode);
    EXPECT_EQ(program->character_set_client, expected.character_set_client);
    EXPECT_EQ(program->collation_connection, expected.collation_connection);
    EXPECT_EQ(program->database_collation, expected.database_collation);
    EXPECT_EQ(program->time_zone, expected.time_zone);
    EXPECT_EQ(program->status, expected.status);
    EXPECT_EQ(program->table, expected.table);
    EXPECT_EQ(program->order, expected.order);
    EXPECT_EQ(program->grants, expected.grants);
  }
  EXPECT_EQ(database.routines[1].id.kind, ObjectKind::kPackageBody);
}

TEST(PreparedSetTest, KeysIntoWhatStaysAreFoundInTheDefinitions) {
  PreparedSet set;
  set.members = {{"d", "", ""}, {"e", "", ""}};
  set.outgoing = {{"child", "parent"}, {"other"}};
  Database d, e;
  d.name = "d";
  e.name = "e";
  Table child;
  child.id = {"d", ObjectKind::kTable, "child"};
  child.create =
      "CREATE TABLE `child` (\n"
      "  `a` int(11) DEFAULT NULL COMMENT ' REFERENCES `x`.`y`',\n"
      "  KEY `k` (`a`),\n"
      "  CONSTRAINT `c` CHECK (`a` > 0),\n"
      "  CONSTRAINT `in``side` FOREIGN KEY (`a`) REFERENCES `parent` (`id`),\n"
      "  CONSTRAINT `across` FOREIGN KEY (`a`) REFERENCES `e`.`other` (`id`) ON DELETE CASCADE,\n"
      "  CONSTRAINT `to stays` FOREIGN KEY (`a`) REFERENCES `stays` (`id`) ON DELETE SET NULL,\n"
      "  CONSTRAINT `out``side` FOREIGN KEY (`a`) REFERENCES `o``ut`.`parent` (`id`)\n"
      ") ENGINE=InnoDB";
  Table stays = child;
  stays.id.name = "stays";
  d.tables = {child, stays};
  set.before = {d, e};
  const std::vector<KeyDefinition> keys = OutsideKeysOf(set);
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].name, "to stays");
  EXPECT_EQ(keys[0].table, "child");
  EXPECT_EQ(keys[0].definition,
            "CONSTRAINT `to stays` FOREIGN KEY (`a`) REFERENCES `stays` (`id`) ON DELETE SET NULL");
  EXPECT_EQ(keys[1].name, "out`side");
  EXPECT_EQ(keys[1].database, "d");
}

TEST(PreparedSetTest, JsonIsAscii) {
  for (const char c : ToJson(Example())) {
    ASSERT_LT(static_cast<unsigned char>(c), 0x80);
    ASSERT_GE(static_cast<unsigned char>(c), 0x20);
  }
}

TEST(PreparedSetTest, TheTablesThatASetSpeaksForComeBack) {
  PreparedSet set = Example();
  set.only.assign(set.members.size(), std::nullopt);
  set.only[0] = std::vector<std::string>{"t", "naïve"};
  const PreparedSet read = PreparedSetFromJson(ToJson(set));
  EXPECT_EQ(read.only, set.only);
  // A journal of before they were written: all of each database.
  EXPECT_EQ(PreparedSetFromJson(ToJson(Example())).only,
            std::vector<std::optional<std::vector<std::string>>>(set.members.size()));
}

TEST(PreparedSetTest, WhatIsNoSetNeedsHelp) {
  const std::string good = ToJson(Example());
  std::string newer = good;
  newer.replace(newer.find("\"version\":1"), 11, "\"version\":2");
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), good.substr(0, good.size() / 2), newer,
        std::string(R"({"version":1,"operation":"undo","run":"r","root_digest":"","generation":1,)"
                    R"("members":[]})")}) {
    try {
      PreparedSetFromJson(text);
      FAIL() << "taken for a set: " << text.substr(0, 80);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kNeedsHelp);
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

TEST(PreparedSetTest, InPlaceTablesAreCountedOverAllMembers) {
  PreparedSet set = Example();
  EXPECT_EQ(set.SourceTable(0, 1), "s");
  EXPECT_EQ(set.DisplacedTable(1, 1), "y`z");
  set.in_place = true;
  set.incoming = {{"t", "s"}, {"u"}};
  EXPECT_EQ(set.SourceTable(0, 1), "__dbomsbak_new_k3f9a0zz_1");
  EXPECT_EQ(set.SourceTable(1, 0), "__dbomsbak_new_k3f9a0zz_2");
  EXPECT_EQ(set.DisplacedTable(1, 1), "__dbomsbak_old_k3f9a0zz_1");
  set.safety_dump = "safe.sql.zst";
  EXPECT_TRUE(PreparedSetFromJson(ToJson(set)).in_place);
  EXPECT_EQ(PreparedSetFromJson(ToJson(set)).safety_dump, "safe.sql.zst");
}

}  // namespace
}  // namespace dbomsbak
