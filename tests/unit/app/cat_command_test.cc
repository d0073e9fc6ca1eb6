#include "dbomsbak/app/cat_command.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/sample_archive.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

// How many bytes were asked for.
class CountingFile final : public RandomAccessFile {
 public:
  explicit CountingFile(std::string bytes) : file_(std::move(bytes)) {}
  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override {
    const std::size_t count = file_.ReadAt(offset, out, size);
    read += count;
    return count;
  }
  std::uint64_t Size() const override { return file_.Size(); }
  const std::string& name() const override { return file_.name(); }

  mutable std::uint64_t read = 0;

 private:
  MemoryReadableFile file_;
};

// A small table between two large ones, of a hundred frames each.
std::string ArchiveOfManyFrames() {
  constexpr int kRows = 100;
  SampleArchive archive(SampleHeader({"d"}));
  archive.AddPreamble("[\"d\"]", false);
  archive.AddDatabase("d");
  const std::vector<ColumnRecord> columns{{"id", "int"}, {"body", "bytes"}};
  const auto create = [](const std::string& name) {
    return "CREATE TABLE `" + name + "` (\n  `id` int NOT NULL,\n  `body` blob\n)";
  };
  std::vector<SampleRow> rows;
  for (int i = 0; i < kRows; ++i) rows.push_back({std::to_string(i), std::string(20'000, 'x')});
  archive.AddTable("d", "large_a", create("large_a"), columns, rows, 1, true);
  archive.AddTable("d", "small", create("small"), columns, {{"7", "seven"}});
  archive.Cut();
  archive.AddTable("d", "zarge", create("zarge"), columns, rows, 1, true);
  archive.AddEnd();
  return archive.Build();
}

TEST(CatCommand, OneSmallTableIsReadWithoutTheFramesOfOthers) {
  const auto file = std::make_shared<CountingFile>(ArchiveOfManyFrames());
  const ArchiveReader archive = ArchiveReader::Open(file);
  MemoryWritableFile small;
  RunCatCommand(archive, {{{"d", "small"}}, true, true}, small, CancelToken());
  EXPECT_NE(small.bytes().find("INSERT INTO `small`"), std::string::npos);
  EXPECT_EQ(small.bytes().find("INSERT INTO `large_a`"), std::string::npos);
  // Index and footer, and two or three frames of two hundred.
  EXPECT_LT(file->read, file->Size() / 20);

  const std::uint64_t before = file->read;
  MemoryWritableFile all;
  RunCatCommand(archive, {}, all, CancelToken());
  EXPECT_GT(file->read - before, file->Size() / 2);
}

TEST(CatCommand, WhatIsNotThereIsToldWithWhereToLook) {
  SampleArchive sample(SampleHeader({"d"}));
  sample.AddPreamble("[\"d\"]", false);
  sample.AddDatabase("d");
  sample.AddTable("d", "t", "CREATE TABLE `t` (\n  `id` int\n)", {{"id", "int"}}, {{"7"}});
  ObjectRecord left_out;
  left_out.id = {"d", ObjectKind::kTable, "torn"};
  left_out.omitted = "it is marked as crashed";
  sample.objects.push_back(left_out);
  sample.AddEnd();
  const ArchiveReader archive =
      ArchiveReader::Open(std::make_shared<MemoryReadableFile>(sample.Build(), "x.sql.zst"));
  const auto cat = [&](const char* name) {
    MemoryWritableFile out;
    return Thrown([&, wanted = std::string(name)] {
      RunCatCommand(archive, {{{"d", wanted}}, true, true}, out, CancelToken());
    });
  };
  ExpectTold(cat("torn"), ErrorCode::kPartial,
             "table `d`.`torn` was left out of the archive: it is marked as crashed",
             "table `d`.`torn`", "dbomsbak info lists what else was");
  ExpectTold(cat("other"), ErrorCode::kUsage, "'x.sql.zst' holds no object `d`.`other`", "d.other",
             "dbomsbak info lists what the archive holds.");
}

}  // namespace
}  // namespace dbomsbak
