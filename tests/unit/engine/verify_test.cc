// A damaged, cut or lengthened archive is never taken for a good one, and no file makes the program
// crash or take much memory.
#include "dbomsbak/engine/verify.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "dbomsbak/base/error.h"
#include "support/allocation_watch.h"
#include "support/sample_archive.h"
#include "support/sanitizers.h"
#include "unit/read_file.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargeAllocation = std::size_t{8} << 20;
const fs::path kGolden = fs::path(DBOMSBAK_SOURCE_DIR) / "formats/archive-v1";

VerifyReport VerifyBytes(std::string bytes, unsigned jobs = 1) {
  VerifyOptions options;
  options.jobs = jobs;
  return Verify(InMemory(std::move(bytes)), options, SilentObserver(), CancelToken());
}

// 0 when the file is proved (or proved partial), else the error's code and message.
std::pair<int, std::string> Judge(const std::string& bytes) {
  try {
    VerifyBytes(bytes);
    return {0, ""};
  } catch (const Error& e) {
    return {static_cast<int>(e.code()), e.message()};
  }
}

TEST(VerifyTest, ValidGoldenFilesAreProved) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(kGolden / "valid")) {
    SCOPED_TRACE(entry.path().filename());
    const VerifyReport report = VerifyBytes(ReadFile(entry.path()), 2);
    EXPECT_EQ(report.plain_sql, entry.path().extension() == ".sql");
    EXPECT_EQ(report.partial, entry.path().filename() == "partial.sql.zst");
    ++files;
  }
  EXPECT_GE(files, 9);
}

TEST(VerifyTest, InvalidGoldenFilesAreRefusedWithTheCodeInTheirName) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(kGolden / "invalid")) {
    SCOPED_TRACE(entry.path().filename());
    const AllocationWatch memory;
    const auto [code, message] = Judge(ReadFile(entry.path()));
    EXPECT_EQ(code, std::stoi(entry.path().filename())) << message;
    EXPECT_NE(message.find("'memory'"), std::string::npos) << message;
    EXPECT_LT(memory.largest(), kLargeAllocation);
    ++files;
  }
  EXPECT_GE(files, 50);
}

TEST(VerifyTest, DamageIsNamedByFrameObjectAndOffset) {
  const std::map<std::string, std::string> expected{
      {"20-bit-in-frame-1.sql.zst", "frame 1 (bytes "},
      {"20-bit-in-header.sql.zst", "the header (bytes 0 to "},
      {"20-bit-in-seek-table.sql.zst", "the seek table is wrong at byte 4021"},
      {"20-byte-behind-the-end.sql.zst", "1 bytes stand behind its end at byte 4041"},
      {"20-two-archives.sql.zst", "another archive was appended"},
      {"20-other-row-count.sql.zst", "table `shop`.`t`: its text holds 2 rows, the index says 3"},
      {"20-other-row-digest.sql.zst", "table `shop`.`t`: its rows do not match its row digest"},
      {"20-other-definition.sql.zst", "table `shop`.`t`: its definition in frame 0"},
      {"21-cut-in-frame.sql.zst", "inside frame 2, which begins at byte 1498"},
      {"12-gzip.sql.gz", "a gzip file"},
      {"12-plain-zstd.sql.zst", "a plain zstd file"},
      {"22-newer-version.sql.zst", "archive format 2"},
  };
  for (const auto& [name, words] : expected) {
    const std::string message = Judge(ReadFile(kGolden / "invalid" / name)).second;
    EXPECT_NE(message.find(words), std::string::npos) << name << ": " << message;
  }
}

class EveryDamageTest : public testing::TestWithParam<const char*> {
 protected:
  const std::string good_ = ReadFile(kGolden / "valid" / GetParam());
};

TEST_P(EveryDamageTest, EveryCutIsIncomplete) {
  const AllocationWatch memory;
  for (std::size_t size = 0; size < good_.size(); ++size) {
    const auto [code, message] = Judge(good_.substr(0, size));
    ASSERT_EQ(code, 21) << size << ": " << message;
  }
  EXPECT_LT(memory.largest(), kLargeAllocation);
}

TEST_P(EveryDamageTest, EveryAppendedByteIsFound) {
  for (int byte = 0; byte < 256; ++byte) {
    const auto [code, message] = Judge(good_ + static_cast<char>(byte));
    ASSERT_EQ(code, 20) << message;
    ASSERT_NE(message.find("byte " + std::to_string(good_.size())), std::string::npos) << message;
  }
}

TEST_P(EveryDamageTest, EveryMissingAndEveryExtraByteIsFound) {
  for (std::size_t i = 0; i < good_.size(); ++i) {
    std::string bad = good_;
    bad.erase(i, 1);
    ASSERT_NE(Judge(bad).first, 0) << i;
    bad = good_;
    bad.insert(i, 1, '\0');
    ASSERT_NE(Judge(bad).first, 0) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, EveryDamageTest,
                         testing::Values("one-table.sql.zst", "every-kind.sql.zst"),
                         [](const auto& golden) {
                           return golden.param[0] == 'o' ? "OneTable" : "EveryKind";
                         });

// In four parts, for a test has two minutes also under a sanitizer.
constexpr std::size_t kParts = 4;

class EveryFlippedBitTest : public testing::TestWithParam<std::tuple<const char*, std::size_t>> {};

TEST_P(EveryFlippedBitTest, IsFound) {
  const std::string good = ReadFile(kGolden / "valid" / std::get<0>(GetParam()));
  ASSERT_EQ(Judge(good).first, 0);
  const std::set<int> allowed{12, 20, 21, 22};
  const AllocationWatch memory;
  for (std::size_t i = std::get<1>(GetParam()); i < good.size() * 8; i += kParts * kStride) {
    std::string bad = good;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << i % 8));
    const auto [code, message] = Judge(bad);
    ASSERT_TRUE(allowed.contains(code)) << "bit " << i << ": code " << code << " " << message;
    ASSERT_NE(message.find("byte"), std::string::npos) << message;
  }
  EXPECT_LT(memory.largest(), kLargeAllocation);
}

INSTANTIATE_TEST_SUITE_P(Golden, EveryFlippedBitTest,
                         testing::Combine(testing::Values("one-table.sql.zst",
                                                          "every-kind.sql.zst"),
                                          testing::Range(std::size_t{0}, kParts)),
                         [](const auto& golden) {
                           return std::string(std::get<0>(golden.param)[0] == 'o' ? "OneTable"
                                                                                  : "EveryKind") +
                                  std::to_string(std::get<1>(golden.param));
                         });

// As a malicious writer would: one bit changed, and all digests and sizes around it made right
// again. Some changes are harmless (an optional flag, a letter of a text); none may crash the
// reader or make it take memory for what is not there.
TEST(VerifyTest, EveryForgedBitIsRefusedOrHarmless) {
  const ArchiveParts good = ArchiveParts::Of(ReadFile(kGolden / "valid/every-kind.sql.zst"));
  ASSERT_EQ(Judge(good.Join()).first, 0);
  std::map<int, std::size_t> codes;
  const auto judge_all = [&](const std::string& part, const auto& put) {
    for (std::size_t i = 0; i < part.size() * 8; i += kStride) {
      std::string forged = part;
      forged[i / 8] = static_cast<char>(forged[i / 8] ^ (1 << i % 8));
      ArchiveParts parts = good;
      put(parts, forged);
      const std::string bytes = parts.Join();
      const AllocationWatch memory;
      const auto [code, message] = Judge(bytes);
      ASSERT_TRUE(code == 0 || code == 20 || code == 22) << code << " " << message;
      ASSERT_LT(memory.largest(), kLargeAllocation) << message;
      ++codes[code];
    }
  };
  judge_all(good.header.substr(20), [](ArchiveParts& parts, const std::string& forged) {
    parts.header.replace(20, std::string::npos, forged);
  });
  judge_all(good.index_head,
            [](ArchiveParts& parts, const std::string& forged) { parts.index_head = forged; });
  judge_all(good.directory,
            [](ArchiveParts& parts, const std::string& forged) { parts.directory = forged; });
  judge_all(good.blocks[0],
            [](ArchiveParts& parts, const std::string& forged) { parts.blocks[0] = forged; });
  judge_all(good.footer_fields,
            [](ArchiveParts& parts, const std::string& forged) { parts.footer_fields = forged; });
  for (std::size_t number = 0; number < good.records.size(); ++number) {
    std::string record;
    layout::PutFrameRecord(record, good.records[number]);
    judge_all(record, [&](ArchiveParts& parts, const std::string& forged) {
      parts.records[number] = layout::GetFrameRecord(forged);
    });
  }
  EXPECT_GT(codes[20], 1000 / kStride);
  EXPECT_GT(codes[22], 30 / kStride);
}

TEST(VerifyTest, DefinitionsThatAreNotThereAreNamed) {
  const auto expect = [](const std::string& what, auto change) {
    SampleArchive sample(SampleHeader({"d"}));
    sample.AddPreamble(R"(["d"])", false);
    sample.AddDatabase("d");
    sample.AddTable("d", "t", "CREATE TABLE `t` (`a` int)", {{"a", "int"}}, {{"1"}});
    sample.AddProgram(ObjectKind::kView, "d", "v", "CREATE VIEW `v` AS select 1");
    sample.AddEnd();
    change(sample.objects[1], sample.objects[2]);
    ExpectError(ErrorCode::kDamaged, "'memory' is damaged: " + what, "Take another copy",
                [&] { VerifyBytes(sample.Build()); });
  };
  expect("table `d`.`t`: its definition is missing", [](ObjectRecord& table, ObjectRecord&) {
    table.create.reset();
    table.definition_sha256.clear();
  });
  expect("table `d`.`t`: its definition is empty",
         [](ObjectRecord& table, ObjectRecord&) { table.create->length = 0; });
  expect("view `d`.`v`: only tables have rows",
         [](ObjectRecord&, ObjectRecord& view) { view.data = view.create; });
}

// One letter of an object's line changed, and compressed again.
TEST(VerifyTest, EveryForgedLetterOfTheIndexIsRefusedOrHarmless) {
  const std::string good = ReadFile(kGolden / "valid/one-table.sql.zst");
  const ArchiveParts parts = ArchiveParts::Of(good);
  ByteReader reader(parts.directory);
  const layout::DirectoryEntry entry = *layout::TakeDirectoryEntry(reader);
  std::string lines;
  FrameDecompressor().Decompress(parts.blocks[0], entry.text_size, lines);
  FrameCompressor compressor(3);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const char letter : {'0', '9', '"', '[', '{', ',', '\n', '\x7F', '\xFF'}) {
      std::string forged = lines;
      forged[i] = letter;
      const CompressedFrame block = compressor.Compress(forged);
      ArchiveParts changed = parts;
      changed.blocks[0] = block.stored;
      ArchiveParts::Patch32(changed.directory, 8, static_cast<std::uint32_t>(block.stored.size()));
      ArchiveParts::Patch(changed.index_head, 40, block.stored.size());
      const AllocationWatch memory;
      const auto [code, message] = Judge(changed.Join());
      ASSERT_TRUE(code == 0 || code == 20) << code << " " << message;
      ASSERT_LT(memory.largest(), kLargeAllocation) << message;
    }
  }
}

TEST(VerifyTest, EveryFlippedBitAndEveryCutOfPlainSqlIsFound) {
  const std::string good = ReadFile(kGolden / "valid/plain.sql");
  for (std::size_t i = 0; i < good.size() * 8; i += kStride) {
    std::string bad = good;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << i % 8));
    const int code = Judge(bad).first;
    ASSERT_TRUE(code == 20 || code == 21 || code == 12) << "bit " << i << ": " << code;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    const int code = Judge(good.substr(0, size)).first;
    ASSERT_TRUE(code == 21 || (code == 12 && size < 16)) << size << ": " << code;
  }
}

TEST(VerifyTest, AnotherArchiveIsNotTheOneOfTheReceipt) {
  const std::string good = ReadFile(kGolden / "valid/one-table.sql.zst");
  VerifyOptions options;
  options.expect = VerifyBytes(good).receipt->root;
  EXPECT_FALSE(Verify(InMemory(good), options, SilentObserver(), CancelToken()).expected_by_file);
  const std::string found = options.expect->hex();
  options.expect->bytes[31] ^= 1;
  try {
    Verify(InMemory(good), options, SilentObserver(), CancelToken());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kDiffers);  // nothing is wrong with the file itself
    EXPECT_NE(e.message().find("not the archive of this receipt"), std::string::npos);
    EXPECT_NE(e.message().find(found), std::string::npos);
    EXPECT_NE(e.message().find(options.expect->hex()), std::string::npos);
  }
}

TEST(VerifyTest, TheDigestOfTheFileIsTakenForAReceiptToo) {
  for (const char* name : {"valid/one-table.sql.zst", "valid/plain.sql"}) {
    const std::string good = ReadFile(kGolden / name);
    VerifyOptions options;
    options.expect = Sha256(good);
    EXPECT_TRUE(Verify(InMemory(good), options, SilentObserver(), CancelToken()).expected_by_file)
        << name;
    options.expect->bytes[0] ^= 1;
    try {
      Verify(InMemory(good), options, SilentObserver(), CancelToken());
      FAIL() << name;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kDiffers) << name;
    }
  }
}

TEST(VerifyTest, TextTakenOutOfAnArchiveIsCompleteButUnproven) {
  const std::string head =
      "-- dbomsbak 1: `d` of x\n--\n"
      "-- To load it without dbomsbak:  zstd -dc THIS_FILE | mysql --comments DATABASE\n";
  const std::string mark = "-- dbomsbak: {\"format\":1}\n\nCREATE TABLE `t` (`a` int);\n";
  EXPECT_EQ(Judge(head + mark + "-- Dump completed\n").first, 23);
  EXPECT_EQ(Judge(head + mark).first, 21);
  // Plain SQL has its proof; without it, it is not what was written.
  const std::string plain =
      "-- dbomsbak 1: `d` of x\n--\n"
      "-- To load it with the mysql client:  mysql --comments DATABASE < THIS_FILE\n";
  EXPECT_EQ(Judge(plain + mark + "-- Dump completed\n").first, 20);
  EXPECT_EQ(Judge(head + mark + "-- dbomsbak proof: sha256=0 bytes=1\n-- Dump completed\n").first,
            20);
}

TEST(VerifyTest, TheSameDamageIsNamedAtAnyNumberOfJobs) {
  SampleArchive archive(SampleHeader({"d"}));
  archive.AddDatabase("d");
  std::vector<SampleRow> rows;
  for (int i = 0; i < 400; ++i) rows.push_back({std::to_string(i)});
  archive.AddTable("d", "t", "CREATE TABLE `t` (`v` int)", {{"v", "int"}}, rows, 2, true);
  std::string bad = archive.Build();
  const ArchiveParts parts = ArchiveParts::Of(bad);
  ASSERT_EQ(parts.records.size(), 200U);
  for (const std::size_t frame : {150, 37, 151}) bad[parts.records[frame].offset + 15] ^= 1;
  for (const unsigned jobs : {1U, 2U, 8U}) {
    for (int again = 0; again < 20; ++again) {
      try {
        VerifyBytes(bad, jobs);
        FAIL();
      } catch (const Error& e) {
        EXPECT_NE(e.message().find("frame 37 "), std::string::npos) << e.message();
      }
    }
  }
}

TEST(VerifyTest, CancelStopsIt) {
  CancelToken cancel;
  cancel.Cancel(2);
  try {
    Verify(InMemory(ReadFile(kGolden / "valid/every-kind.sql.zst")), {}, SilentObserver(), cancel);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::kInterrupted);
  }
}

}  // namespace
}  // namespace dbomsbak
