// Texts of views whose bases are gone, as MariaDB 10.11 still prints them.
#include "dbomsbak/sql/view_references.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dbomsbak {
namespace {

// "db.table(col,col) table()" sorted by nothing: order of appearance.
std::string Shown(std::string_view body) {
  const std::string create =
      "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `v` AS " +
      std::string(body);
  std::string text;
  for (const ViewReference& reference : ViewReferences(create)) {
    if (!text.empty()) text += " ";
    if (!reference.database.empty()) text += reference.database + ".";
    text += reference.table + "(";
    for (const std::string& column : reference.columns)
      text += (text.back() == '(' ? "" : ",") + column;
    text += ")";
  }
  return text;
}

TEST(ViewReferencesTest, JoinsOverTwoDatabases) {
  EXPECT_EQ(Shown("select `drc_cm`.`u`.`id` AS `id`,`drc_cm`.`u`.`b` AS `b`,`drc`.`t`.`a` AS `a` "
                  "from (`drc_cm`.`u` join `drc`.`t` on(`drc_cm`.`u`.`id` = `drc`.`t`.`id`))"),
            "drc_cm.u(id,b) drc.t(a,id)");
  EXPECT_EQ(Shown("select `drc`.`t`.`id` AS `id`,'from `drc_cm`.`u`' AS `txt` from (`drc`.`t` left "
                  "join (`drc_cm`.`u` join `drc_cm`.`drc` `d2` on(`drc_cm`.`u`.`id` = `d2`.`key`)) "
                  "on(`drc`.`t`.`id` = `drc_cm`.`u`.`id`))"),
            "drc.t(id) drc_cm.u(id) drc_cm.drc(key)");
}

TEST(ViewReferencesTest, AliasesAreFollowed) {
  EXPECT_EQ(
      Shown(
          "select `drc`.`id` AS `id`,`drc`.`b` AS `b` from `drc_cm`.`u` `drc` where `drc`.`a` > 5"),
      "drc_cm.u(id,b,a)");
  EXPECT_EQ(Shown("select `a`.`id` AS `id`,`t`.`b` AS `b` from (`t` `a` join `t` on(`a`.`id` = "
                  "`t`.`a`)) where exists(select 1 from `t` where `t`.`x` = `a`.`y` limit 1)"),
            "t(id,b,a,x,y)");
  // the table's name is free for another one once it has an alias
  EXPECT_EQ(Shown("select `u`.`c` AS `c`,`a`.`d` AS `d` from (`u` `a` join `w` `u`)"), "u(d) w(c)");
}

TEST(ViewReferencesTest, UnqualifiedTablesOfTheCurrentDatabase) {
  EXPECT_EQ(Shown("select `v1`.`id` AS `id`,`v1`.`b` AS `b` from `drc`.`v1` where `v1`.`id` in "
                  "(select `v2`.`k` from `drc`.`v2`)"),
            "drc.v1(id,b) drc.v2(k)");
}

TEST(ViewReferencesTest, CtesAndDerivedTablesAreNoTables) {
  EXPECT_EQ(
      Shown("with drc as (select `drc_cm`.`we``ird`.`id` AS `id`,`drc_cm`.`we``ird`.`c``c` AS "
            "`c``c` from `drc_cm`.`we``ird`), c2(`z`) as (select `drc_cm`.`drc`.`c` AS `z` from "
            "`drc_cm`.`drc`)select `drc`.`id` AS `id`,`c2`.`z` AS `z` from (`drc` join `c2`) where "
            "exists(select 1 from `drc_cm`.`u` where `drc_cm`.`u`.`id` = `drc`.`id` limit 1)"),
      "drc_cm.we`ird(id,c`c) drc_cm.drc(c) drc_cm.u(id)");
  EXPECT_EQ(Shown("with t(`z`) as (select `t`.`id` AS `z` from `t`)select `t`.`z` AS `z` from `t`"),
            "t(id)");
  EXPECT_EQ(Shown("with recursive r as (select 1 AS `n` union select `r`.`n` + 1 AS `n+1` from `r` "
                  "where `r`.`n` < 5)select `r`.`n` AS `n` from `r`"),
            "");
  EXPECT_EQ(Shown("select `q`.`id` AS `id` from (select `u`.`id` AS `id` from `u` USE INDEX (`ka`) "
                  "where `u`.`a` in (select `w`.`id` from `w` where `w`.`c` = `u`.`o`)) `q` union "
                  "all select extract(year from `t`.`d`) AS `x`,trim(leading 'x' from `t`.`b`) AS "
                  "`y` from `t` order by '' limit 3"),
            "u(id,a,o) w(id,c) t(d,b)");
  EXPECT_EQ(Shown("select `jt`.`x` AS `x` from (`t` join JSON_TABLE(`t`.`b`, '$[*]' COLUMNS (`x` "
                  "int(11) PATH '$.a')) `jt`)"),
            "t(b)");
}

TEST(ViewReferencesTest, FunctionsAndSequencesAreNoTables) {
  EXPECT_EQ(Shown("select `drc_cm`.`f`(`drc`.`t`.`a`) AS `fa`,nextval(`drc_cm`.`s`) AS `nv` from "
                  "((`drc`.`t` join `drc_cm`.`drc`) join `drc`.`x.y`)"),
            "drc.t(a) drc_cm.drc() drc.x.y()");
}

// Of a view that selects from its own database, while that table is gone.
TEST(ViewReferencesTest, ColumnsAreQualifiedWhereTheirTableIsNot) {
  EXPECT_EQ(Shown("select `drc`.`gone`.`a` AS `a`,`drc`.`gone`.`b` AS `b` from `gone`"),
            "gone(a,b)");
}

TEST(ViewReferencesTest, EachSelectOfAUnionIsItsOwn) {
  EXPECT_EQ(Shown("(select `x`.`id` AS `id` from `a` `x`) union (select `x`.`no` AS `no` from `b` "
                  "`x`) except select `c`.`id` AS `id` from `c`"),
            "a(id) b(no) c(id)");
  EXPECT_EQ(
      Shown("select `x`.`id` AS `id` from `a` `x` union select `x`.`no` AS `no` from `b` `x`"),
      "a(id) b(no)");
}

TEST(ViewReferencesTest, ViewsOverNothing) {
  EXPECT_EQ(Shown("select 1 AS `one`"), "");
  EXPECT_EQ(Shown("select count(0) AS `c` from `drc_cm`.`u`"), "drc_cm.u()");
  EXPECT_EQ(Shown(""), "");
  EXPECT_TRUE(ViewReferences("").empty());
}

TEST(ViewReferencesTest, StoredFunctionsAreThoseWithQuotedNames) {
  std::string shown;
  for (const ViewFunction& function : ViewFunctions(
           "CREATE VIEW `v` AS select `f`(`d`.`t`.`id`) AS `a`,`e`.`g`(1,`f`(2),'),(') AS `b`,"
           "`n`() AS `z`,`s`((select max(`t`.`a`,`t`.`b`) from `t`)) AS `y`,"
           "concat('`h`(',`t`.`id`) AS `c` from (select 1 AS `a`) `x` (`a`)")) {
    shown +=
        function.database + "." + function.name + "/" + std::to_string(function.arguments) + " ";
  }
  EXPECT_EQ(shown, ".f/1 e.g/3 .n/0 .s/1 ");
}

TEST(ViewReferencesTest, ColumnsOfAViewAreTheNamesOfItsSelect) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(
      ViewColumns("CREATE ALGORITHM=UNDEFINED DEFINER=`view`@`h` SQL SECURITY DEFINER VIEW "
                  "`d`.`v` AS select `t`.`a` AS `A``1`,trim(leading ' from ' from `t`.`b`) AS "
                  "`b`,(select `x`.`y` AS `y` from `x`) AS `c` from `t`"),
      (Names{"A`1", "b", "c"}));
  EXPECT_EQ(ViewColumns("CREATE VIEW `v` (`p`,`q`) AS select 1 AS `1`,2 AS `2`"),
            (Names{"p", "q"}));
  EXPECT_EQ(ViewColumns("CREATE VIEW `v` AS (select 1 AS `a`) union (select 2 AS `b`)"),
            (Names{"a"}));
  EXPECT_EQ(
      ViewColumns("CREATE VIEW `v` AS with c as (select 1 AS `a`) select `c`.`a` AS `a` from c"),
      Names{});
}

}  // namespace
}  // namespace dbomsbak
