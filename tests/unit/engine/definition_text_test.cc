#include "engine/definition_text.h"

#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

TEST(DefinitionTextTest, HeadOfATriggerLosesItsDatabases) {
  EXPECT_EQ(WithoutHeadDatabase(ObjectKind::kTrigger,
                                "CREATE DEFINER=`root`@`localhost` trigger a.tr before insert on "
                                "a.b for each row set new.id = a.f(1)"),
            "CREATE DEFINER=`root`@`localhost` trigger `tr` before insert on `b` for each row set "
            "new.id = a.f(1)");
  EXPECT_EQ(WithoutHeadDatabase(
                ObjectKind::kTrigger,
                "CREATE DEFINER=`trigger`@`on` TRIGGER IF NOT EXISTS `a` . `t``r` AFTER /* on x.y "
                "*/ UPDATE ON\n`a`.`b``.c` FOR EACH ROW BEGIN END"),
            "CREATE DEFINER=`trigger`@`on` TRIGGER IF NOT EXISTS `t``r` AFTER /* on x.y */ UPDATE "
            "ON\n`b``.c` FOR EACH ROW BEGIN END");
}

TEST(DefinitionTextTest, HeadWithoutDatabaseStays) {
  const std::string trigger =
      "CREATE DEFINER=`r`@`%` TRIGGER `tr` BEFORE DELETE ON `b` FOR EACH ROW SET @a=`x`.`y`";
  EXPECT_EQ(WithoutHeadDatabase(ObjectKind::kTrigger, trigger), trigger);
  const std::string event =
      "CREATE DEFINER=`r`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY DO CALL a.p()";
  EXPECT_EQ(WithoutHeadDatabase(ObjectKind::kEvent, event), event);
  EXPECT_EQ(WithoutHeadDatabase(ObjectKind::kProcedure, "CREATE PROCEDURE a.p() SELECT a.b FROM c"),
            "CREATE PROCEDURE `p`() SELECT a.b FROM c");
  EXPECT_EQ(WithoutHeadDatabase(ObjectKind::kPackageBody, "CREATE PACKAGE BODY a.p AS END"),
            "CREATE PACKAGE BODY `p` AS END");
}

TEST(DefinitionTextTest, HeadThatCannotBeReadIsAnError) {
  ExpectError(ErrorCode::kUnsupported,
              "the head of a trigger definition cannot be read: CREATE TABLE t (a INT)",
              "Create that object anew",
              [] { WithoutHeadDatabase(ObjectKind::kTrigger, "CREATE TABLE t (a INT)"); });
  EXPECT_THROW(WithoutHeadDatabase(ObjectKind::kTrigger, "CREATE TRIGGER t"), Error);
  EXPECT_THROW(WithoutHeadDatabase(ObjectKind::kTrigger, "CREATE TRIGGER a."), Error);
}

TEST(DefinitionTextTest, EventIsDisabledWhateverItsTextSays) {
  EXPECT_EQ(WithEventDisabled("CREATE EVENT `ENABLE` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' "
                              "ON COMPLETION NOT PRESERVE ENABLE COMMENT 'PRESERVE ENABLE' DO CALL "
                              "p('PRESERVE ENABLE')"),
            "CREATE EVENT `ENABLE` ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01' ON COMPLETION NOT "
            "PRESERVE DISABLE COMMENT 'PRESERVE ENABLE' DO CALL p('PRESERVE ENABLE')");
  EXPECT_EQ(
      WithEventDisabled("CREATE EVENT e ON SCHEDULE AT '2030-01-01' ON COMPLETION PRESERVE "
                        "DISABLE ON SLAVE DO SELECT 1"),
      "CREATE EVENT e ON SCHEDULE AT '2030-01-01' ON COMPLETION PRESERVE DISABLE DO SELECT 1");
  // As one made in HIGH_NOT_PRECEDENCE stands.
  EXPECT_EQ(
      WithEventDisabled("CREATE EVENT `DO` ON SCHEDULE EVERY 1 DAY ENABLE DO SET @ENABLE = 1"),
      "CREATE EVENT `DO` ON SCHEDULE EVERY 1 DAY DISABLE DO SET @ENABLE = 1");
  // As one made in HIGH_NOT_PRECEDENCE stands.
  EXPECT_EQ(
      WithEventDisabled("CREATE EVENT `DO` ON SCHEDULE EVERY 1 DAY ENABLE DO SET @ENABLE = 1"),
      "CREATE EVENT `DO` ON SCHEDULE EVERY 1 DAY DISABLE DO SET @ENABLE = 1");
  EXPECT_THROW(WithEventDisabled("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1"), Error);
}

TEST(DefinitionTextTest, NeedsAreFoundByTokens) {
  const DefinitionNeeds needs = NeedsOf(
      "CREATE TABLE `COLLATE x` (`a` char(1) CHARACTER SET gbk COLLATE gbk_bin COMMENT "
      "'CHARSET=koi8r', /* COLLATE no */ `charset` int) DEFAULT CHARSET=utf8mb4 "
      "COLLATE=utf8mb4_bin");
  EXPECT_EQ(needs.charsets, (std::vector<std::string>{"gbk", "utf8mb4"}));
  EXPECT_EQ(needs.collations, (std::vector<std::string>{"gbk_bin", "utf8mb4_bin"}));
}

TEST(DefinitionTextTest, OnlySequencesAreRenamed) {
  const std::string create =
      "CREATE TABLE `t` (`a` int DEFAULT nextval(`d``b`.`s`), `b` char(30) DEFAULT "
      "'nextval(`d``b`.`s`)', CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `d``b`.`p` (`a`))";
  EXPECT_EQ(WithSequenceDatabases(create, {{"d`b", "x"}}),
            "CREATE TABLE `t` (`a` int DEFAULT nextval(`x`.`s`), `b` char(30) DEFAULT "
            "'nextval(`d``b`.`s`)', CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `d``b`.`p` (`a`))");
  EXPECT_EQ(SequencesUsedBy(create),
            (std::vector<std::pair<std::string, std::string>>{{"d`b", "s"}}));
}

TEST(DefinitionTextTest, TheFirstQuotedNameIsTheObjectsOwn) {
  EXPECT_EQ(WithFirstName("CREATE TABLE `t``1` (\n  `t``1` int COMMENT '`t``1`'\n)", "a`b"),
            "CREATE TABLE `a``b` (\n  `t``1` int COMMENT '`t``1`'\n)");
  EXPECT_EQ(WithFirstName("CREATE SEQUENCE `s` start with 1", "x"),
            "CREATE SEQUENCE `x` start with 1");
  EXPECT_EQ(WithFirstName("SELECT SETVAL(`s`, 5, 0)", "x"), "SELECT SETVAL(`x`, 5, 0)");
}

TEST(DefinitionTextTest, DeclarationsStandBeforeTheBody) {
  EXPECT_TRUE(DeclaresItsData("CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1"));
  EXPECT_TRUE(
      DeclaresItsData("CREATE FUNCTION f() RETURNS int READS SQL DATA BEGIN RETURN 1; END"));
  EXPECT_TRUE(DeclaresItsData("CREATE FUNCTION f() RETURNS int NO SQL RETURN 1"));
  EXPECT_FALSE(DeclaresItsData("CREATE FUNCTION f() RETURNS int NOT DETERMINISTIC RETURN 1"));
  EXPECT_FALSE(
      DeclaresItsData("CREATE FUNCTION f() RETURNS int BEGIN /* NO SQL */ RETURN "
                      "g('DETERMINISTIC'); END"));
}

}  // namespace
}  // namespace dbomsbak
