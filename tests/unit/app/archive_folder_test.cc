#include "dbomsbak/app/archive_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "dbomsbak/app/envelope.h"
#include "dbomsbak/base/utc_time.h"
#include "envelope/primitives.h"
#include "unit/memory_file.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;

TEST(ArchiveNameTest, WhatIsFormattedIsParsed) {
  for (const char* label : {"oms", "a-b_c.d", "2026", "x-20261127T101534Z"}) {
    for (const unsigned sequence : {1U, 2U, 17U}) {
      const ArchiveName name{label, ParseUtc("2026-11-27T10:15:34Z").value(), sequence};
      const auto parsed = ParseArchiveName(FormatArchiveName(name));
      ASSERT_TRUE(parsed) << FormatArchiveName(name);
      EXPECT_EQ(parsed->label, label);
      EXPECT_EQ(parsed->time, name.time);
      EXPECT_EQ(parsed->sequence, sequence);
    }
  }
}

TEST(ArchiveNameTest, OtherNamesAreNotOurs) {
  for (const char* name :
       {"oms.sql.zst", "oms-20261127T101534Z.sql", "oms-20261127T101534Z.sql.zst.sha256",
        "oms-20261127T101534Z-1.sql.zst", "oms-20261127T101534Z-02.sql.zst",
        "oms-20261127T101534Z-.sql.zst", "-20261127T101534Z.sql.zst", "20261127T101534Z.sql.zst",
        "oms-20261327T101534Z.sql.zst", ".oms-20261127T101534Z.sql.zst",
        "o ms-20261127T101534Z.sql.zst", "oms_20261127T101534Z.sql.zst",
        "oms-20261127T101534Z-99999999.sql.zst"}) {
    EXPECT_FALSE(ParseArchiveName(name)) << name;
  }
}

// A folder with one golden archive of three names.
class ArchiveFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/dbomsbak-folder-XXXXXX";
    folder_ = ::mkdtemp(name);
    for (const char* time : {"20261125T010000Z", "20261126T010000Z", "20261127T010000Z"}) {
      Golden("oms-" + std::string(time) + ".sql.zst");
    }
  }
  void TearDown() override { fs::remove_all(folder_); }

  void Golden(const std::string& file, const char* golden = "valid/one-table.sql.zst") {
    fs::copy_file(std::string(DBOMSBAK_SOURCE_DIR) + "/formats/archive-v1/" + golden,
                  folder_ + "/" + file);
  }
  void Put(const std::string& file, const std::string& text = "x") {
    std::ofstream(folder_ + "/" + file) << text;
  }
  std::set<std::string> Files(const std::string& below = "") {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_ + below)) {
      if (entry.is_regular_file()) names.insert(entry.path().filename().string());
    }
    return names;
  }
  std::vector<FolderEntry> List() { return ListFolder(FileSystem::Posix(), folder_); }
  void Prune(const KeepRules& rules, const char* now = "2026-11-27T12:00:00Z",
             const std::string& label = "") {
    const FolderLock lock(FileSystem::Posix(), folder_);
    FolderKeeper keeper(FileSystem::Posix(), folder_);
    keeper.Sweep();
    auto plan = PlanRetention(FileSystem::Posix(), folder_, label, rules, ParseUtc(now).value());
    RemoveUnretained(keeper, plan);
  }
  void MakeGood(const std::string& file) {
    for (const FolderEntry& entry : List()) {
      if (entry.file != file) continue;
      const FolderLock lock(FileSystem::Posix(), folder_);
      FolderKeeper(FileSystem::Posix(), folder_)
          .WriteProof(file, {entry.receipt->root, "2026-11-27T01:00:05Z", "", 1});
    }
  }

  std::string folder_;
};

TEST_F(ArchiveFolderTest, StatesAreToldApart) {
  Golden("oms-20261127T020000Z.sql.zst", "valid/partial.sql.zst");
  Golden("oms-20261127T030000Z.sql.zst", "invalid/21-cut-in-frame.sql.zst");
  Golden("oms-20261127T040000Z.sql.zst", "invalid/20-bit-in-footer.sql.zst");
  Golden("oms-20261127T050000Z.sql.zst", "invalid/22-newer-version.sql.zst");
  Put("oms-20261127T060000Z.sql.zst", "no archive");
  Golden("by-hand.sql.zst");
  MakeGood("oms-20261127T010000Z.sql.zst");
  // A proof that speaks of another archive proves nothing.
  fs::copy_file(folder_ + "/oms-20261127T010000Z.sql.zst.verified",
                folder_ + "/by-hand.sql.zst.verified");
  std::ofstream(folder_ + "/oms-20261126T010000Z.sql.zst.verified")
      << "root " << std::string(64, '0') << "\nverified 2026-11-27T01:00:05Z\n";
  Put("oms-20261125T010000Z.sql.zst.pin", "before 4.2.6\nmore\n");
  std::string told;
  for (const FolderEntry& entry : List()) {
    told += std::string(ToString(entry.state)) + (entry.pin ? " " + *entry.pin : "") + "\n";
  }
  EXPECT_EQ(told,
            "good\n"  // by-hand: the same archive under another name
            "unverified before 4.2.6\nunverified\ngood\npartial\nincomplete\ndamaged\n"
            "newer-format\nunreadable\n");
}

// Two nights' encrypted archives of the same data have the same size.
TEST_F(ArchiveFolderTest, TheProofOfAnotherEncryptedArchiveOfThatSizeProvesNothing) {
  const std::string first = "enc-20261126T010000Z.sql.zst.age",
                    second = "enc-20261127T010000Z.sql.zst.age";
  AgeRecipients recipients;
  recipients.keys = {X25519PublicKey(Secret(RandomBytes(32)))};
  std::uint64_t size = 0;
  for (const std::string& file : {first, second}) {
    MemoryWritableFile out;
    AgeWriter writer(out, recipients);
    writer.Append("an archive");
    writer.Finish();
    Put(file, out.bytes());
    size = out.bytes().size();
  }
  {
    const FolderLock lock(FileSystem::Posix(), folder_);
    Proof proof{Sha256("root"), "2026-11-26T01:00:05Z", "", 1};
    proof.sealed = Proof::Sealed{size, {}, 1, 2, false};
    FolderKeeper(FileSystem::Posix(), folder_).WriteProof(first, proof);
  }
  EncryptedFiles files(FileSystem::Posix(), {});
  const auto states = [&] {
    std::string told;
    for (const FolderEntry& entry : ListFolder(files, folder_)) {
      if (entry.label() == "enc") told += std::string(ToString(entry.state)) + " ";
    }
    return told;
  };
  EXPECT_EQ(states(), "good unreadable ");
  fs::copy_file(folder_ + "/" + first + ".verified", folder_ + "/" + second + ".verified");
  EXPECT_EQ(states(), "good unreadable ");
}

TEST_F(ArchiveFolderTest, FilesOfOthersAreNotTouched) {
  for (const char* file : {"README", "oms.sql.zst", "oms-20261125T010000Z.sql", "x.pin",
                           "oms-20261125T010000Z.sql.zst.txt", "gone-20261125T010000Z.sql.zst.pin",
                           "gone-20261125T010000Z.sql.zst.sha256"}) {
    Put(file);
  }
  fs::create_symlink(folder_ + "/oms.sql.zst", folder_ + "/oms-20261101T010000Z.sql.zst");
  const auto before = Files();
  Prune({.last = 3});
  EXPECT_EQ(Files(), before);
  MakeGood("oms-20261127T010000Z.sql.zst");
  Prune({.days = 1});
  auto after = before;
  after.erase("oms-20261125T010000Z.sql.zst");
  after.erase("oms-20261126T010000Z.sql.zst");
  after.insert("oms-20261127T010000Z.sql.zst.verified");
  EXPECT_EQ(Files(), after);
  EXPECT_TRUE(fs::is_symlink(folder_ + "/oms-20261101T010000Z.sql.zst"));
}

TEST_F(ArchiveFolderTest, AnArchiveGoesWithItsOwnFilesAndAPinKeepsIt) {
  for (const char* file : {"oms-20261125T010000Z.sql.zst", "oms-20261126T010000Z.sql.zst"}) {
    MakeGood(file);
    Put(file + std::string(".sha256"));
  }
  MakeGood("oms-20261127T010000Z.sql.zst");
  Put("oms-20261125T010000Z.sql.zst.pin", "");
  Prune({.last = 1});
  EXPECT_EQ(Files(),
            (std::set<std::string>{
                "oms-20261125T010000Z.sql.zst", "oms-20261125T010000Z.sql.zst.pin",
                "oms-20261125T010000Z.sql.zst.sha256", "oms-20261125T010000Z.sql.zst.verified",
                "oms-20261127T010000Z.sql.zst", "oms-20261127T010000Z.sql.zst.verified"}));
  EXPECT_EQ(Files("/.dbomsbak"), std::set<std::string>{"lock"});
}

TEST_F(ArchiveFolderTest, LabelsAreSeparate) {
  Golden("other-20251125T010000Z.sql.zst");
  Prune({.last = 1}, "2026-11-27T12:00:00Z", "oms");
  EXPECT_EQ(Files().count("other-20251125T010000Z.sql.zst"), 1U);
  Prune({.last = 1});
  EXPECT_EQ(Files().count("other-20251125T010000Z.sql.zst"), 1U);
}

TEST_F(ArchiveFolderTest, WhatCannotBeOpenedStays) {
  Golden("oms-20261101T010000Z.sql.zst", "invalid/20-bit-in-footer.sql.zst");
  Prune({.last = 1});
  EXPECT_EQ(Files().count("oms-20261101T010000Z.sql.zst"), 1U);
}

// Each rename and each removal is made to fail once, as if the run was killed there; the next run
// ends what was begun.
class DyingFiles final : public FileSystem {
 public:
  explicit DyingFiles(int steps) : left_(steps) {}
  std::unique_ptr<RandomAccessFile> OpenForReading(const std::string& path) override {
    return Posix().OpenForReading(path);
  }
  std::unique_ptr<WritableFile> CreateLocked(const std::string& path) override {
    Step();
    return Posix().CreateLocked(path);
  }
  bool Exists(const std::string& path) override { return Posix().Exists(path); }
  void Rename(const std::string& from, const std::string& to, bool replace) override {
    Step();
    Posix().Rename(from, to, replace);
  }
  void Remove(const std::string& path) override {
    Step();
    Posix().Remove(path);
  }
  void SyncFolderOf(const std::string& path) override {
    Step();
    Posix().SyncFolderOf(path);
  }
  bool died() const { return left_ < 0; }

 private:
  void Step() {
    if (left_ < 0 || left_-- == 0) throw Error(ErrorCode::kIo, "killed");
  }
  int left_;
};

TEST_F(ArchiveFolderTest, ARunThatDiesAnywhereIsEndedByTheNext) {
  const std::string file = "oms-20261127T020000Z.sql.zst";
  const auto before = Files();
  auto published = before;
  for (const char* suffix : {"", ".sha256", ".verified", ".pin"}) published.insert(file + suffix);
  const Sha256Digest root = List().front().receipt->root;
  bool ended = false;
  for (int steps = 0; !ended; ++steps) {
    ASSERT_LT(steps, 100);
    {
      const FolderLock lock(FileSystem::Posix(), folder_);
      Golden(".dbomsbak/" + file);
      Put(".dbomsbak/" + file + ".sha256");
      DyingFiles files(steps);
      FolderKeeper keeper(files, folder_);
      try {
        keeper.Publish(file, {root, "2026-11-27T02:00:05Z", "", 1}, "before 4.2.6");
        ended = true;
      } catch (const Error&) {
      }
      if (!ended) keeper.Discard(file);  // which does nothing: it is dead
    }
    {
      const FolderLock lock(FileSystem::Posix(), folder_);
      FolderKeeper(FileSystem::Posix(), folder_).Sweep();
    }
    EXPECT_EQ(Files("/.dbomsbak"), std::set<std::string>{"lock"}) << steps;
    const auto after = Files();
    EXPECT_TRUE(after == before || after == published) << steps;
    for (const char* suffix : {"", ".sha256", ".verified", ".pin"}) {
      fs::remove(folder_ + "/" + file + suffix);
    }
  }
}

TEST_F(ArchiveFolderTest, ARemovalThatDiesAnywhereIsEndedByTheNext) {
  const std::string file = "oms-20261125T010000Z.sql.zst";
  bool ended = false;
  for (int steps = 0; !ended; ++steps) {
    ASSERT_LT(steps, 100);
    fs::remove(folder_ + "/" + file);
    Golden(file);
    Put(file + ".sha256");
    Put(file + ".verified");
    const auto before = Files();
    {
      const FolderLock lock(FileSystem::Posix(), folder_);
      DyingFiles files(steps);
      try {
        FolderKeeper(files, folder_).Remove(file);
        ended = true;
      } catch (const Error&) {
      }
    }
    {
      const FolderLock lock(FileSystem::Posix(), folder_);
      FolderKeeper(FileSystem::Posix(), folder_).Sweep();
    }
    EXPECT_EQ(Files("/.dbomsbak"), std::set<std::string>{"lock"}) << steps;
    auto gone = before;
    for (const char* suffix : {"", ".sha256", ".verified"}) gone.erase(file + suffix);
    EXPECT_TRUE(Files() == before || Files() == gone) << steps;
  }
}

TEST_F(ArchiveFolderTest, ASecondRunIsToldWhoHasTheLock) {
  const FolderLock lock(FileSystem::Posix(), folder_);
  try {
    const FolderLock second(FileSystem::Posix(), folder_);
    FAIL() << "locked twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kLocked);
    EXPECT_NE(error.message().find("process " + std::to_string(::getpid()) + " on "),
              std::string::npos)
        << error.message();
  }
}

TEST_F(ArchiveFolderTest, AFileInPlaceOfTheFolderOfWorkIsNamed) {
  Put(".dbomsbak");
  ExpectTold(Thrown([&] { FolderLock(FileSystem::Posix(), folder_); }), ErrorCode::kIo,
             "'" + folder_ + "/.dbomsbak' is no folder", folder_ + "/.dbomsbak",
             "remove what stands in its place");
  const std::string missing = folder_ + "/missing";
  ExpectTold(Thrown([&] { FolderLock(FileSystem::Posix(), missing); }), ErrorCode::kIo,
             "cannot create '" + missing + "/.dbomsbak': No such file or directory",
             missing + "/.dbomsbak", "Create the folder first, or mount its disk.");
}

TEST_F(ArchiveFolderTest, TwoOfOneSecondGetTwoNames) {
  const FolderKeeper keeper(FileSystem::Posix(), folder_);
  const std::int64_t now = ParseUtc("2026-11-27T01:00:00Z").value();
  EXPECT_EQ(keeper.FreshName("oms", now), "oms-20261127T010000Z-2.sql.zst");
  Put("oms-20261127T010000Z-2.sql.zst");
  EXPECT_EQ(keeper.FreshName("oms", now), "oms-20261127T010000Z-3.sql.zst");
  EXPECT_EQ(keeper.FreshName("oms", now + 1), "oms-20261127T010001Z.sql.zst");
  EXPECT_EQ(keeper.FreshName("oms", now, true), "oms-20261127T010000Z-3.sql.zst.age");
  Put("oms-20261127T010000Z-3.sql.zst.age");
  EXPECT_EQ(keeper.FreshName("oms", now), "oms-20261127T010000Z-4.sql.zst");
  EXPECT_TRUE(ParseArchiveName("oms-20261127T010000Z-3.sql.zst.age")->encrypted);
  EXPECT_FALSE(ParseArchiveName("oms-20261127T010000Z-3.sql.zst")->encrypted);
  EXPECT_FALSE(ParseArchiveName("oms-20261127T010000Z-3.sql.zst.age.age"));
  EXPECT_FALSE(ParseArchiveName("oms-20261127T010000Z-3.age"));
}

}  // namespace
}  // namespace dbomsbak
