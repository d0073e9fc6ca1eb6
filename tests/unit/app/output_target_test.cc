#include "dbomsbak/app/output_target.h"

#include <gtest/gtest.h>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

ErrorCode CodeOf(const std::optional<std::string>& output, std::optional<DumpFormat> format,
                 bool terminal, bool encrypted = false) {
  try {
    ResolveOutput(output, format, terminal, encrypted);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::kOk;
}

TEST(OutputTargetTest, TheNameTellsTheFormat) {
  EXPECT_EQ(ResolveOutput("x.sql.zst", {}, true).format, DumpFormat::kArchive);
  EXPECT_EQ(ResolveOutput("x.sql", {}, true).format, DumpFormat::kPlainSql);
  EXPECT_EQ(ResolveOutput("/a/b.sql", {}, true).path, "/a/b.sql");
  EXPECT_EQ(ResolveOutput("x.sql", DumpFormat::kArchive, true).format, DumpFormat::kArchive);
  EXPECT_EQ(ResolveOutput("x.bak", DumpFormat::kPlainSql, true).format, DumpFormat::kPlainSql);
}

TEST(OutputTargetTest, StandardOutput) {
  const OutputTarget plain = ResolveOutput({}, {}, false);
  EXPECT_TRUE(plain.to_stdout);
  EXPECT_EQ(plain.format, DumpFormat::kPlainSql);
  EXPECT_EQ(ResolveOutput("-", {}, false).format, DumpFormat::kArchive);
  EXPECT_EQ(ResolveOutput({}, DumpFormat::kArchive, false).format, DumpFormat::kArchive);
}

TEST(OutputTargetTest, NeverToATerminalUnasked) {
  EXPECT_EQ(CodeOf({}, {}, true), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf("-", {}, true), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf("-", DumpFormat::kPlainSql, true), ErrorCode::kOk);
}

TEST(OutputTargetTest, NamesTellWhetherAFileIsEncrypted) {
  const OutputTarget archive = ResolveOutput("x.sql.zst.age", {}, true, true);
  EXPECT_EQ(archive.format, DumpFormat::kArchive);
  EXPECT_EQ(archive.path, "x.sql.zst.age");
  EXPECT_EQ(ResolveOutput("x.sql.age", {}, true, true).format, DumpFormat::kPlainSql);
  EXPECT_EQ(CodeOf("x.sql.zst", {}, false, true), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf("x.bak", DumpFormat::kArchive, false, true), ErrorCode::kOk);
  EXPECT_EQ(CodeOf("x.sql.zst.age", {}, false), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf("x.sql.zst.age", DumpFormat::kArchive, false), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf("x.age", {}, false, true), ErrorCode::kUsage);
  EXPECT_EQ(CodeOf("-", DumpFormat::kPlainSql, true, true), ErrorCode::kUsage);
}

TEST(OutputTargetTest, NamesThatTellNothingAreRefused) {
  for (const char* name : {"x", "x.bak", "x.sql.gz", "x.sql.xz", ""}) {
    EXPECT_EQ(CodeOf(name, {}, false), ErrorCode::kUsage) << name;
  }
}

TEST(OutputTargetTest, Sha256SumLineIsAsSha256sumWritesIt) {
  const Sha256Digest digest = Sha256("");
  const std::string hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  EXPECT_EQ(Sha256SumLine(digest, "/var/backups/a b.sql.zst"), hex + "  a b.sql.zst\n");
  EXPECT_EQ(Sha256SumLine(digest, "a\\b\nc"), "\\" + hex + "  a\\\\b\\nc\n");
}

}  // namespace
}  // namespace dbomsbak
