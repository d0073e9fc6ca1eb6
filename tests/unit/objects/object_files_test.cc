#include "dbomsbak/objects/object_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <system_error>
#include <thread>

#include "dbomsbak/base/error.h"
#include "objects/remote_file.h"
#include "unit/memory_store.h"

namespace dbomsbak {
namespace {

class ObjectFilesTest : public testing::Test {
 protected:
  ObjectFilesTest()
      : files_(FileSystem::Posix(), [this](const std::string& name) {
          EXPECT_EQ(name, "bucket");
          return std::make_unique<MemoryStore>(bucket_);
        }) {}

  ErrorCode Write(const std::string& path, const std::string& bytes, bool overwrite = false) {
    try {
      WriteWholeFile(files_, path, bytes, overwrite);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::kOk;
  }
  std::string At(const std::string& key) {
    const auto found = bucket_.objects.find(key);
    return found == bucket_.objects.end() ? "(none)" : found->second.bytes;
  }

  MemoryBucket bucket_;
  ObjectFiles files_;
};

std::string RandomBytes(std::size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

TEST_F(ObjectFilesTest, NothingIsThereBeforeItIsCommitted) {
  {
    AtomicFile file(files_, "s3://bucket/a/x", false);
    file.file().Append(std::string(9 << 20, 'x'));
    file.file().Sync();
    EXPECT_TRUE(bucket_.objects.empty());
    EXPECT_EQ(bucket_.uploads.size(), 1u);
    file.Commit();
  }
  EXPECT_EQ(At("a/x"), std::string(9 << 20, 'x'));
  {
    AtomicFile file(files_, "s3://bucket/a/y", false);
    file.file().Append(std::string(9 << 20, 'y'));
  }
  EXPECT_EQ(bucket_.objects.size(), 1u);
  EXPECT_TRUE(bucket_.uploads.empty());
}

TEST_F(ObjectFilesTest, AnyLengthArrivesWhole) {
  std::mt19937 random(7);
  for (const std::size_t size : {0u, 1u, (8u << 20) - 1, 8u << 20, (8u << 20) + 1, 40u << 20}) {
    const std::string bytes = RandomBytes(size, random);
    {
      AtomicFile file(files_, "s3://bucket/x", true);
      for (std::size_t at = 0; at < size; at += 777'777) {
        file.file().Append(std::string_view(bytes).substr(at, 777'777));
      }
      file.Commit();
    }
    EXPECT_TRUE(At("x") == bytes) << size;
  }
}

TEST_F(ObjectFilesTest, WhatIsThereIsNotReplacedUnasked) {
  EXPECT_EQ(Write("s3://bucket/x", "old"), ErrorCode::kOk);
  EXPECT_EQ(Write("s3://bucket/x", "new"), ErrorCode::kWouldOverwrite);
  EXPECT_EQ(At("x"), "old");
  EXPECT_EQ(Write("s3://bucket/x", "new", true), ErrorCode::kOk);
  EXPECT_EQ(At("x"), "new");
  // What comes while it is written counts as well.
  AtomicFile file(files_, "s3://bucket/y", false);
  file.file().Append("mine");
  MemoryStore(bucket_).Put("y", "theirs", "m", {});
  EXPECT_THROW(file.Commit(), Error);
  file.Abandon();
  EXPECT_EQ(At("y"), "theirs");
  EXPECT_TRUE(bucket_.uploads.empty());
}

TEST_F(ObjectFilesTest, WhateverCallFailsTheOldObjectOrTheNewOneIsThereAndNoUploadIsLeft) {
  const std::string old_bytes = "old", new_bytes(20 << 20, 'n');
  for (unsigned at = 1;; ++at) {
    ASSERT_LT(at, 50u);
    bucket_.objects.clear();
    MemoryStore(bucket_).Put("x", old_bytes, "m", {});
    bucket_.calls = 0;
    bucket_.fail_at = at;
    const ErrorCode code = Write("s3://bucket/x", new_bytes, true);
    const unsigned calls = bucket_.calls;
    bucket_.fail_at = 0;
    EXPECT_TRUE(bucket_.uploads.empty()) << at;
    if (code == ErrorCode::kOk) {
      EXPECT_EQ(At("x"), new_bytes);
      if (calls < at) break;
    } else {
      EXPECT_TRUE(At("x") == old_bytes || At("x") == new_bytes) << at;
    }
  }
}

TEST_F(ObjectFilesTest, AnUploadWhoseEndWasNotHeardOfIsLookedFor) {
  MemoryStore(bucket_).Put("x", "old", "m", {});
  bucket_.answer_is_lost = true;
  EXPECT_EQ(Write("s3://bucket/x", "new", true), ErrorCode::kOk);
  EXPECT_EQ(At("x"), "new");
  bucket_.goes_on_failing = true;  // and now the store does not answer any more
  try {
    WriteWholeFile(files_, "s3://bucket/x", "newer", true);
    ADD_FAILURE() << "nobody knows of it";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kTerminated);
    EXPECT_NE(error.hint().find("'s3://bucket/x' may be the new one, or as it was before"),
              std::string::npos)
        << error.hint();
  }
  bucket_.fail_at = 0;
  EXPECT_EQ(At("x"), "newer");
}

TEST_F(ObjectFilesTest, WhereThereAreNoMoreThreadsNobodyWaitsForOne) {
  const std::string bytes(32 << 20, 'x');
  MemoryStore store(bucket_);
  store.Put("x", bytes, "m", {});
  unsigned asked = 0;
  const RemoteFile file(
      store, "x", "s3://bucket/x", *store.Head("x"), 16 << 20,
      [&](const std::function<void()>&) -> std::future<void> {
        ++asked;
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      });
  std::string out(64 << 10, '\0');
  for (std::size_t at = 0; at < bytes.size(); at += out.size()) {
    ASSERT_EQ(file.ReadAt(at, out.data(), out.size()), out.size());
  }
  EXPECT_GT(asked, 0u);
}

TEST_F(ObjectFilesTest, ARenamedObjectIsWholeWhicheverCallFails) {
  for (unsigned at = 1;; ++at) {
    ASSERT_LT(at, 50u);
    bucket_.objects.clear();
    MemoryStore(bucket_).Put("from", "bytes", "m", {});
    bucket_.calls = 0;
    bucket_.fail_at = at;
    bool done = true;
    try {
      files_.Rename("s3://bucket/from", "s3://bucket/to", false);
    } catch (const Error&) {
      done = false;
    }
    bucket_.fail_at = 0;
    EXPECT_TRUE(At("from") == "bytes" || At("to") == "bytes") << at;
    EXPECT_TRUE(bucket_.uploads.empty()) << at;
    if (!done) continue;
    EXPECT_EQ(At("from"), "(none)");
    break;
  }
}

TEST_F(ObjectFilesTest, ReadsAtAnyPlaceFromAnyThread) {
  std::mt19937 random(11);
  const std::string bytes = RandomBytes(30 << 20, random);
  MemoryStore(bucket_).Put("x", bytes, "m", {});
  const auto file = files_.OpenForReading("s3://bucket/x");
  EXPECT_EQ(file->Size(), bytes.size());
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 own(seed);
      for (int i = 0; i < 100; ++i) {
        const std::size_t offset = own() % (bytes.size() + 10);
        std::string out(own() % (i % 10 == 0 ? 10'000'000 : 300'000), '\0');
        const std::size_t got = file->ReadAt(offset, out.data(), out.size());
        const std::size_t want =
            offset >= bytes.size() ? 0 : std::min(out.size(), bytes.size() - offset);
        ASSERT_EQ(got, want);
        ASSERT_TRUE(std::string_view(out).substr(0, got) ==
                    std::string_view(bytes).substr(std::min(offset, bytes.size()), got));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ObjectFilesTest, ReadingInOrderTakesFewRequestsAndALookTakesLittle) {
  MemoryStore(bucket_).Put("x", std::string(64 << 20, 'x'), "m", {});
  auto file = files_.OpenForReading("s3://bucket/x");
  std::string out(64 << 10, '\0');
  file->ReadAt((64 << 20) - 100, out.data(), out.size());
  file->ReadAt(20 << 20, out.data(), 1000);
  ASSERT_EQ(bucket_.reads.size(), 2u);
  EXPECT_EQ(bucket_.reads[0].second, 100u);
  EXPECT_LE(bucket_.reads[1].second, 64u << 10);
  bucket_.reads.clear();
  file = files_.OpenForReading("s3://bucket/x");
  for (std::size_t at = 0; at < 64u << 20; at += out.size()) {
    file->ReadAt(at, out.data(), out.size());
  }
  EXPECT_LE(bucket_.reads.size(), 24u);
}

TEST_F(ObjectFilesTest, AnObjectThatIsReplacedMeanwhileIsTold) {
  MemoryStore(bucket_).Put("x", std::string(1 << 20, 'x'), "m", {});
  const auto file = files_.OpenForReading("s3://bucket/x");
  char byte = 0;
  EXPECT_EQ(file->ReadAt(0, &byte, 1), 1u);
  MemoryStore(bucket_).Put("x", std::string(1 << 20, 'y'), "m", {});
  EXPECT_THROW(file->ReadAt(500'000, &byte, 1), Error);
}

TEST_F(ObjectFilesTest, NamesThatAreNoObjectsAreRefused) {
  const std::string long_key = "s3://bucket/" + std::string(1025, 'k');
  for (const std::string& bad :
       {std::string("s3://"), std::string("s3://bucket"), std::string("s3://bucket/"),
        std::string("s3://bucket/a/"), std::string("s3:///key"), std::string("s3://no bucket/key"),
        long_key}) {
    try {
      files_.OpenForReading(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage) << bad;
    }
  }
}

TEST_F(ObjectFilesTest, WhatIsNotThereIsNotRenamed) {
  try {
    files_.Rename("s3://bucket/gone", "s3://bucket/x", false);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_EQ(error.object(), "s3://bucket/gone");
  }
  EXPECT_EQ(At("x"), "(none)");
}

// Another program has put less, or nothing, in its place before the look behind.
TEST_F(ObjectFilesTest, AnObjectThatIsNotAsLongAsWasWrittenIsTold) {
  bucket_.lose_completed = true;
  EXPECT_EQ(Write("s3://bucket/x", std::string(9 << 20, 'x')), ErrorCode::kIo);
  bucket_.lose_completed = false;
  ASSERT_EQ(Write("s3://bucket/y", "y"), ErrorCode::kOk);
  bucket_.lose_completed = true;
  EXPECT_THROW(files_.Rename("s3://bucket/y", "s3://bucket/z", false), Error);
  EXPECT_EQ(At("y"), "y");
}

TEST_F(ObjectFilesTest, AllPartsButTheLastHaveOneSize) {
  EXPECT_EQ(Write("s3://bucket/x", std::string(33 << 20, 'x')), ErrorCode::kOk);
  std::sort(bucket_.parts.begin(), bucket_.parts.end());
  EXPECT_EQ(bucket_.parts,
            (std::vector<std::size_t>{1u << 20, 8u << 20, 8u << 20, 8u << 20, 8u << 20}));
  EXPECT_EQ(PartBytes(96u << 20), 8u << 20);
  EXPECT_EQ(PartBytes(240u << 20), 20u << 20);
  EXPECT_EQ(WritingBytes(240u << 20), 60u << 20);
  EXPECT_EQ(LargestObject(96u << 20), 10'000ull * (8u << 20));
  EXPECT_EQ(LargestObject(std::size_t{16} << 30), 5ull << 40);
}

TEST_F(ObjectFilesTest, MorePartsThanAnObjectCanHaveAreRefused) {
  ObjectFiles files(
      FileSystem::Posix(),
      [this](const std::string&) { return std::make_unique<MemoryStore>(bucket_); }, 1);
  try {
    WriteWholeFile(files, "s3://bucket/x", std::string(10'001, 'x'), false);
    ADD_FAILURE() << "an object of 10,001 parts";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIo);
    EXPECT_NE(error.hint().find("--max-memory"), std::string::npos);
  }
  EXPECT_TRUE(bucket_.objects.empty());
  EXPECT_TRUE(bucket_.uploads.empty());
}

TEST_F(ObjectFilesTest, WhatIsReadInOrderIsAskedForAheadOfTime) {
  MemoryStore(bucket_).Put("x", std::string(64 << 20, 'x'), "m", {});
  const auto asked_until = [this] {
    const std::scoped_lock lock(bucket_.mutex);
    std::uint64_t until = 0;
    for (const auto& [offset, size] : bucket_.reads) until = std::max(until, offset + size);
    return until;
  };
  const auto file = files_.OpenForReading("s3://bucket/x");
  std::string out(64 << 10, '\0');
  for (std::size_t at = 0; at < 4u << 20; at += out.size()) {
    file->ReadAt(at, out.data(), out.size());
  }
  // Pieces of 64 KiB to 4 MiB end at 7.94 MiB; the next one is on its way.
  for (int i = 0; i < 500 && asked_until() < 8u << 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    // The one before may not have arrived in time for the last read to ask for more.
    file->ReadAt((4u << 20) - out.size(), out.data(), out.size());
  }
  EXPECT_GT(asked_until(), 8u << 20);
  EXPECT_LT(asked_until(), 17u << 20);
}

}  // namespace
}  // namespace dbomsbak
