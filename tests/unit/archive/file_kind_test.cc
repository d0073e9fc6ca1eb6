#include "dbomsbak/archive/file_kind.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "unit/memory_file.h"

namespace dbomsbak {
namespace {

FileKind KindOf(std::string bytes) { return LooksLike(MemoryReadableFile(std::move(bytes))); }

TEST(FileKindTest, FilesAreNamedForWhatTheyAre) {
  EXPECT_EQ(KindOf(""), FileKind::kEmpty);
  EXPECT_EQ(KindOf("\x1f\x8b\x08 something"), FileKind::kGzip);
  EXPECT_EQ(KindOf(std::string("\xfd"
                               "7zXZ\0\0",
                               7)),
            FileKind::kXz);
  EXPECT_EQ(KindOf("\x28\xb5\x2f\xfd rest"), FileKind::kZstd);
  EXPECT_EQ(KindOf("\x5b\x2a\x4d\x18 rest"), FileKind::kUnknown);
  EXPECT_EQ(KindOf("-- MySQL dump 10.13\n"), FileKind::kPlainSql);
  EXPECT_EQ(KindOf("age-encryption.org/v1\n"), FileKind::kAge);
  EXPECT_EQ(KindOf(std::string("\x7f"
                               "ELF\x02\x01\x01\0",
                               8)),
            FileKind::kUnknown);
}

TEST(FileKindTest, TheBeginningOfAnArchiveIsAnArchive) {
  EXPECT_EQ(KindOf(std::string("\x5b\x2a\x4d", 3)), FileKind::kArchive);
}

}  // namespace
}  // namespace dbomsbak
