// What the writer writes, the reader gives back. That others can read it as well is the business of
// tests/checks/other_readers_test.py and golden_files_test.py.
#include "dbomsbak/archive/archive_writer.h"

#include <gtest/gtest.h>

#include <random>

#include "archive/layout.h"
#include "dbomsbak/archive/archive_reader.h"
#include "unit/memory_file.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

HeaderRecord FullHeader() {
  HeaderRecord header;
  header.tool = "dbomsbak 0.1.0";
  header.created = "2024-05-01T00:00:00Z";
  header.server_version = "10.11.6-MariaDB";
  header.server_flavour = "MariaDB";
  header.snapshot = {
      "global-read-lock", "2024-05-01T00:00:01Z", "binlog.000007", 4242, "0-1-5", true};
  header.scope.databases = {"a", "b"};
  header.scope.only_tables = {{"a", "t"}, {"b", "u"}};
  header.scope.ignored_tables = {{"a", "tmp"}};
  header.scope.excluded_kinds = {ObjectKind::kTrigger};
  header.scope.row_filters = {{"a.t", "id < 10"}};
  header.scope.pruned_tables = {{"a", "t"}};
  header.options = {{"compression", "3"}};
  return header;
}

ObjectRecord FullTable(std::string database, std::string name) {
  ObjectRecord table;
  table.id = {std::move(database), ObjectKind::kTable, std::move(name)};
  table.create = Slice{0, 1, 2};
  table.schema = Slice{0, 0, 4};
  table.data = Slice{1, 0, 18446744073709551615ULL};
  table.definition_sha256 = Sha256("definition").hex();
  table.columns = {{"id", "int"}, {"名", "text:utf8mb4"}};
  table.rows = 7;
  table.row_digest = RowDigestRecord{"xxh3-128-sum/1", "0123456789abcdef0123456789abcdef"};
  table.auto_increment = 18446744073709551615ULL;
  table.engine = "InnoDB";
  table.row_filtered = true;
  table.pruned = PruneRecord{"id", "-7"};
  return table;
}

struct Written {
  std::string bytes;
  Receipt receipt;
};

Written Write(const HeaderRecord& header, const std::vector<std::string>& texts,
              const std::vector<ObjectRecord>& objects, int level = 3) {
  MemoryWritableFile file;
  ArchiveWriter writer(file, header);
  FrameCompressor compressor(level);
  for (const std::string& text : texts) writer.AppendFrame(compressor.Compress(text));
  for (const ObjectRecord& object : objects) writer.AddObject(object);
  Receipt receipt = writer.Finish();
  return {file.bytes(), receipt};
}

TEST(ArchiveWriterTest, WhatIsWrittenIsReadBack) {
  ObjectRecord trigger;
  trigger.id = {"a", ObjectKind::kTrigger, "tr"};
  trigger.create = Slice{0, 3, 1};
  trigger.definer = "root@localhost";
  trigger.sql_mode = "ANSI_QUOTES";
  trigger.character_set_client = "utf8mb4";
  trigger.collation_connection = "utf8mb4_general_ci";
  trigger.database_collation = "latin1_swedish_ci";
  trigger.table = "t";
  trigger.order = 2;
  ObjectRecord routine;
  routine.id = {"a", ObjectKind::kFunction, "f"};
  routine.grants = {"GRANT EXECUTE ON FUNCTION `a`.`f` TO x"};
  const Written written = Write(FullHeader(), {"one;\n", "two;\n"},
                                {trigger, FullTable("b", "u"), FullTable("a", "t"), routine});

  const ArchiveReader reader = ArchiveReader::Open(InMemory(written.bytes));
  EXPECT_EQ(reader.header().snapshot.binlog_position, 4242U);
  EXPECT_EQ(reader.header().scope.only_tables, FullHeader().scope.only_tables);
  EXPECT_EQ(reader.header().scope.row_filters, FullHeader().scope.row_filters);
  EXPECT_EQ(reader.header().scope.pruned_tables, FullHeader().scope.pruned_tables);
  EXPECT_EQ(reader.header().scope.excluded_kinds, FullHeader().scope.excluded_kinds);
  EXPECT_EQ(reader.receipt().root, written.receipt.root);
  EXPECT_EQ(reader.footer().row_count, 14U);
  EXPECT_EQ(reader.footer().table_count, 2U);
  EXPECT_EQ(reader.footer().object_count, 4U);
  EXPECT_FALSE(reader.footer().partial);

  std::vector<std::string> order;
  reader.ForEachObject([&](ObjectRecord&& object) {
    order.push_back(object.id.Describe());
    return true;
  });
  EXPECT_EQ(order, (std::vector<std::string>{"function `a`.`f`", "table `a`.`t`",
                                             "trigger `a`.`tr`", "table `b`.`u`"}));
  const auto table = reader.FindObject({"b", ObjectKind::kTable, "u"});
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->columns, FullTable("b", "u").columns);
  EXPECT_EQ(table->auto_increment, 18446744073709551615ULL);
  EXPECT_EQ(table->data, FullTable("b", "u").data);
  EXPECT_TRUE(table->row_filtered);
  EXPECT_EQ(table->pruned, (PruneRecord{"id", "-7"}));
  EXPECT_EQ(reader.FindObject(trigger.id)->order, 2U);
  EXPECT_EQ(reader.FindObject(routine.id)->grants, routine.grants);
  EXPECT_FALSE(reader.FindObject({"a", ObjectKind::kTable, "x"}).has_value());

  std::string text;
  reader.ReadFrame(1, text);
  EXPECT_EQ(text, "two;\n");
  EXPECT_EQ(reader.ReadSliceText({0, 2, 6}, 100), "e;\ntwo");
  EXPECT_THROW(reader.ReadSliceText({0, 2, 101}, 100), Error);
  EXPECT_THROW(reader.ReadSliceText({0, 5, 1}, 100), Error);
  EXPECT_THROW(reader.ReadSliceText({1, 0, 6}, 100), Error);
  EXPECT_THROW(reader.ReadFrame(2, text), Error);
}

TEST(ArchiveWriterTest, ASliceTakesOfItsFramesWhatFallsToItsText) {
  const Written written = Write(
      FullHeader(), {std::string(1000, 'a') + "\n", "b;\n", std::string(998, 'c') + "\n"}, {});
  const ArchiveReader reader = ArchiveReader::Open(InMemory(written.bytes));
  const auto size = [&](std::uint64_t frame) { return reader.frame(frame).stored_size; };
  EXPECT_EQ(reader.StoredBytesOf({0, 0, 1001}), size(0));
  EXPECT_EQ(reader.StoredBytesOf({1, 0, 3}), size(1));
  EXPECT_EQ(reader.StoredBytesOf({0, 0, 1001 + 3 + 999}), size(0) + size(1) + size(2));
  EXPECT_NEAR(static_cast<double>(reader.StoredBytesOf({0, 500, 501 + 3})),
              size(0) * 501 / 1001.0 + size(1), 1);
  EXPECT_EQ(reader.StoredBytesOf({0, 7, 0}), 0U);
  // An index may say anything.
  EXPECT_LE(reader.StoredBytesOf({0, 5000, 18446744073709551615ULL}), size(1) + size(2));
  EXPECT_EQ(reader.StoredBytesOf({18446744073709551615ULL, 0, 9}), 0U);
}

TEST(ArchiveWriterTest, OmittedObjectMakesTheArchivePartial) {
  ObjectRecord lost;
  lost.id = {"a", ObjectKind::kView, "v"};
  lost.omitted = "no privilege SHOW VIEW";
  const Written written = Write(FullHeader(), {"x;\n"}, {lost});
  EXPECT_TRUE(written.receipt.footer.partial);
  const ArchiveReader reader = ArchiveReader::Open(InMemory(written.bytes));
  EXPECT_TRUE(reader.footer().partial);
  EXPECT_EQ(reader.FindObject(lost.id)->omitted, lost.omitted);
}

TEST(ArchiveWriterTest, OrderOfAddingDoesNotChangeTheBytes) {
  std::vector<ObjectRecord> objects;
  for (int i = 0; i < 20000; ++i) objects.push_back(FullTable("d", "t" + std::to_string(i)));
  const std::string expected = Write(FullHeader(), {"x;\n"}, objects).bytes;
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::shuffle(objects.begin(), objects.end(), std::mt19937(seed));
  EXPECT_TRUE(Write(FullHeader(), {"x;\n"}, objects).bytes == expected);
  const ArchiveReader reader = ArchiveReader::Open(InMemory(expected));
  EXPECT_GT(reader.block_count(), 10U);
  for (const ObjectRecord& object : objects) {
    if (object.id.name.ends_with("77")) {
      ASSERT_TRUE(reader.FindObject(object.id)) << object.id.name;
    }
  }
}

TEST(ArchiveWriterTest, SameObjectTwiceIsRefused) {
  EXPECT_THROW(Write(FullHeader(), {}, {FullTable("d", "t"), FullTable("d", "t")}), Error);
}

TEST(ArchiveWriterTest, EmptySetIsAnArchiveToo) {
  const ArchiveReader reader = ArchiveReader::Open(InMemory(Write(FullHeader(), {}, {}).bytes));
  EXPECT_EQ(reader.frame_count(), 0U);
  EXPECT_EQ(reader.block_count(), 0U);
  EXPECT_FALSE(reader.FindObject({"a", ObjectKind::kTable, "t"}).has_value());
}

TEST(ArchiveWriterTest, TextThatIsNoUtf8IsRefused) {
  HeaderRecord header = FullHeader();
  header.scope.row_filters["*"] = "\xFF";
  ExpectTold(Thrown([&] { Write(header, {}, {}); }), ErrorCode::kUnsupported,
             "the archive's header holds text that is no valid UTF-8", "",
             "Give names and --where in UTF-8");
  ObjectRecord table = FullTable("d", "t");
  table.comment = "\xFF";
  ExpectTold(Thrown([&] { Write(FullHeader(), {}, {table}); }), ErrorCode::kUnsupported,
             "table `d`.`t` holds text that is no valid UTF-8", "table `d`.`t`",
             "leave it out (--ignore-table)");
}

TEST(ArchiveWriterTest, WhatTheFormatCannotHoldIsRefused) {
  HeaderRecord header = FullHeader();
  header.scope.row_filters["*"] = std::string(layout::kMaxHeaderSize, 'x');
  ExpectTold(Thrown([&] { Write(header, {}, {}); }), ErrorCode::kUnsupported,
             "the archive's header exceeds 4 MiB", "", "Name fewer tables");
  ObjectRecord table = FullTable("d", "t");
  table.comment = std::string(layout::kMaxObjectLine, 'x');
  ExpectTold(Thrown([&] { Write(FullHeader(), {}, {table}); }), ErrorCode::kUnsupported,
             "what the index must say of table `d`.`t` exceeds 4 MiB", "table `d`.`t`",
             "Dump it to plain SQL (-o FILE.sql)");
  std::string out;
  ExpectTold(Thrown([&] { layout::PutTaggedHead(out, layout::kIndexTag, std::uint64_t{1} << 32); }),
             ErrorCode::kUnsupported, "the archive's index exceeds what its format allows", "",
             "Dump fewer databases");
}

// A file that another program cuts once it is open.
class CutFile final : public RandomAccessFile {
 public:
  CutFile(std::string bytes, std::size_t kept) : file_(std::move(bytes), "cut"), kept_(kept) {}
  std::size_t ReadAt(std::uint64_t offset, char* out, std::size_t size) const override {
    if (offset >= kept_) return 0;
    return file_.ReadAt(offset, out, std::min<std::size_t>(size, kept_ - offset));
  }
  std::uint64_t Size() const override { return file_.Size(); }
  const std::string& name() const override { return file_.name(); }

 private:
  MemoryReadableFile file_;
  std::size_t kept_;
};

TEST(ArchiveWriterTest, AFileThatIsCutWhileItIsReadIsDamaged) {
  const std::string bytes = Write(FullHeader(), {"SELECT 1;\n"}, {}).bytes;
  ExpectTold(Thrown([&] { ArchiveReader::Open(std::make_shared<CutFile>(bytes, 99)); }),
             ErrorCode::kDamaged,
             "'cut' is damaged: it ended at byte " + std::to_string(bytes.size() - 9) +
                 " while it was read",
             "cut", "Take another copy of the file");
}

}  // namespace
}  // namespace dbomsbak
