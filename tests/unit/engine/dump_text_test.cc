#include "engine/dump_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

StoredProgram Procedure(std::string create) {
  StoredProgram program;
  program.id = {"d", ObjectKind::kProcedure, "p"};
  program.create = std::move(create);
  program.sql_mode = "ANSI_QUOTES";
  program.character_set_client = "utf8mb4";
  program.collation_connection = "utf8mb4_general_ci";
  program.database_collation = "utf8mb4_bin";
  return program;
}

Database DatabaseD() {
  Database database;
  database.name = "d";
  database.charset = "utf8mb4";
  database.collation = "utf8mb4_bin";
  return database;
}

TEST(DumpText, CreateSliceIsTheStatementItself) {
  const TextBlock block =
      ProgramBlock(Procedure("CREATE PROCEDURE p() SELECT 1"), DatabaseD(), Ddl::kNative);
  EXPECT_EQ(block.text.substr(block.create_offset, block.create_size),
            "CREATE PROCEDURE p() SELECT 1");
  EXPECT_THAT(block.text,
              HasSubstr("DELIMITER ;;\nCREATE PROCEDURE p() SELECT 1;;\nDELIMITER ;\n"));
  EXPECT_THAT(block.text, HasSubstr("sql_mode = 'ANSI_QUOTES'"));
  EXPECT_THAT(block.text, Not(HasSubstr("ALTER DATABASE")));
}

TEST(DumpText, DelimiterIsNothingTheBodyHolds) {
  const TextBlock block =
      ProgramBlock(Procedure("CREATE PROCEDURE p() SELECT ';;', '$$'"), DatabaseD(), Ddl::kNative);
  EXPECT_THAT(block.text, HasSubstr("DELIMITER $$$\n"));
}

TEST(DumpText, CommentAtTheEndOfABodyDoesNotSwallowTheDelimiter) {
  const TextBlock block =
      ProgramBlock(Procedure("CREATE PROCEDURE p() SELECT 1 -- one"), DatabaseD(), Ddl::kNative);
  EXPECT_THAT(block.text, HasSubstr("SELECT 1 -- one\n;;\n"));
}

TEST(DumpText, ProgramOfAnotherDatabaseCollationIsMadeUnderIt) {
  StoredProgram program = Procedure("CREATE PROCEDURE p() SELECT 1");
  program.database_collation = "latin1_swedish_ci";
  const std::string text = ProgramBlock(program, DatabaseD(), Ddl::kNative).text;
  EXPECT_LT(text.find("ALTER DATABASE `d` COLLATE latin1_swedish_ci"), text.find("CREATE PROC"));
  EXPECT_GT(text.find("ALTER DATABASE `d` COLLATE utf8mb4_bin"), text.find("CREATE PROC"));
}

TEST(DumpText, ACollationThatIsAWordOfItsOwnIsQuoted) {
  Database database = DatabaseD();
  EXPECT_THAT(DatabaseBlock(database, false, Ddl::kNative), HasSubstr(" COLLATE utf8mb4_bin;\n"));
  database.charset = database.collation = "binary";
  EXPECT_THAT(DatabaseBlock(database, false, Ddl::kNative),
              HasSubstr(" DEFAULT CHARACTER SET binary COLLATE `binary`;\n"));
}

// It was left out where it held a sign of comments.
TEST(DumpText, ACommentOfADatabaseStandsInOneOfMariaDb) {
  Database database = DatabaseD();
  database.comment = "it's /* not */ the end /*/";
  EXPECT_THAT(DatabaseBlock(database, false, Ddl::kNative),
              HasSubstr(" COMMENT 'it\\'s /* not */ the end /*/';\n"));
  EXPECT_THAT(DatabaseBlock(database, false, Ddl::kPortable),
              HasSubstr(R"( /*M!100500 COMMENT 'it\'s /\* not *\/ the end /\*\/' */;)"
                        "\n"));
}

TEST(DumpText, EventsOfTheServersTimeZoneAreOfItsOwnThere) {
  StoredProgram event = Procedure("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1");
  event.id = {"d", ObjectKind::kEvent, "e"};
  event.time_zone = "SYSTEM";
  EXPECT_THAT(ProgramBlock(event, DatabaseD(), Ddl::kNative).text,
              HasSubstr("SET time_zone = 'SYSTEM' */;"));
  EXPECT_THAT(ProgramBlock(event, DatabaseD(), Ddl::kPortable).text,
              HasSubstr("@@global.time_zone, 'SYSTEM') */;"));
  event.time_zone = "+02:00";
  EXPECT_THAT(ProgramBlock(event, DatabaseD(), Ddl::kPortable).text,
              HasSubstr("SET time_zone = '+02:00' */;"));
}

TEST(DumpText, NamesCannotEndTheComment) {
  DumpHead head;
  head.databases = {"d\nDROP DATABASE x;", "e"};
  const std::string text = Preamble(head);
  EXPECT_THAT(text, Not(HasSubstr("\nDROP")));
  EXPECT_THAT(text,
              HasSubstr("-- dbomsbak: {\"create_database\":false,\"databases\":[\"d\\nDROP "));
}

TEST(DumpText, HistoryOfVersionedTablesIsLetInOnlyWhereThereIsSome) {
  DumpHead head;
  head.databases = {"d"};
  EXPECT_THAT(Preamble(head), Not(HasSubstr("versioning")));
  EXPECT_THAT(Preamble(head), Not(HasSubstr("ob_query_timeout")));
  head.long_statements = true;
  EXPECT_THAT(Preamble(head), HasSubstr("SET SESSION ob_query_timeout=86400000000"));
  head.history = true;
  EXPECT_THAT(Preamble(head), HasSubstr("system_versioning_insert_history=1"));
}

TEST(DumpText, ScaffoldOfABrokenViewStandsAroundItsCreate) {
  View view;
  view.id = {"d", ObjectKind::kView, "v"};
  view.create = "CREATE VIEW `v` AS select `gone`.`x` AS `x` from `gone`";
  view.broken = true;
  const TextBlock block = ViewBlock(view, {"BEFORE;\n", "AFTER;\n"});
  EXPECT_THAT(block.text, HasSubstr("BEFORE;\n" + view.create + ";\nAFTER;\n"));
  EXPECT_EQ(block.text.substr(block.create_offset, block.create_size), view.create);
}

}  // namespace
}  // namespace dbomsbak
