#include "dbomsbak/app/upgrade_journal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "dbomsbak/app/upgrade.h"
#include "dbomsbak/base/utc_time.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;

class UpgradeJournalTest : public testing::Test {
 protected:
  UpgradeJournalTest() {
    std::string pattern = (fs::temp_directory_path() / "upgrade-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~UpgradeJournalTest() override { fs::remove_all(folder_); }

  UpgradeJournal Read() { return {FileSystem::Posix(), folder_}; }
  void Write(const std::string& file, const std::string& text) {
    std::ofstream(UpgradeFile(folder_, file)) << text;
  }
  ErrorCode CodeOfRead() {
    try {
      Read();
      return ErrorCode::kOk;
    } catch (const Error& error) {
      return error.code();
    }
  }

  std::string folder_;
};

TEST_F(UpgradeJournalTest, WhatIsWrittenIsThereForTheNextRun) {
  {
    UpgradeJournal journal = Read();
    EXPECT_FALSE(journal.exists());
    journal.SetOptions({{"oms-config", {"/a", "/b"}}});
    journal.SetFact("t1", "2026-11-27T10:15:34Z");
    journal.Append("begin", "stop", "");
    journal.Append("done", "stop", "");
    journal.Append("begin", "dump", "x\"\n");
  }
  UpgradeJournal journal = Read();
  EXPECT_TRUE(journal.exists());
  EXPECT_EQ(journal.options().at("oms-config"), (std::vector<std::string>{"/a", "/b"}));
  EXPECT_EQ(journal.Fact("t1"), "2026-11-27T10:15:34Z");
  EXPECT_EQ(journal.Fact("t2"), "");
  EXPECT_TRUE(journal.Done("stop"));
  EXPECT_TRUE(journal.Begun("dump"));
  EXPECT_FALSE(journal.Done("dump"));
  EXPECT_FALSE(journal.Begun("verify"));
  EXPECT_EQ(journal.entries().back().payload, "x\"\n");
  struct stat status {};
  ASSERT_EQ(::stat(UpgradeFile(folder_, "journal.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(UpgradeJournalTest, AKillInTheMiddleOfWritingLeavesTheOldOne) {
  Read().SetFact("t1", "old");
  Write("journal.json.partial", "{\"format\":\"dbomsbak-upg");
  EXPECT_EQ(Read().Fact("t1"), "old");
  Read().SetFact("t1", "new");  // the half is replaced
  EXPECT_EQ(Read().Fact("t1"), "new");
  EXPECT_FALSE(fs::exists(UpgradeFile(folder_, "journal.json.partial")));
}

TEST_F(UpgradeJournalTest, WhatIsNoJournalIsNotTakenForOne) {
  Read().SetFact("t1", "x");
  const std::string path = UpgradeFile(folder_, "journal.json");
  const std::string text = ReadWholeFile(FileSystem::Posix(), path, 1 << 20);
  for (std::size_t size = 0; size + 2 < text.size(); ++size) {
    Write("journal.json", text.substr(0, size));
    ASSERT_EQ(CodeOfRead(), ErrorCode::kDamaged) << size;
  }
  Write("journal.json", R"({"format":"dbomsbak-upgrade","version":1,"options":7})");
  EXPECT_EQ(CodeOfRead(), ErrorCode::kDamaged);
  Write("journal.json", R"({"format":"dbomsbak-upgrade","version":2})");
  EXPECT_EQ(CodeOfRead(), ErrorCode::kNewerFormat);
}

TEST_F(UpgradeJournalTest, TwoRunsAtOnceAreKeptApart) {
  auto first = std::make_unique<UpgradeLock>(folder_);
  try {
    const UpgradeLock second(folder_);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kLocked);
    EXPECT_NE(error.message().find("process"), std::string::npos) << error.message();
  }
  first.reset();
  const UpgradeLock again(folder_);
}

TEST_F(UpgradeJournalTest, AConfirmationStandsUntilItsOppositeIsConfirmed) {
  UpgradeJournal journal = Read();
  const auto stand = [&] {
    std::string names;
    for (const char* name : {"lag", "ha-off", "ha-off-rollback", "ha-on"}) {
      if (ConfirmationStands(journal, name)) names += std::string(name) + ' ';
    }
    return names;
  };
  journal.Append("confirmed", "lag", "");
  journal.Append("confirmed", "ha-off", "");
  EXPECT_EQ(stand(), "lag ha-off ");
  journal.Append("confirmed", "ha-off-rollback", "");
  journal.Append("note", "rollback", "");
  EXPECT_EQ(stand(), "lag ha-off ha-off-rollback ");
  journal.Append("confirmed", "ha-on", "");
  EXPECT_EQ(stand(), "lag ha-on ");
  journal.Append("confirmed", "ha-off-rollback", "");
  EXPECT_EQ(stand(), "lag ha-off-rollback ");
}

TEST_F(UpgradeJournalTest, AFileIsNoFolder) {
  const std::string file = folder_ + "/file", below = file + "/state";
  std::ofstream(file) << "text";
  constexpr char kHint[] = "Name a folder that this user may write to with --state DIR.";
  ExpectTold(Thrown([&] { MakeUpgradeFolder(file, true); }), ErrorCode::kIo,
             "cannot make folder '" + file + "': Not a directory", file, kHint);
  ExpectTold(Thrown([&] { MakeUpgradeFolder(below, true); }), ErrorCode::kIo,
             "cannot look at '" + below + "': Not a directory", below, kHint);
}

TEST_F(UpgradeJournalTest, OnlyTheLastFolderIsMade) {
  const std::string parent = folder_ + "/misspelt", below = parent + "/state";
  ExpectTold(
      Thrown([&] { MakeUpgradeFolder(below, false); }), ErrorCode::kUpgradePreflight,
      "the folder of the upgrade, '" + below + "', cannot be made: there is no '" + parent + "'",
      below, "Look whether --state names the right one. If it does: mkdir -p " + parent);
  EXPECT_FALSE(fs::exists(parent));
  MakeUpgradeFolder(parent, false);
  MakeUpgradeFolder(below, false);
  EXPECT_TRUE(fs::exists(below));
  MakeUpgradeFolder(folder_ + "/a/b/c", true);
  EXPECT_TRUE(fs::exists(folder_ + "/a/b/c"));
}

TEST_F(UpgradeJournalTest, AFolderThatOthersCanChangeIsRefused) {
  const auto code = [](const std::string& folder) {
    try {
      MakeUpgradeFolder(folder, true);
      return ErrorCode::kOk;
    } catch (const Error& error) {
      return error.code();
    }
  };
  EXPECT_EQ(code(folder_ + "/fresh"), ErrorCode::kOk);
  EXPECT_EQ(code(folder_), ErrorCode::kOk);
  const std::string link = folder_ + "/link";
  fs::create_directory_symlink(folder_ + "/fresh", link);
  EXPECT_EQ(code(link), ErrorCode::kUpgradePreflight);
  EXPECT_EQ(code(link + "/"), ErrorCode::kUpgradePreflight);
  for (const ::mode_t mode : {0770U, 0702U}) {
    ASSERT_EQ(::chmod(folder_.c_str(), mode), 0);
    EXPECT_EQ(code(folder_), ErrorCode::kUpgradePreflight) << mode;
  }
  ASSERT_EQ(::chmod(folder_.c_str(), 0755), 0);
  EXPECT_EQ(code(folder_), ErrorCode::kOk);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(folder_.c_str(), 12345, 12345), 0);
    EXPECT_EQ(code(folder_), ErrorCode::kUpgradePreflight);
  }
}

TEST_F(UpgradeJournalTest, TheStateFollowsTheSteps) {
  UpgradeJournal journal = Read();
  UpgradeOptions options;
  EXPECT_EQ(UpgradeState(options, journal), "none");
  const auto expect = [&](const char* event, const char* step, const char* state) {
    journal.Append(event, step, "");
    EXPECT_EQ(UpgradeState(options, journal), state) << event << ' ' << step;
  };
  expect("confirmed", "lag", "not-ready");
  journal.SetFact("problems", "2");
  EXPECT_EQ(UpgradeState(options, journal), "not-ready");
  journal.SetFact("problems", "0");
  EXPECT_EQ(UpgradeState(options, journal), "checked");
  expect("begin", "restart-policy", "backing-up");
  expect("done", "stopped", "backing-up");
  journal.SetFact("t1", "1");
  journal.SetFact("archive_t1", "1");
  journal.SetFact("root", "a");
  expect("begin", "receipt", "backing-up");
  expect("done", "receipt", "backing-up");  // of which archive?
  journal.SetFact("receipt_root", "a");
  EXPECT_EQ(UpgradeState(options, journal), "backed-up");
  journal.SetFact("archive_t1", "0");  // stopped again since
  EXPECT_EQ(UpgradeState(options, journal), "backing-up");
  journal.SetFact("archive_t1", "1");
  expect("begin", "run", "starting");
  expect("begin", "mounts", "starting");
  expect("done", "mounts", "starting");
  journal.SetFact("t2", "2");
  EXPECT_EQ(UpgradeState(options, journal), "started");
  expect("done", "finished", "finished");
  expect("done", "restore-preflight", "finished");
  expect("begin", "stop-new", "rolling-back");
  expect("done", "restart-old", "rolling-back");
  expect("done", "advice", "rolled-back");
}

TEST_F(UpgradeJournalTest, AStepCountsForItsArchiveAndOneLeftOutIsSkipped) {
  UpgradeJournal journal = Read();
  const UpgradeOptions options;
  const auto states = [&] {
    std::string text;
    for (const UpgradeStepState& state : UpgradeSteps(options, UpgradeFacts(), journal, true)) {
      if (state.state != "pending") text += state.step.name + " " + state.state + "; ";
    }
    return text;
  };
  journal.SetFact("t1", "1");
  journal.SetFact("stopped_t1", "1");
  journal.SetFact("archive_t1", "1");
  for (const char* fact : {"root", "verified_root", "pinned_root"}) journal.SetFact(fact, "a");
  for (const char* step : {"stopped", "dump", "verify", "pin"}) journal.Append("done", step, "");
  EXPECT_EQ(states(),
            "lag skipped; switchover skipped; connectors skipped; clocks skipped; ha-off skipped; "
            "inspect skipped; preflight skipped; restart-policy skipped; stop skipped; stopped "
            "done; dump done; verify done; rehearse skipped; pin done; ");
  journal.Append("confirmed", "ha-on", "");
  journal.SetFact("t1", "2");
  EXPECT_EQ(states(), "ha-on done; ");
  journal.Append("begin", "restart-old", "");
  EXPECT_EQ(states(),
            "ha-on done; ha-off-rollback skipped; restore-preflight skipped; stop-new skipped; "
            "restore skipped; restart-old begun; ");
}

TEST_F(UpgradeJournalTest, WhatTheOperatorHasNotConfirmedIsPendingBehindALookThatFailed) {
  UpgradeJournal journal = Read();
  const UpgradeOptions options;
  UpgradeFacts facts;
  facts.now = UtcNow();
  const auto states = [&](bool rollback) {
    std::string text;
    for (const UpgradeStepState& state : UpgradeSteps(options, facts, journal, rollback)) {
      if (state.state != "pending") text += state.step.name + " " + state.state + "; ";
    }
    return text;
  };
  journal.Append("failed", "inspect", "40 no answer");
  EXPECT_EQ(states(false), "inspect failed; ");
  journal.Append("done", "inspect", "");
  journal.Append("confirmed", "lag", "");
  journal.Append("failed", "preflight", "40 not confirmed");
  EXPECT_EQ(states(false), "lag done; inspect done; preflight failed; ");
  facts.now += kConfirmationHolds_s + 60;  // as the next run has it
  EXPECT_EQ(states(false), "inspect done; preflight failed; ");
  journal.Append("begin", "restart-policy", "");
  EXPECT_EQ(states(false),
            "lag done; switchover skipped; connectors skipped; clocks skipped; ha-off skipped; "
            "inspect done; preflight failed; restart-policy begun; ");
  journal.Append("failed", "restore-preflight", "34 no room");
  EXPECT_EQ(states(true), states(false) + "restore-preflight failed; ");
}

TEST_F(UpgradeJournalTest, AnotherNodeIsDoneWhenItIsStopped) {
  UpgradeJournal journal = Read();
  UpgradeOptions options;
  options.other_node = true;
  journal.Append("begin", "restart-policy", "");
  journal.Append("done", "stopped", "");
  EXPECT_EQ(UpgradeState(options, journal), "backed-up");
}

}  // namespace
}  // namespace dbomsbak
