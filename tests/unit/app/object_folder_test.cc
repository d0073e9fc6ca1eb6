// A folder of archives in an object store: what archive_folder_test.cc has for one of files, where
// moving is copying.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include "dbomsbak/app/archive_folder.h"
#include "dbomsbak/app/envelope.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/utc_time.h"
#include "dbomsbak/objects/object_files.h"
#include "unit/memory_store.h"

namespace dbomsbak {
namespace {

constexpr char kFolder[] = "s3://bucket/f";

KeepRules KeepOne() {
  KeepRules rules;
  rules.last = 1;
  return rules;
}

// One run of the program.
struct Program {
  explicit Program(MemoryBucket& bucket)
      : objects(FileSystem::Posix(),
                [&bucket](const std::string&) { return std::make_unique<MemoryStore>(bucket); }),
        files(objects, {}) {}
  ObjectFiles objects;
  EncryptedFiles files;
};

class ObjectFolderTest : public testing::Test {
 protected:
  ObjectFolderTest() {
    std::ifstream in(std::string(DBOMSBAK_SOURCE_DIR) +
                     "/formats/archive-v1/valid/one-table.sql.zst");
    golden_ = {std::istreambuf_iterator<char>(in), {}};
    for (const char* time : {"20261125T010000Z", "20261126T010000Z", "20261127T010000Z"}) {
      Put("oms-" + std::string(time) + ".sql.zst", golden_);
    }
  }

  void Put(const std::string& name, const std::string& bytes = "x") {
    MemoryStore(bucket_).Put("f/" + name, bytes, "", {});
  }
  std::set<std::string> Names() {
    std::set<std::string> names;
    for (const auto& [key, object] : bucket_.objects) names.insert(key.substr(2));
    return names;
  }
  // A run that dies at each of its calls in turn, each time followed by one that sweeps; `check`
  // sees what is then there.
  void DieAnywhere(const std::function<void()>& prepare,
                   const std::function<void(FolderKeeper&)>& work,
                   const std::function<void(unsigned)>& check) {
    bool ended = false;
    for (unsigned at = 1; !ended; ++at) {
      ASSERT_LT(at, 200u);
      prepare();
      {
        Program program(bucket_);
        const FolderLock lock(program.files, kFolder);
        FolderKeeper keeper(program.files, kFolder);
        bucket_.goes_on_failing = true;
        bucket_.calls = 0;
        bucket_.fail_at = at;
        try {
          work(keeper);
          ended = true;
        } catch (const Error&) {
        }
      }
      bucket_.fail_at = 0;
      bucket_.clock += ObjectLock::kDead.count() + 1;
      {
        Program program(bucket_);
        const FolderLock lock(program.files, kFolder);
        FolderKeeper(program.files, kFolder).Sweep();
      }
      EXPECT_TRUE(bucket_.uploads.empty()) << at;
      check(at);
    }
  }

  MemoryBucket bucket_;
  std::string golden_;
};

TEST_F(ObjectFolderTest, ArchivesAreListedWithTheirStates) {
  Put("oms-20261128T010000Z.sql.zst", golden_.substr(0, golden_.size() / 2));
  Put("oms-20261125T010000Z.sql.zst.pin", "why\n");
  Put("notes.txt");
  Put("deeper/oms-20261129T010000Z.sql.zst", golden_);
  Program program(bucket_);
  const auto entries = ListFolder(program.files, kFolder);
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].pin, "why");
  EXPECT_EQ(entries[0].state, ArchiveState::kUnverified);
  EXPECT_EQ(entries[0].bytes, golden_.size());
  EXPECT_EQ(entries[3].state, ArchiveState::kIncomplete);
  EXPECT_EQ(ListFolder(program.files, "s3://bucket/f/").size(), 4u);
  EXPECT_TRUE(ListFolder(program.files, "s3://bucket/empty").empty());
}

TEST_F(ObjectFolderTest, APublicationThatDiesAnywhereIsEndedByTheNext) {
  const std::string file = "oms-20261128T020000Z.sql.zst";
  const auto before = Names();
  auto published = before;
  for (const char* suffix : {"", ".sha256", ".verified", ".pin"}) published.insert(file + suffix);
  Program first(bucket_);
  const Sha256Digest root = ListFolder(first.files, kFolder).front().receipt->root;
  DieAnywhere(
      [&] {
        for (const char* suffix : {"", ".sha256", ".verified", ".pin"}) {
          bucket_.objects.erase("f/" + file + suffix);
        }
        Put(".dbomsbak/" + file, golden_);
        Put(".dbomsbak/" + file + ".sha256");
      },
      [&](FolderKeeper& keeper) {
        try {
          keeper.Publish(file, {root, "2026-11-27T02:00:05Z", "", 1}, "before 4.2.6");
        } catch (const Error&) {
          keeper.Discard(file);  // which does nothing: it is dead
          throw;
        }
      },
      [&](unsigned at) {
        EXPECT_TRUE(Names() == before || Names() == published) << at;
        if (Names() == published) {
          EXPECT_EQ(bucket_.objects["f/" + file].bytes, golden_);
        }
      });
  EXPECT_EQ(Names(), published);
}

TEST_F(ObjectFolderTest, ARemovalThatDiesAnywhereIsEndedByTheNext) {
  const std::string file = "oms-20261125T010000Z.sql.zst";
  std::set<std::string> before, gone;
  DieAnywhere(
      [&] {
        Put(file, golden_);
        Put(file + ".sha256");
        Put(file + ".verified");
        before = gone = Names();
        for (const char* suffix : {"", ".sha256", ".verified"}) gone.erase(file + suffix);
      },
      [&](FolderKeeper& keeper) { EXPECT_TRUE(keeper.Remove(file)); },
      [&](unsigned at) { EXPECT_TRUE(Names() == before || Names() == gone) << at; });
  EXPECT_EQ(Names(), gone);
}

TEST_F(ObjectFolderTest, WhatOthersAreWritingIsLeftAlone) {
  MemoryStore store(bucket_);
  const std::string ours = "oms-20261128T010000Z.sql.zst";
  for (const std::string& key :
       {std::string("f/manual-dump.sql.zst"), "f/" + ours, "f/team2/.dbomsbak/" + ours,
        std::string("f/.dbomsbak/movie.bin"), "other/" + ours, "f/.dbomsbak/" + ours}) {
    store.BeginUpload(key, "mark");
  }
  Put(".dbomsbak/oms-20261128T020000Z.sql.zst");  // and it was being copied out
  store.BeginUpload("f/oms-20261128T020000Z.sql.zst", "mark");
  Program program(bucket_);
  FolderKeeper(program.files, kFolder).Sweep();
  std::set<std::string> left;
  for (const auto& [_, upload] : bucket_.uploads) left.insert(upload.key);
  EXPECT_EQ(left, (std::set<std::string>{"f/manual-dump.sql.zst", "f/" + ours,
                                         "f/team2/.dbomsbak/" + ours, "f/.dbomsbak/movie.bin",
                                         "other/" + ours}));
}

TEST_F(ObjectFolderTest, AnArchiveThatWasNotRemovedYetIsWhatTheRulesAndPinsSay) {
  const std::string file = "oms-20261125T010000Z.sql.zst";
  Put(file + ".pin");
  Put(".dbomsbak/" + file + ".pruned");  // a run had ended right behind that
  const std::set<std::string> before = Names();
  Program program(bucket_);
  FolderKeeper(program.files, kFolder).Sweep();
  std::set<std::string> after = before;
  after.erase(".dbomsbak/" + file + ".pruned");
  EXPECT_EQ(Names(), after);
}

TEST_F(ObjectFolderTest, WhatIsPublishedKeepsWhatIsNotBesideItYet) {
  const std::string file = "oms-20261128T010000Z.sql.zst";
  Put(file, golden_);
  Put(".dbomsbak/" + file + ".pin");
  Put(".dbomsbak/" + file + ".verified");
  Program program(bucket_);
  FolderKeeper keeper(program.files, kFolder);
  keeper.Discard(file);
  keeper.Sweep();
  EXPECT_TRUE(Names().contains(file + ".pin"));
  EXPECT_TRUE(Names().contains(file + ".verified"));
}

TEST_F(ObjectFolderTest, WhatTheRulesDoNotKeepGoes) {
  Program program(bucket_);
  {
    const FolderLock lock(program.files, kFolder);
    FolderKeeper keeper(program.files, kFolder);
    EXPECT_THROW(FolderLock(program.files, kFolder), Error);
    const Sha256Digest root = ListFolder(program.files, kFolder).front().receipt->root;
    keeper.WriteProof("oms-20261127T010000Z.sql.zst", {root, "2026-11-27T01:00:05Z", "", 1});
    Put("oms-20261126T010000Z.sql.zst.pin");
    auto plan = PlanRetention(program.files, kFolder, "", KeepOne(),
                              ParseUtc("2026-11-27T12:00:00Z").value());
    RemoveUnretained(keeper, plan);
  }
  EXPECT_EQ(Names(), (std::set<std::string>{
                         "oms-20261126T010000Z.sql.zst", "oms-20261126T010000Z.sql.zst.pin",
                         "oms-20261127T010000Z.sql.zst", "oms-20261127T010000Z.sql.zst.verified"}));
}

TEST_F(ObjectFolderTest, WithoutItsLockNothingIsPublishedOrRemoved) {
  const std::string file = "oms-20261128T010000Z.sql.zst";
  Put(".dbomsbak/" + file, golden_);
  Program program(bucket_);
  const FolderLock lock(program.files, kFolder);
  FolderKeeper keeper(program.files, kFolder);
  keeper.Hold(lock);
  const Sha256Digest root = ListFolder(program.files, kFolder).front().receipt->root;
  Put(".dbomsbak/lock", "another run's");
  const auto code_of = [](const std::function<void()>& work) {
    try {
      work();
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kOk;
  };
  EXPECT_EQ(code_of([&] { keeper.Remove("oms-20261125T010000Z.sql.zst"); }), ErrorCode::kLocked);
  EXPECT_EQ(code_of([&] {
              keeper.Publish(file, {root, "2026-11-28T01:00:05Z", "", 1}, {});
            }),
            ErrorCode::kLocked);
  EXPECT_EQ(code_of([&] { keeper.Sweep(); }), ErrorCode::kLocked);
  auto plan = PlanRetention(program.files, kFolder, "", KeepOne(),
                            ParseUtc("2026-11-27T12:00:00Z").value());
  plan.front().reason.clear();
  EXPECT_EQ(code_of([&] { RemoveUnretained(keeper, plan); }), ErrorCode::kLocked);
  EXPECT_FALSE(plan.front().removed);
  EXPECT_TRUE(Names().contains("oms-20261125T010000Z.sql.zst"));
  EXPECT_TRUE(Names().contains(".dbomsbak/" + file));
  EXPECT_FALSE(Names().contains(file));
}

TEST_F(ObjectFolderTest, ANoteThatCannotBeReadIsNotTakenForMissing) {
  Put("oms-20261127T010000Z.sql.zst.verified", "root x\n");
  Put("oms-20261127T010000Z.sql.zst.pin", "why\n");
  Program program(bucket_);
  bucket_.calls = 0;
  ListFolder(program.files, kFolder);
  const unsigned calls = bucket_.calls;
  // Whatever call fails: what is listed is as it is, or an archive is called unreadable.
  for (unsigned at = 1; at <= calls; ++at) {
    bucket_.calls = 0;
    bucket_.fail_at = at;
    std::vector<FolderEntry> entries;
    try {
      entries = ListFolder(program.files, kFolder);
    } catch (const Error&) {
      continue;
    }
    EXPECT_EQ(entries.size(), 3u) << at;
    for (const FolderEntry& entry : entries) {
      if (entry.file != "oms-20261127T010000Z.sql.zst") continue;
      EXPECT_EQ(entry.pin, "why") << at;
    }
  }
  bucket_.fail_at = 0;
}

}  // namespace
}  // namespace dbomsbak
