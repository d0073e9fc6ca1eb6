#include "dbomsbak/app/cat_command.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
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

std::string TextOf(const ArchiveReader& archive, const CatCommand& command) {
  std::string text;
  RunCatCommand(
      archive, command, [&](const TextPiece& piece) { text += piece.text; }, CancelToken());
  return text;
}

TEST(CatCommand, OneSmallTableIsReadWithoutTheFramesOfOthers) {
  const auto file = std::make_shared<CountingFile>(ArchiveOfManyFrames());
  const ArchiveReader archive = ArchiveReader::Open(file);
  const std::string small = TextOf(archive, {{{"d", "small"}}, true, true});
  EXPECT_NE(small.find("INSERT INTO `small`"), std::string::npos);
  EXPECT_EQ(small.find("INSERT INTO `large_a`"), std::string::npos);
  // Index and footer, and two or three frames of two hundred.
  EXPECT_LT(file->read, file->Size() / 20);

  const std::uint64_t before = file->read;
  TextOf(archive, {});
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
    return Thrown([&, wanted = std::string(name)] {
      TextOf(archive, {{{"d", wanted}}, true, true});
    });
  };
  ExpectTold(cat("torn"), ErrorCode::kPartial,
             "table `d`.`torn` was left out of the archive: it is marked as crashed",
             "table `d`.`torn`", "dbomsbak info lists what else was");
  ExpectTold(cat("other"), ErrorCode::kUsage, "'x.sql.zst' holds no object `d`.`other`", "d.other",
             "dbomsbak info lists what the archive holds.");
}

TEST(CatCommand, PiecesTellWhatTheyAreOf) {
  const ArchiveReader archive =
      ArchiveReader::Open(std::make_shared<CountingFile>(ArchiveOfManyFrames()));
  CatCommand command;
  command.by_object = true;
  std::string all;
  std::map<std::string, std::string> parts;
  std::size_t largest = 0;
  RunCatCommand(
      archive, command,
      [&](const TextPiece& piece) {
        all += piece.text;
        largest = std::max(largest, piece.text.size());
        const std::string object = piece.object != nullptr ? piece.object->Describe() : "nothing";
        parts[object + " " + std::string(piece.part)] += piece.text;
      },
      CancelToken());
  EXPECT_EQ(all, TextOf(archive, {}));
  EXPECT_LT(largest, std::size_t{64} << 10);  // of a frame, not of a table
  const auto begins = [&](const std::string& part, const std::string& text) {
    return parts[part].find(text) != std::string::npos;
  };
  EXPECT_TRUE(begins("table `d`.`small` schema", "CREATE TABLE `small`"));
  EXPECT_TRUE(parts["table `d`.`small` data"].starts_with("INSERT INTO `small`"));
  EXPECT_TRUE(parts["table `d`.`zarge` data"].starts_with("INSERT INTO `zarge`"));
  EXPECT_FALSE(begins("table `d`.`large_a` data", "`small`"));
  EXPECT_FALSE(begins("nothing ", "INSERT"));
}

}  // namespace
}  // namespace dbomsbak
