#include "engine/set_names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace dbomsbak {
namespace {

std::size_t Characters(const std::string& utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

TEST(SetNamesTest, ShortNamesAreKeptWhole) {
  EXPECT_EQ(StagingName("drc_rm_db", "k3f9a0zz"), "drc_rm_db__dbomsbak_new_k3f9a0zz");
  EXPECT_EQ(DisplacedName("drc_rm_db", 12), "drc_rm_db__dbomsbak_old_12");
}

TEST(SetNamesTest, LongNamesFitAndStayApart) {
  const std::string a = std::string(63, 'x') + "a", b = std::string(63, 'x') + "b";
  for (const auto& name :
       {StagingName(a, "k3f9a0zz"), DisplacedName(a, 1), DisplacedName(a, 999999)}) {
    EXPECT_EQ(Characters(name), 64u) << name;
  }
  EXPECT_NE(StagingName(a, "k3f9a0zz"), StagingName(b, "k3f9a0zz"));
  EXPECT_NE(DisplacedName(a, 1), DisplacedName(b, 1));
}

TEST(SetNamesTest, CharactersCountNotBytes) {
  std::string chinese;
  for (int i = 0; i < 64; ++i) chinese += "\xE5\xBA\x93";
  const std::string name = StagingName(chinese, "k3f9a0zz");
  EXPECT_EQ(Characters(name), 64u);
  EXPECT_TRUE(IsStagingName(name));
  std::string forty;
  for (int i = 0; i < 41; ++i) forty += "\xE5\xBA\x93";
  EXPECT_EQ(StagingName(forty, "k3f9a0zz"), forty + "__dbomsbak_new_k3f9a0zz") << "fits exactly";
}

TEST(SetNamesTest, OnlyOurOwnNamesAreTakenForOurs) {
  EXPECT_TRUE(IsStagingName("d__dbomsbak_new_00000000"));
  EXPECT_EQ(RunOf("d__dbomsbak_new_0a0b0c0d"), "0a0b0c0d");
  EXPECT_EQ(GenerationOf("d__dbomsbak_old_7"), 7u);
  EXPECT_EQ(GenerationOf("d__dbomsbak_old_1__dbomsbak_old_12"), 12u);
  for (const std::string name :
       {"d", "d__dbomsbak_new_", "d__dbomsbak_new_0000000", "d__dbomsbak_new_000000000",
        "d__dbomsbak_new_0000000X", "d__dbomsbak_old_", "d__dbomsbak_old_0", "d__dbomsbak_old_01",
        "d__dbomsbak_old_1x", "d__dbomsbak_old_-1", "d__dbomsbak_old_99999999999999999999"}) {
    EXPECT_FALSE(IsStagingName(name)) << name;
    EXPECT_FALSE(IsDisplacedName(name)) << name;
  }
}

TEST(SetNamesTest, NamesTellWhoseTheyAre) {
  EXPECT_EQ(LiveNameOf("d__dbomsbak_new_0a0b0c0d"), "d");
  EXPECT_EQ(LiveNameOf("d__dbomsbak_old_1__dbomsbak_old_12"), "d__dbomsbak_old_1");
  EXPECT_EQ(LiveNameOf("d__dbomsbak_old_1__dbomsbak_new_0a0b0c0d"), "d__dbomsbak_old_1");
}

TEST(SetNamesTest, RunsDiffer) {
  std::set<std::string> runs;
  for (int i = 0; i < 1000; ++i) runs.insert(NewRunId());
  EXPECT_EQ(runs.size(), 1000u);
  EXPECT_TRUE(IsStagingName(StagingName("d", *runs.begin())));
}

}  // namespace
}  // namespace dbomsbak
