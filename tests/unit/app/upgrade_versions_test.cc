#include "dbomsbak/app/upgrade_versions.h"

#include <gtest/gtest.h>

#include <string>

namespace dbomsbak {
namespace {

std::string Text(const std::optional<OmsVersion>& version) {
  return version ? version->text() : "none";
}

OmsVersion V(const char* text) { return ParseOmsVersion(text).value(); }

TEST(UpgradeVersionsTest, TagsTellTheVersion) {
  EXPECT_EQ(Text(VersionOfImage("reg.example.org:5000/oms/oms:feature_4.0.0-ce")), "4.0.0");
  EXPECT_EQ(Text(VersionOfImage("oceanbase/oms-ce:V3.3.1-CE")), "3.3.1");
  EXPECT_EQ(Text(VersionOfImage("oms:4.2.5_bp1@sha256:0123")), "4.2.5");
  EXPECT_EQ(Text(VersionOfImage("oms:feature_3.10.0")), "3.10.0");
}

TEST(UpgradeVersionsTest, WhatTellsNoneIsNone) {
  EXPECT_EQ(Text(VersionOfImage("oms:latest")), "none");
  EXPECT_EQ(Text(VersionOfImage("oms")), "none");
  EXPECT_EQ(Text(VersionOfImage("4.0.0.1:5000/oms")), "none");  // an address, not a tag
  EXPECT_EQ(Text(ParseOmsVersion("4.0")), "none");
  EXPECT_EQ(Text(ParseOmsVersion("4.0.x")), "none");
}

TEST(UpgradeVersionsTest, OnlyDocumentedPathsAreTaken) {
  EXPECT_TRUE(IsDocumentedPath(V("3.2.2"), V("4.0.0")));
  EXPECT_TRUE(IsDocumentedPath(V("4.0.0"), V("4.1.0")));
  EXPECT_FALSE(IsDocumentedPath(V("3.2.2"), V("3.3.1")));
  EXPECT_FALSE(IsDocumentedPath(V("4.1.0"), V("4.1.1")));  // for new deployments only
  EXPECT_FALSE(IsDocumentedPath(V("4.0.0"), V("4.0.0")));
  EXPECT_FALSE(IsDocumentedPath(V("4.0.0"), V("3.3.1")));
}

TEST(UpgradeVersionsTest, AWayRoundIsFound) {
  std::string way;
  for (const OmsVersion& version : WayBetween(V("3.2.2"), V("3.3.1"))) way += version.text() + " ";
  EXPECT_EQ(way, "3.2.2 3.3.0 3.3.1 ");
  EXPECT_TRUE(WayBetween(V("4.1.0"), V("4.2.0")).empty());
  EXPECT_TRUE(WayBetween(V("4.0.0"), V("3.3.1")).empty());
}

TEST(UpgradeVersionsTest, WhatTheVersionsNeed) {
  EXPECT_FALSE(NeedsIsUpgrade(V("3.3.0")));
  EXPECT_TRUE(NeedsIsUpgrade(V("3.3.1")));
  EXPECT_TRUE(MayLackDbType(V("3.2.2")));
  EXPECT_TRUE(MayLackDbType(V("3.3.0")));
  EXPECT_FALSE(MayLackDbType(V("3.3.1")));
}

}  // namespace
}  // namespace dbomsbak
