// Only what dump programs write of databases passes, and nothing of a dump that is cut.
#include "dbomsbak/sql/dump_reader.h"

#include <gtest/gtest.h>

#include "unit/thrown.h"

namespace dbomsbak {
namespace {

constexpr char kHead[] =
    "-- MySQL dump 10.13  Distrib 5.6.24, for Linux (x86_64)\n"
    "--\n"
    "-- Host: localhost    Database: shop\n"
    "-- Server version\t5.6.24\n"
    "/*!40101 SET NAMES utf8 */;\n"
    "/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\n"
    "USE `shop`;\n"
    "CREATE TABLE `t` (\n  `a` int,\n  `b` text\n) ENGINE=InnoDB;\n";
constexpr char kTail[] = "-- Dump completed on 2026-01-01  0:00:00\n";

struct Outcome {
  ErrorCode code = ErrorCode::kOk;
  std::string message;
  DumpModel model;
};

void Read(const std::string& text) {
  DumpReader::Options options;
  options.name = "dump.sql";
  DumpReader reader(options, {});
  reader.Feed(text);
  reader.Finish();
}

Outcome ReadText(const std::string& text, std::size_t piece = 7, const std::string& into = "") {
  DumpReader::Options options;
  options.name = "dump.sql";
  options.into = into;
  DumpReader reader(options, {});
  Outcome outcome;
  try {
    for (std::size_t at = 0; at < text.size(); at += piece) reader.Feed(text.substr(at, piece));
    reader.Finish();
  } catch (const Error& e) {
    outcome.code = e.code();
    outcome.message = e.message();
  }
  outcome.model = reader.model();
  return outcome;
}

Outcome ReadBetween(const std::string& middle) { return ReadText(kHead + middle + kTail); }

TEST(DumpReaderTest, RowsAreCountedWhateverStandsInThem) {
  const Outcome outcome = ReadBetween(
      "INSERT INTO `t` VALUES (1,'a;b'),(2,'x\\'),(3'),\n(-3,NULL) /* ), ( */ ,(0x41,_binary "
      "'\\0''),('), (1.5e-7,b'01');\nINSERT  IGNORE INTO `t` (`a`, `b`) VALUES (4,\"q\"), "
      "(5,'');\n");
  EXPECT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  EXPECT_EQ(outcome.model.rows, 7U);
}

TEST(DumpReaderTest, AnyCharsetMayStandBeforeAString) {
  const Outcome outcome = ReadBetween(
      "INSERT INTO `t` VALUES (1,_gb18030_2022 0x7A7A),(2,_gb18030_2022 'z)'),(3,_binary "
      "x'7A');\n");
  EXPECT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  EXPECT_EQ(outcome.model.rows, 3U);
}

TEST(DumpReaderTest, NumbersOfOurOwnBesideAJsonTextAreValues) {
  const Outcome outcome = ReadBetween(
      "INSERT INTO `t` VALUES (1,JSON_REPLACE('[1.10, \\'(\\')]','$[0]',1.10,'$.\"a)\"',-1.5e-7)),"
      "(2,JSON_REPLACE(_utf8mb4 0x5B,'$',5e-324));\n");
  EXPECT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  EXPECT_EQ(outcome.model.rows, 2U);
  for (const std::string value :
       {"JSON_REPLACE('[1]','$[0]',SLEEP(1))", "JSON_REPLACE((SELECT 'x'),'$',1)", "JSON_REPLACE()",
        "JSON_REPLACE('[1]','$[0]',1", "JSON_REPLACE('[1]' '$[0]')",
        "JSON_REPLACE('[1]',JSON_REPLACE('[1]'))", "JSON_SET('[1]','$[0]',1)",
        "JSON_REPLACE('[1]','$[0]',@@version)"}) {
    EXPECT_EQ(ReadBetween("INSERT INTO `t` VALUES (1," + value + ");\n").code,
              ErrorCode::kUnsupported)
        << value;
  }
}

TEST(DumpReaderTest, StatementsThatNoDumpHoldsAreRefusedWithTheirLine) {
  for (const std::string statement : {"GRANT SELECT ON *.* TO `x`@`%`",
                                      "DROP USER `root`@`localhost`",
                                      "DROP TABLE `t`",
                                      "SELECT * FROM `t` INTO OUTFILE '/tmp/x'",
                                      "INSERT INTO `t` SELECT 1, 2",
                                      "INSERT INTO `t` VALUES (1,LOAD_FILE('/etc/passwd'))",
                                      "INSERT INTO `t` VALUES (1,(SELECT 'x'))",
                                      "INSERT INTO `t` VALUES (1,/*!50000 USER() */)",
                                      "INSERT INTO `t` VALUES (1,'x') ON DUPLICATE KEY UPDATE a=1",
                                      "INSERT INTO `other`.`t` VALUES (1,'x')",
                                      "INSERT INTO `u` VALUES (1)",
                                      "CREATE TABLE `u` (a int) SELECT * FROM `mysql`.`user`",
                                      "CREATE TABLE `u` LIKE `t`",
                                      "CREATE TEMPORARY TABLE `u` (a int)",
                                      "CREATE USER x",
                                      "CREATE FUNCTION f RETURNS STRING SONAME 'x.so'",
                                      "CREATE TABLE `mysql`.`u` (a int)",
                                      "SET GLOBAL read_only=0",
                                      "SET PASSWORD = 'x'",
                                      "SET @@GLOBAL.sql_mode=''",
                                      "UPDATE `t` SET a=1",
                                      "DELETE FROM `t`",
                                      "TRUNCATE `t`",
                                      "LOAD DATA INFILE 'x' INTO TABLE `t`",
                                      "CALL p()",
                                      "INSTALL PLUGIN x SONAME 'y'",
                                      "SET NAMES 'utf8mb4, @@global.read_only=1'",
                                      "SET NAMES utf8mb4 COLLATE 'x, @@global.read_only=1'",
                                      "SET collation_connection='x, @@global.read_only=1'",
                                      "SET character_set_client=`utf8mb4, global.a`",
                                      "ALTER DATABASE `db` COLLATE `x ENCRYPTION y`",
                                      "system rm -rf /",
                                      "ALTER TABLE `t` ADD c int",
                                      "SHUTDOWN",
                                      "DO SLEEP(9)"}) {
    const Outcome outcome = ReadBetween("\n" + statement + ";\n");
    EXPECT_EQ(outcome.code, ErrorCode::kUnsupported) << statement;
    EXPECT_NE(outcome.message.find("'dump.sql' line 13: "), std::string::npos) << outcome.message;
  }
}

TEST(DumpReaderTest, WhatIsRefusedIsNamedWithItsFileAndLine) {
  constexpr char kHint[] = "Take such statements out, or load the file with the mysql client";
  const std::string latin1 = "SET NAMES latin1;\n", sjis = "SET NAMES sjis;\n";
  const std::tuple<std::string, std::string, const char*> table[] = {
      {"DROP DATABASE IF EXISTS `shop`;\n", "a database is dropped that the dump has filled", "12"},
      {"DROP TABLE IF EXISTS `t`;\n", "an object is dropped that the dump has defined", "12"},
      {"CREATE TABLE `t` (\n  `a` int\n) ENGINE=InnoDB;\n",
       "an object that the dump has defined before", "12"},
      {latin1 + "CREATE TABLE `\xE4` (\n  `a` int\n) ENGINE=InnoDB;\n",
       "a name beyond ASCII in latin1 (dump with --default-character-set=utf8mb4)", "13"},
      {latin1 + "CREATE TABLE `u` (\n  `a` int COMMENT '\xE4'\n) ENGINE=InnoDB;\n",
       "a definition beyond ASCII in latin1 (dump with --default-character-set=utf8mb4)", "13"},
      {sjis + "INSERT INTO `t` VALUES (1,'\x83\x41');\n",
       "text beyond ASCII in sjis (dump with --default-character-set=utf8mb4)", "13"},
  };
  for (const auto& [statements, why, line] : table) {
    const Error error = Thrown([&, &middle = statements] { Read(kHead + middle + kTail); });
    const std::string begin = std::string("'dump.sql' line ") + line + ": " + why + ": ";
    EXPECT_EQ(error.message().substr(0, begin.size()), begin);
    ExpectTold(error, ErrorCode::kUnsupported, error.message(), "dump.sql", kHint);
  }
}

TEST(DumpReaderTest, WhatIsNotWholeIsNamedWithItsFile) {
  constexpr char kAgain[] =
      "The dump was cut short, or was written without comments; take it again.";
  ExpectTold(Thrown([] { Read(std::string(kHead) + "/* a comment\n"); }), ErrorCode::kIncomplete,
             "'dump.sql' is incomplete: the text ends within a comment", "dump.sql", kAgain);
  ExpectTold(
      Thrown([] {
        Read(std::string(kHead) + "/*!50001 CREATE VIEW `v` AS SELECT \n 1 AS `a`*/;\n" + kTail);
      }),
      ErrorCode::kIncomplete,
      "'dump.sql' is incomplete: it has a stand-in for view `shop`.`v`, and not the view "
      "itself",
      "dump.sql", kAgain);
  ExpectTold(Thrown([] { Read(std::string(kHead) + "DELIMITER \n" + kTail); }), ErrorCode::kDamaged,
             "'dump.sql': the DELIMITER line at byte " +
                 std::to_string(std::string_view(kHead).size()) + " names none",
             "dump.sql", "correct that line, or take the dump again.");
}

TEST(DumpReaderTest, ADumpWithoutItsEndIsIncompleteWhereverItIsCut) {
  const std::string text = std::string(kHead) + "INSERT INTO `t` VALUES (1,'a'),(2,'b');\n" + kTail;
  const std::size_t last_words = text.rfind("-- Dump completed") + 17;
  for (std::size_t size = 0; size < last_words; ++size) {
    const Outcome outcome = ReadText(text.substr(0, size));
    EXPECT_EQ(outcome.code, ErrorCode::kIncomplete) << size << ": " << outcome.message;
  }
  EXPECT_EQ(ReadText(text.substr(0, last_words)).code, ErrorCode::kOk);
  // Its words in a row, or before more text, are no end.
  EXPECT_EQ(
      ReadText(kHead + std::string("INSERT INTO `t` VALUES (1,'\n-- Dump completed')\n")).code,
      ErrorCode::kIncomplete);
  EXPECT_EQ(ReadText(text + "DROP TABLE IF EXISTS `x`;\n").code, ErrorCode::kIncomplete);
  // A second dump behind a cut one does not make it whole.
  EXPECT_EQ(ReadText(kHead + std::string(kHead) + kTail).code, ErrorCode::kIncomplete);
}

TEST(DumpReaderTest, TheSameComesOutOfPiecesOfAnySizeAndOfCrlfFiles) {
  const std::string text = std::string(kHead) +
                           "-- Dumping data for table `t`\n"
                           "INSERT INTO `t` VALUES (1,'a'),\n(2,'b');\n" +
                           kTail;
  std::string crlf;
  for (const char c : text) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const DumpModel whole = ReadText(text, text.size()).model;
  ASSERT_EQ(whole.rows, 2U);
  const ObjectId id{"shop", ObjectKind::kTable, "t"};
  EXPECT_TRUE(whole.objects.at(id).has_data_section);
  for (std::size_t piece = 1; piece < 40; ++piece) {
    for (const std::string& each : {text, crlf}) {
      const Outcome outcome = ReadText(each, piece);
      EXPECT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
      EXPECT_EQ(outcome.model.objects.at(id).create, whole.objects.at(id).create);
      EXPECT_EQ(outcome.model.rows, 2U);
    }
  }
}

TEST(DumpReaderTest, ModesThatChangeQuotesAreFollowed) {
  const Outcome outcome = ReadBetween(
      "SET sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES';\n"
      "CREATE TABLE \"a b\" (\n  \"c\" text COMMENT 'x\\'\n);\n"
      "INSERT INTO \"a b\" VALUES ('\\'),('it''s \\;');\n"
      "SET sql_mode=@OLD_SQL_MODE;\n"
      "INSERT INTO `t` VALUES (1,\"\\\";\");\n");
  ASSERT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  EXPECT_EQ(outcome.model.rows, 3U);
  EXPECT_EQ(outcome.model.objects.at({"shop", ObjectKind::kTable, "a b"}).create,
            "CREATE TABLE `a b` (\n  `c` text COMMENT 'x\\\\'\n)");
}

// As our portable dumps say it; nothing else may stand in its place.
TEST(DumpReaderTest, AnEventsTimeZoneMayBeAChoice) {
  const auto read = [](const std::string& value) {
    return ReadBetween(
        "/*!50106 SET time_zone = " + value +
        " */;\nDELIMITER ;;\nCREATE EVENT `e` ON SCHEDULE EVERY 1 DAY DO SELECT 1;;\n"
        "DELIMITER ;\n");
  };
  const std::string choice =
      "IF(@@version_comment LIKE '%OceanBase%', @@global.time_zone, 'SYSTEM')";
  const Outcome outcome = read(choice);
  ASSERT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  const auto event = outcome.model.objects.find({"shop", ObjectKind::kEvent, "e"});
  ASSERT_NE(event, outcome.model.objects.end());
  EXPECT_EQ(event->second.time_zone, "SYSTEM");
  EXPECT_EQ(read("IF(SLEEP(9), 'a', 'b')").code, ErrorCode::kUnsupported);
  EXPECT_EQ(read("IF(@@version LIKE 'x', SLEEP(9), 'b')").code, ErrorCode::kUnsupported);
  EXPECT_EQ(read(choice + " + 1").code, ErrorCode::kUnsupported);
}

TEST(DumpReaderTest, WrappedDefinitionsComeOutAsServersPrintThem) {
  const Outcome outcome = ReadBetween(
      "/*!50003 SET sql_mode = 'STRICT_ALL_TABLES' */ ;\n"
      "/*!50003 SET character_set_client = latin1 */ ;\n"
      "/*!50003 SET collation_connection = latin1_bin */ ;\n"
      "DELIMITER ;;\n"
      "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER `tr` AFTER INSERT ON `t` FOR "
      "EACH ROW BEGIN /* ; */ SET @a='*/'; END */;;\n"
      "DELIMITER ;\n"
      "/*!50001 CREATE TABLE `v` (\n `x` tinyint NOT NULL,\n `y` tinyint NOT NULL\n) "
      "ENGINE=MyISAM */;\n"
      "/*!50001 DROP TABLE IF EXISTS `v`*/;\n"
      "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`%` SQL SECURITY DEFINER */\n"
      "/*!50001 VIEW `v` AS select 1 AS `x`,`t`.`a` AS `y` from `t` */;\n");
  ASSERT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  const DumpedObject& trigger = outcome.model.objects.at({"shop", ObjectKind::kTrigger, "tr"});
  EXPECT_EQ(
      trigger.create,
      "CREATE DEFINER=`a`@`%` TRIGGER `tr` AFTER INSERT ON `t` FOR EACH ROW BEGIN /* ; */ SET "
      "@a='*/'; END");
  EXPECT_EQ(trigger.definer, "a@%");
  EXPECT_EQ(trigger.sql_mode, "STRICT_ALL_TABLES");
  EXPECT_EQ(trigger.character_set_client, "latin1");
  EXPECT_EQ(trigger.collation_connection, "latin1_bin");
  EXPECT_EQ(trigger.table, "t");
  const DumpedObject& view = outcome.model.objects.at({"shop", ObjectKind::kView, "v"});
  EXPECT_EQ(view.create,
            "CREATE ALGORITHM=UNDEFINED DEFINER=`a`@`%` SQL SECURITY DEFINER VIEW `v` AS select 1 "
            "AS `x`,`t`.`a` AS `y` from `t`");
  EXPECT_EQ(view.columns, (std::vector<std::string>{"x", "y"}));
}

TEST(DumpReaderTest, AViewOfConstantsIsNotTakenForItsStandIn) {
  const Outcome outcome = ReadBetween(
      "/*!50001 CREATE VIEW `v` AS SELECT 1 AS `a`*/;\n/*!50001 DROP VIEW IF EXISTS `v`*/;\n"
      "/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`a`@`%` SQL SECURITY DEFINER */\n"
      "/*!50001 VIEW `v` AS select 1 AS `a` */;\n");
  ASSERT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  const DumpedObject& view = outcome.model.objects.at({"shop", ObjectKind::kView, "v"});
  EXPECT_FALSE(view.is_stand_in);
  EXPECT_EQ(view.columns, (std::vector<std::string>{"a"}));
}

TEST(DumpReaderTest, ADumpThatNamesNoDatabaseNeedsOne) {
  const std::string text =
      "-- Host: localhost    Database: shop\nCREATE TABLE `t` (a int);\n" + std::string(kTail);
  EXPECT_EQ(ReadText(text).code, ErrorCode::kUsage);
  const Outcome outcome = ReadText(text, 7, "copy");
  EXPECT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  EXPECT_EQ(outcome.model.objects.count({"copy", ObjectKind::kTable, "t"}), 1U);
  EXPECT_EQ(ReadText(kHead + std::string(kTail), 7, "copy").code, ErrorCode::kUsage);
}

TEST(DumpReaderTest, LeftOutStatementsAreTold) {
  const Outcome outcome = ReadBetween(
      "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'aa-bb:1-9';\n"
      "CHANGE MASTER TO MASTER_LOG_FILE='x', MASTER_LOG_POS=4;\n");
  ASSERT_EQ(outcome.code, ErrorCode::kOk) << outcome.message;
  ASSERT_EQ(outcome.model.left_out.size(), 2U);
  EXPECT_EQ(outcome.model.left_out[1].substr(0, 22), "line 13: CHANGE MASTER");
}

}  // namespace
}  // namespace dbomsbak
