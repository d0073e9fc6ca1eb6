#include "engine/restore_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RestoreContent File(const std::string& name, const std::string& database, bool plain) {
  RestoreContent content;
  ContentSource& source = content.sources.front();
  source.name = name;
  source.plain = plain;
  source.header.scope.databases = {database};
  source.digest = content.root_digest = "digest of " + name;
  source.unit_count = 2;
  content.rows = 3;
  for (const char* table : {"a", "b"}) {
    ContentObject object;
    object.record.id = {database, ObjectKind::kTable, table};
    content.tables.push_back(object);
  }
  content.units = {{0, 1, 0, 4}, {7, 0, 4, 4}};
  return content;
}

TEST(RestoreFilesTest, SeveralFilesAreTheSameSetInAnyOrder) {
  const RestoreContent one = Together({File("x", "d2", true), File("y", "d1", false)});
  const RestoreContent other = Together({File("y", "d1", false), File("x", "d2", true)});
  EXPECT_EQ(one.root_digest, other.root_digest);
  EXPECT_NE(one.root_digest, Together({File("z", "d1", false), File("x", "d2", true)}).root_digest);
  EXPECT_THAT(one.Databases(), ElementsAre("d1", "d2"));
  EXPECT_EQ(one.rows, 6U);
}

TEST(RestoreFilesTest, EachFileKeepsItsOwnUnitsTablesAndScope) {
  const RestoreContent content = Together({File("x", "d2", true), File("y", "d1", false)});
  for (const ContentSource& source : content.sources) {
    const std::string database = source.header.scope.databases.front();
    EXPECT_EQ(&content.SourceOf(database), &source);
    ASSERT_EQ(source.unit_count, 2U);
    for (std::size_t i = 0; i < source.unit_count; ++i) {
      const LoadUnit& unit = content.units.at(source.first_unit + i);
      EXPECT_EQ(content.tables.at(unit.table).record.id.database, database);
      EXPECT_EQ(content.tables.at(unit.table).record.id.name, i == 0 ? "b" : "a");
      EXPECT_EQ(unit.frame, i == 0 ? 0U : 7U);
    }
  }
  EXPECT_TRUE(content.SourceOf("d2").plain);
  EXPECT_FALSE(content.SourceOf("d1").plain);
}

TEST(RestoreFilesTest, KindsThatOneFileLeavesOutAreStillTheOthers) {
  RestoreContent without = File("x", "d2", true);
  without.sources.front().header.scope.excluded_kinds = {ObjectKind::kEvent};
  std::vector<RestoreContent> files;
  files.push_back(std::move(without));
  files.push_back(File("y", "d1", false));
  const RestoreContent content = Together(std::move(files));
  EXPECT_FALSE(content.Covers({"d2", ObjectKind::kEvent, "e"}));
  EXPECT_TRUE(content.Covers({"d1", ObjectKind::kEvent, "e"}));
}

TEST(RestoreFilesTest, ADatabaseInTwoFilesIsRefusedWithBothNames) {
  try {
    Together({File("x", "d", true), File("y", "d", false)});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUsage);
    EXPECT_THAT(error.message(), HasSubstr("'x'"));
    EXPECT_THAT(error.message(), HasSubstr("'y'"));
    EXPECT_THAT(error.message(), HasSubstr("`d`"));
  }
}

}  // namespace
}  // namespace dbomsbak
