// The texts are what MariaDB 10.11 prints for definitions over the databases `drc` and `drc_cm`,
// where a table, an alias and a CTE are called `drc` as well.
#include "dbomsbak/sql/rename_databases.h"

#include <gtest/gtest.h>

#include <tuple>

namespace dbomsbak {
namespace {

const DatabaseMap kMap = {{"drc", "D`1"}, {"drc_cm", "C2"}};

std::string View(std::string_view body) {
  return "CREATE ALGORITHM=UNDEFINED DEFINER=`drc`@`drc_cm` SQL SECURITY DEFINER VIEW `drc` AS " +
         std::string(body);
}

// «drc» marks what must be renamed in the text; everything else must stay.
std::tuple<std::string, std::string> Marked(std::string text) {
  std::string before = text;
  std::string after = text;
  const auto replace = [](std::string& in, const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = in.find(from, at)) != std::string::npos; at += to.size())
      in.replace(at, from.size(), to);
  };
  replace(before, "«drc»", "`drc`");
  replace(before, "«drc_cm»", "`drc_cm`");
  replace(after, "«drc»", "`D``1`");
  replace(after, "«drc_cm»", "`C2`");
  return {before, after};
}

void ExpectRenamed(ObjectKind kind, const std::string& marked) {
  const auto [before, after] = Marked(marked);
  EXPECT_EQ(RenameDatabases(kind, before, kMap), after);
  EXPECT_EQ(RenameDatabases(kind, before, {}), before);
}

TEST(RenameDatabasesTest, ViewsOverTwoDatabases) {
  for (
      const std::string_view body : {
          "select «drc_cm».`u`.`id` AS `id`,«drc_cm».`u`.`b` AS `b`,«drc».`t`.`a` AS `a` from "
          "(«drc_cm».`u` join «drc».`t` on(«drc_cm».`u`.`id` = «drc».`t`.`id`))",
          // an alias with a database's name
          "select `drc`.`id` AS `id`,`drc`.`b` AS `b` from «drc_cm».`u` `drc` where `drc`.`a` > 5",
          // functions, sequences, a table with a database's name, a name with a dot
          "select «drc_cm».`f`(«drc».`t`.`a`) AS `fa`,`g`(«drc».`t`.`a`) AS "
          "`g(t.a)`,nextval(«drc_cm».`s`) AS `nv`,lastval(«drc».`s2`) AS `lv` from ((«drc».`t` "
          "join «drc_cm».`drc`) join «drc».`x.y`)",
          // derived table, hint, FROM within functions, UNION
          "select `q`.`id` AS `id`,`q`.`a` AS `a` from (select «drc_cm».`u`.`id` AS "
          "`id`,«drc_cm».`u`.`a` AS `a` from «drc_cm».`u` USE INDEX (`ka`) where «drc_cm».`u`.`a` "
          "in (select «drc_cm».`drc`.`id` from «drc_cm».`drc` where «drc_cm».`drc`.`c` = "
          "«drc_cm».`u`.`a`)) `q` union all select extract(year from «drc».`t`.`d`) AS "
          "`extract(year from d)`,trim(leading 'x' from «drc».`t`.`b`) AS `trim(leading 'x' from "
          "b)` from «drc».`t` order by 1 limit 3",
          // CTEs, one with a database's name
          "with drc as (select «drc_cm».`we``ird`.`id` AS `id`,«drc_cm».`we``ird`.`c``c` AS `c``c` "
          "from «drc_cm».`we``ird`), c2(`z`) as (select «drc_cm».`drc`.`c` AS `z` from "
          "«drc_cm».`drc`)select `drc`.`id` AS `id`,`c2`.`z` AS `z` from (`drc` join `c2`) where "
          "exists(select 1 from «drc_cm».`u` where «drc_cm».`u`.`id` = `drc`.`id` limit 1)",
          // names within strings
          R"(select «drc».`t`.`id` AS `id`,'from `drc_cm`.`u`' AS `txt`,'it\'s \\ `drc`.`x`(' AS `q` from («drc».`t` left join («drc_cm».`u` join «drc_cm».`drc` `d2` on(«drc_cm».`u`.`id` = `d2`.`id`)) on(«drc».`t`.`id` = «drc_cm».`u`.`id` and «drc».`t`.`b` like '%drc\\_%' escape '|')))",
          "select straight_join «drc».`t`.`id` AS `id` from («drc».`t` left join «drc_cm».`u` "
          "on(«drc».`t`.`id` = «drc_cm».`u`.`id`))",
          "select `jt`.`x` AS `x` from («drc».`t` join JSON_TABLE(«drc».`t`.`b`, '$[*]' COLUMNS "
          "(`x` int(11) PATH '$.a')) `jt`)",
          "select row_number() over ( order by «drc_cm».`u`.`a`,«drc_cm».`u`.`b`) AS `n`,count(0) "
          "over ( partition by «drc_cm».`u`.`a`,«drc_cm».`u`.`b` order by «drc_cm».`u`.`id`) AS "
          "`c` from «drc_cm».`u`",
          "select «drc_cm».`drc`.`c` AS `c` from «drc_cm».`drc` group by «drc_cm».`drc`.`c` having "
          "count(0) > 1",
          "select 1 AS `one`",
          "(select «drc».`t`.`id` AS `id` from «drc».`t`) union (select «drc_cm».`u`.`id` AS `id` "
          "from «drc_cm».`u`) except select «drc_cm».`drc`.`id` AS `id` from «drc_cm».`drc`",
          "select «drc».`t`.`id` AS `id` from «drc».`t` where «drc».`t`.`id` = (select "
          "max(«drc_cm».`u`.`id`) from «drc_cm».`u` where «drc_cm».`u`.`a` = «drc».`t`.`a`) and "
          "(«drc».`t`.`a`,«drc».`t`.`b`) in (select «drc_cm».`u`.`a`,«drc_cm».`u`.`b` from "
          "«drc_cm».`u`)",
          "select «drc».`t`.`b` collate latin1_bin AS `b`,cast(«drc».`t`.`a` as char charset "
          "latin1) AS `c`,group_concat(«drc».`t`.`b` order by «drc».`t`.`a` ASC,«drc».`t`.`id` ASC "
          "separator ', from `drc`.`t`') AS `gc`,case when «drc».`t`.`a` = 1 then (select "
          "«drc_cm».`u`.`b` from «drc_cm».`u` limit 1) else 'x' end AS `e` from «drc».`t` group by "
          "«drc».`t`.`a`",
          // one database alone: nothing is qualified
          "select `a`.`id` AS `id`,`t`.`b` AS `b` from (`t` `a` join `t` on(`a`.`id` = `t`.`a`)) "
          "where exists(select 1 from `t` `drc` where `drc`.`id` = `a`.`id` limit 1)",
          // comma lists and hints, as MySQL and hand-written texts have them
          "select /*+ NO_BNL(`drc`.`t`) */ `drc`.`x` from «drc».`t` `drc`, «drc_cm».`u` AS "
          "`drc_cm`, lateral (select 1 from «drc».`t`) `l`, «drc».`v` PARTITION (`p0`,`p1`) `z` "
          "where `drc`.`a` in (`drc`.`b`, `drc`.`c`) group by `drc`.`x`,`drc`.`y` with rollup "
          "order by `drc`.`x`,`drc`.`y`",
          "select `drc`.`x` from («drc».`a` `drc` join (`b` join «drc_cm».`c`)) -- from "
          "`drc`.`x`\n where 1 WITH CASCADED CHECK OPTION",
      }) {
    ExpectRenamed(ObjectKind::kView, View(body));
  }
}

TEST(RenameDatabasesTest, TheViewsOwnNameMayBeQualified) {
  ExpectRenamed(ObjectKind::kView, "CREATE VIEW «drc».`drc` AS select 1 AS `1`");
}

TEST(RenameDatabasesTest, Tables) {
  ExpectRenamed(
      ObjectKind::kTable,
      "CREATE TABLE `drc` (\n"
      "  `id` int(11) NOT NULL DEFAULT nextval(«drc_cm».`s`),\n"
      "  `x` int(11) DEFAULT (next value for «drc_cm».`s` + lastval(«drc».`s`)),\n"
      "  `drc` int(11) DEFAULT NULL CHECK (`drc`.`y` > 0),\n"
      "  `c` varchar(40) DEFAULT 'REFERENCES `drc`.`p`' COMMENT 'nextval(`drc`.`s`)',\n"
      "  CONSTRAINT `drc` FOREIGN KEY (`pid`) REFERENCES «drc».`p` (`id`) ON DELETE CASCADE,\n"
      "  CONSTRAINT `c_ibfk_2` FOREIGN KEY (`k`) REFERENCES `drc` (`id`)\n"
      ") ENGINE=MRG_MyISAM DEFAULT CHARSET=latin1 UNION=(`drc`,«drc».`m1`,«drc_cm».`m1`) "
      "COMMENT='UNION=(`drc`.`t`)'");
}

TEST(RenameDatabasesTest, OtherKinds) {
  ExpectRenamed(ObjectKind::kSequence,
                "CREATE SEQUENCE `drc` start with 1 minvalue 1 ENGINE=InnoDB");
  ExpectRenamed(ObjectKind::kDatabase,
                "CREATE DATABASE «drc» /*!40100 DEFAULT CHARACTER SET utf8mb4 */");
  ExpectRenamed(ObjectKind::kProcedure,
                "CREATE DEFINER=`drc`@`%` PROCEDURE `drc`()\nselect * from `drc`.`t`");
  ExpectRenamed(
      ObjectKind::kFunction,
      "CREATE DEFINER=`r`@`%` FUNCTION `fn`(drc int) RETURNS int(11)\nreturn `drc`.`f`(drc)");
  ExpectRenamed(
      ObjectKind::kEvent,
      "CREATE DEFINER=`r`@`%` EVENT `e` ON SCHEDULE EVERY 1 DAY DO delete from `drc`.`t`");
}

// Triggers come back as the user wrote them, database and all: created as they are in a staging
// database they would land on the live table.
TEST(RenameDatabasesTest, HeadsOfTriggers) {
  const auto renamed = [](std::string_view create) {
    return RenameDatabases(ObjectKind::kTrigger, create, kMap);
  };
  EXPECT_EQ(renamed("CREATE DEFINER=`r`@`%` trigger drc.tr before insert on drc.t for each row set "
                    "new.a = drc.f(1)"),
            "CREATE DEFINER=`r`@`%` trigger `D``1`.tr before insert on `D``1`.t for each row set "
            "new.a = drc.f(1)");
  EXPECT_EQ(renamed("CREATE DEFINER=`r`@`%` trigger `tr2` before insert on `drc` . `t` for each "
                    "row  set new.a = 1"),
            "CREATE DEFINER=`r`@`%` trigger `tr2` before insert on `D``1` . `t` for each row  set "
            "new.a = 1");
  EXPECT_EQ(renamed("CREATE DEFINER=`r`@`%` trigger if not exists drc /* drc.x on drc.y */ after "
                    "insert on t for each row insert into drc.p values(1)"),
            "CREATE DEFINER=`r`@`%` trigger if not exists drc /* drc.x on drc.y */ after insert on "
            "t for each row insert into drc.p values(1)");
  EXPECT_EQ(renamed("CREATE TRIGGER \"drc\".\"tr\" BEFORE UPDATE ON \"drc_cm\".\"t\" FOR EACH ROW "
                    "SET @a = 1"),
            "CREATE TRIGGER `D``1`.\"tr\" BEFORE UPDATE ON `C2`.\"t\" FOR EACH ROW SET @a = 1");
}

TEST(RenameDatabasesTest, QualifiersAreListedOnceInOrder) {
  const auto [text, unused] =
      Marked(View("select «drc_cm».`f`(`x`.`a`) AS `a` from «drc».`t` `x` join «drc_cm».`u`, "
                  "`other`.`w` `drc`"));
  EXPECT_EQ(QualifyingDatabases(ObjectKind::kView, text),
            (std::vector<std::string>{"drc_cm", "drc", "other"}));
  EXPECT_TRUE(QualifyingDatabases(ObjectKind::kTable, "CREATE TABLE `a` (`b` int)").empty());
  EXPECT_TRUE(
      QualifyingDatabases(ObjectKind::kProcedure, "CREATE PROCEDURE `a`() select * from `b`.`c`")
          .empty());
}

TEST(RenameDatabasesTest, TextCutAnywhereIsNoTrouble) {
  const auto [text, unused] =
      Marked(View("with c2(`z`) as (select «drc_cm».`drc`.`c` AS `z` from «drc_cm».`drc`)select "
                  "nextval(«drc».`s`),'it\\'s' from (`c2` join («drc».`t`, `x`))"));
  for (std::size_t size = 0; size <= text.size(); ++size) {
    for (const ObjectKind kind :
         {ObjectKind::kView, ObjectKind::kTable, ObjectKind::kTrigger, ObjectKind::kDatabase}) {
      const std::string cut = text.substr(0, size);
      EXPECT_EQ(RenameDatabases(kind, cut, {}), cut);
    }
  }
}

}  // namespace
}  // namespace dbomsbak
