#include "sql/version_comments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dbomsbak {
namespace {

std::vector<std::string> TextsOf(std::string_view sql) {
  std::vector<std::string> texts;
  for (const VersionComment& comment : VersionCommentsOf(sql)) {
    texts.emplace_back(comment.Text(sql));
  }
  return texts;
}

TEST(VersionCommentsTest, TheyAreFoundWhereAServerReadsThem) {
  const std::string_view sql = "`a` int /*!80023 INVISIBLE */ /*M!100301 B  'c' */, x /*!1*/ y";
  EXPECT_EQ(TextsOf(sql), (std::vector<std::string>{"INVISIBLE", "B  'c'", ""}));
  const VersionComment first = VersionCommentsOf(sql).front();
  EXPECT_EQ(sql.substr(first.begin, first.end - first.begin), "/*!80023 INVISIBLE */");
  EXPECT_TRUE(first.Holds(sql.find("INV")));
  EXPECT_FALSE(first.Holds(sql.find(" /*M")));
}

TEST(VersionCommentsTest, StringsNamesAndPlainCommentsHoldNone) {
  EXPECT_TRUE(TextsOf("'/*!1 a */' \"/*!1 b */\" `/*!1 c */` /* /*!1 d */ e */").empty());
  EXPECT_EQ(TextsOf("/*!1 '*/' x */"), std::vector<std::string>{"'*/' x"});
  EXPECT_EQ(TextsOf("/* a */ /*!1 b */"), std::vector<std::string>{"b"});
}

TEST(VersionCommentsTest, AnOpenOneReachesToTheEnd) {
  EXPECT_EQ(TextsOf("a /*!1 b c"), std::vector<std::string>{"b c"});
  EXPECT_EQ(VersionCommentsOf("a /*!1 b c").front().end, 10U);
  EXPECT_EQ(TextsOf("a /*!"), std::vector<std::string>{""});
  EXPECT_EQ(TextsOf("a /*"), std::vector<std::string>{});
}

}  // namespace
}  // namespace dbomsbak
