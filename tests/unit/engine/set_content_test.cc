// The list of names that a snapshot was taken by, and the catalogue read behind it, must agree.
#include "engine/set_content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

class SetContentTest : public ::testing::Test {
 protected:
  SetContentTest() {
    Table table;
    table.id = {"d", ObjectKind::kTable, "t"};
    Sequence sequence;
    sequence.id = {"d", ObjectKind::kSequence, "s"};
    catalog_.databases.emplace_back();
    catalog_.databases.back().name = "d";
    catalog_.databases.back().tables.push_back(table);
    catalog_.databases.back().sequences.push_back(sequence);
    names_.tables = {{"d", "t"}};
    names_.sequences = {{"d", "s"}};
  }

  NamesNow names_;
  Catalog catalog_;
};

TEST_F(SetContentTest, ListedObjectsOfTheCatalogueAreThere) {
  EXPECT_EQ(FirstMissing(names_, catalog_), std::nullopt);
}

TEST_F(SetContentTest, ListedTableThatTheCatalogueDidNotSeeIsMissing) {
  names_.tables.insert({"d", "hidden"});
  EXPECT_THAT(FirstMissing(names_, catalog_), Optional(HasSubstr("`d`.`hidden` (dropped, or hid")));
}

TEST_F(SetContentTest, ListedSequenceThatTheCatalogueDidNotSeeIsMissing) {
  names_.sequences.insert({"e", "s"});
  EXPECT_THAT(FirstMissing(names_, catalog_), Optional(HasSubstr("`e`.`s`")));
}

TEST_F(SetContentTest, TableThatCannotBeReadIsNotMissing) {
  names_.tables.insert({"d", "broken"});
  Unreadable broken;
  broken.id = {"d", ObjectKind::kTable, "broken"};
  catalog_.unreadable.push_back(broken);
  EXPECT_EQ(FirstMissing(names_, catalog_), std::nullopt);
}

}  // namespace
}  // namespace dbomsbak
