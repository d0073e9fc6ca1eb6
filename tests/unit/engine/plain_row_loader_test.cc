#include "engine/plain_row_loader.h"

#include <gtest/gtest.h>

#include "support/fake_session.h"
#include "unit/memory_file.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

constexpr char kDump[] =
    "-- MySQL dump 10.13\n\nCREATE TABLE `t` (\n  `a` int\n);\nINSERT INTO `t` VALUES (1);\n"
    "-- Dump completed\n";

class PlainRowLoaderTest : public ::testing::Test {
 protected:
  PlainRowLoaderTest() {
    options_.into = "d";
    content_ = ReadPlainContent(InMemory(kDump), options_, SilentObserver(), cancel_);
  }

  void Load(const std::string& text) {
    test::FakeSessionFactory sessions(server_);
    const ServerTraits traits;
    const std::vector<LoadTarget> targets = {{"staging", "t", true}};
    const std::vector<bool> done(content_.units.size());
    PlainRowLoader loader(sessions, traits, InMemory(text), options_, content_, content_.sources[0],
                          targets, done, "`staging`.`load`", 1 << 20, SilentObserver(), cancel_);
    loader.Run(1);
  }

  test::FakeServer server_;
  PlainDumpOptions options_;
  CancelToken cancel_;
  RestoreContent content_;
};

TEST_F(PlainRowLoaderTest, AFileThatSomebodyWroteToMeanwhileIsNotWhatWasChecked) {
  Load(kDump);
  EXPECT_TRUE(server_.Saw("INSERT INTO `t` VALUES (1)"));
  std::string text = kDump;
  text[text.find("(1)") + 1] = '2';
  ExpectError(ErrorCode::kDamaged, "'memory' is not what it was when it was checked",
              "Nothing was swapped", [&] { Load(text); });
}

TEST_F(PlainRowLoaderTest, ASessionThatFailsEndsTheReaderAsWell) {
  server_.OnError("INSERT INTO `t`", test::FakeServer::Lost());
  ExpectError(ErrorCode::kConnectionLost, "loading table `d`.`t` from line ", "",
              [&] { Load(kDump); });
}

}  // namespace
}  // namespace dbomsbak
