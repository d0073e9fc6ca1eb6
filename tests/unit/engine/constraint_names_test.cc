#include "engine/constraint_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace dbomsbak {
namespace {

constexpr char kTable[] =
    "CREATE TABLE `t` (\n"
    "  `a` int(11) DEFAULT 'CONSTRAINT `x` CHECK (1)' COMMENT ', CONSTRAINT `y` CHECK (1)',\n"
    "  KEY `k` (`a`) BLOCK_SIZE 16384 LOCAL,\n"
    "  CONSTRAINT `f``1` FOREIGN KEY (`a`) REFERENCES `p`(`a`) ON UPDATE RESTRICT ,\n"
    "  CONSTRAINT `c` CHECK ((`a` in (1,2)))\n"
    ") ORGANIZATION INDEX COMMENT = 'CONSTRAINT `z`'\n"
    " partition by hash(a)\n(partition `p0`)";

TEST(ConstraintNames, AreFoundByTokens) {
  const std::vector<Constraint> constraints = ConstraintsOf(kTable);
  ASSERT_EQ(constraints.size(), 2U);
  EXPECT_EQ(constraints[0].name, "f`1");
  EXPECT_TRUE(constraints[0].foreign_key);
  EXPECT_EQ(constraints[0].definition, "FOREIGN KEY (`a`) REFERENCES `p`(`a`) ON UPDATE RESTRICT");
  EXPECT_EQ(constraints[1].name, "c");
  EXPECT_FALSE(constraints[1].foreign_key);
  EXPECT_EQ(constraints[1].definition, "CHECK ((`a` in (1,2)))");
}

TEST(ConstraintNames, ChangeNothingElse) {
  std::string expected = kTable;
  expected.replace(expected.find("`f``1`"), 6, "`f``1__dbomsbak`");
  expected.replace(expected.find("`c` CHECK"), 3, "`c__dbomsbak`");
  EXPECT_EQ(WithStagedConstraintNames(kTable), expected);
}

TEST(LateKeys, BeginWithTheFirstThatNamesAnotherDatabase) {
  const LateKeys split = WithoutLateKeys(
      "CREATE TABLE `t` (\n  `a` int(11) DEFAULT NULL,\n"
      "  CONSTRAINT `f1` FOREIGN KEY (`a`) REFERENCES `p`(`a`) ,\n"
      "  CONSTRAINT `f2` FOREIGN KEY (`a`) REFERENCES `d`.`p`(`a`) ON DELETE CASCADE ,\n"
      "  CONSTRAINT `f3` FOREIGN KEY (`a`) REFERENCES `p`(`a`) ,\n"
      "  CONSTRAINT `c` CHECK ((`a` > 1))\n) COMMENT = 'x'");
  EXPECT_EQ(split.create,
            "CREATE TABLE `t` (\n  `a` int(11) DEFAULT NULL,\n"
            "  CONSTRAINT `f1` FOREIGN KEY (`a`) REFERENCES `p`(`a`)   ,\n"
            "  CONSTRAINT `c` CHECK ((`a` > 1))\n) COMMENT = 'x'");
  EXPECT_THAT(split.keys,
              testing::ElementsAre(
                  "CONSTRAINT `f2` FOREIGN KEY (`a`) REFERENCES `d`.`p`(`a`) ON DELETE CASCADE",
                  "CONSTRAINT `f3` FOREIGN KEY (`a`) REFERENCES `p`(`a`)"));
  EXPECT_TRUE(WithoutLateKeys(kTable).keys.empty());
  EXPECT_EQ(WithoutLateKeys(kTable).create, kTable);
}

TEST(ConstraintNames, ThoseOfTwinsAreNeverStagedOnes) {
  EXPECT_EQ(TwinConstraintName("f"), "f__dbomsbak_twin");
  EXPECT_FALSE(IsStagedConstraintName(TwinConstraintName("f")));
  const std::string one = TwinConstraintName(std::string(63, 'a') + "1");
  const std::string two = TwinConstraintName(std::string(63, 'a') + "2");
  EXPECT_EQ(one.size(), 64U);
  EXPECT_NE(one, two);
  EXPECT_FALSE(IsStagedConstraintName(one));
}

TEST(ConstraintNames, StayWithin64CharactersAndApart) {
  const std::string fits(54, 'a');
  EXPECT_EQ(StagedConstraintName(fits), fits + "__dbomsbak");
  EXPECT_FALSE(IsCutConstraintName(StagedConstraintName(fits)));
  std::string wide;
  for (int i = 0; i < 64; ++i) wide += "表";
  for (const std::string& name : {std::string(55, 'a'), std::string(64, 'a'), wide}) {
    const std::string staged = StagedConstraintName(name);
    EXPECT_TRUE(IsStagedConstraintName(staged));
    EXPECT_TRUE(IsCutConstraintName(staged));
    EXPECT_NE(staged, StagedConstraintName(name.substr(0, name.size() - 3) + "xyz"));
    std::size_t characters = 0;
    for (const char c : staged) characters += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    EXPECT_LE(characters, 64U) << staged;
  }
}

TEST(ConstraintNamesTest, KeysAreTakenOutWithWhateverStandsBehindThem) {
  // As OceanBase prints it, with other items behind.
  EXPECT_EQ(
      WithoutForeignKeys("CREATE TABLE `c` (\n  `p` int(11),\n  PRIMARY KEY (`p`),\n  "
                         "CONSTRAINT `f` FOREIGN KEY (`p`) REFERENCES `d`.`t`(`id`) ON UPDATE "
                         "RESTRICT ON DELETE CASCADE ,\n  KEY `k` (`p`) BLOCK_SIZE 16384\n)",
                         {"f"}),
      "CREATE TABLE `c` (\n  `p` int(11),\n  PRIMARY KEY (`p`),\n  KEY `k` (`p`) BLOCK_SIZE "
      "16384\n)");
  // As the others do, last; a key of another name stays.
  EXPECT_EQ(WithoutForeignKeys(
                "CREATE TABLE `c` (\n  `p` int(11),\n  CONSTRAINT `f` FOREIGN KEY (`p`) REFERENCES "
                "`t` (`id`),\n  CONSTRAINT `g` FOREIGN KEY (`p`) REFERENCES `u` (`id`)\n)",
                {"g"}),
            "CREATE TABLE `c` (\n  `p` int(11),\n  CONSTRAINT `f` FOREIGN KEY (`p`) REFERENCES "
            "`t` (`id`)\n)");
}

}  // namespace
}  // namespace dbomsbak
