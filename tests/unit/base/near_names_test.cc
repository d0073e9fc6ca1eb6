#include "dbomsbak/base/near_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace dbomsbak {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(NearNamesTest, NearestFirst) {
  const std::vector<std::string> known{"dump", "verify", "restore", "undo", "purge", "status"};
  EXPECT_THAT(NearNames("dmup", known), ElementsAre("dump"));
  EXPECT_THAT(NearNames("verfy", known), ElementsAre("verify"));
  EXPECT_THAT(NearNames("rest", known), ElementsAre("restore"));
  EXPECT_THAT(NearNames("RESTORE", known), ElementsAre("restore"));
  EXPECT_THAT(NearNames("banana", known), IsEmpty());
  EXPECT_EQ(DidYouMean("stat", known), "Did you mean 'status'?");
  EXPECT_EQ(DidYouMean("xyzzy", known), "");
}

}  // namespace
}  // namespace dbomsbak
