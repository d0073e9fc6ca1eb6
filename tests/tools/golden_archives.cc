// Writes the golden files of formats/archive-v1. With the libzstd they were made with, the bytes
// are the same every time.
//
//   golden_archives FOLDER      writes FOLDER/valid and FOLDER/invalid
//   golden_archives --update    writes those of the source tree
//   golden_archives --big FILE  writes an archive of 100 frames and 3,000 tables, for other checks
//   golden_archives --sparse FILE  writes one of 10 GB, whose large frames are holes of the file
#include <zstd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "dbomsbak/archive/format.h"
#include "dbomsbak/sql/row_digest.h"
#include "support/sample_archive.h"

namespace dbomsbak {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

class Folder {
 public:
  explicit Folder(fs::path path) : path_(std::move(path)) { fs::create_directories(path_); }
  void Write(const std::string& name, const std::string& bytes) const {
    std::ofstream file(path_ / name, std::ios::binary);
    file << bytes;
    if (!file.flush()) throw std::runtime_error("cannot write " + name);
  }

 private:
  fs::path path_;
};

// The one the format page takes apart: one table, two rows.
SampleArchive OneTable() {
  SampleArchive archive(SampleHeader({"shop"}));
  archive.header.snapshot.binlog_file.clear();
  archive.Add(
      "-- zstd -dc THIS_FILE | mysql --comments DATABASE\n"
      "-- dbomsbak: {\"format\":1,\"databases\":[\"shop\"],\"create_database\":false}\n");
  archive.AddDatabase("shop");
  archive.AddTable("shop", "t",
                   "CREATE TABLE `t` (\n  `id` int(11) NOT NULL,\n  `n` text,\n"
                   "  PRIMARY KEY (`id`)\n) DEFAULT CHARSET=utf8mb4",
                   {{"id", "int"}, {"n", "text:utf8mb4"}}, {{"1", "x"}, {"2", std::nullopt}});
  archive.AddEnd();
  return archive;
}

// Every kind of value and of object; rows over several frames.
SampleArchive EveryKind() {
  SampleArchive archive(SampleHeader({"shop"}), 3);
  archive.header.options = {{"compression", "3"}};
  archive.AddPreamble("[\"shop\"]", false);
  archive.AddDatabase("shop");

  ObjectRecord sequence;
  sequence.id = {"shop", ObjectKind::kSequence, "numbers"};
  const Slice begin = archive.Add("\nDROP SEQUENCE IF EXISTS `numbers`;\n");
  const std::string create = "CREATE SEQUENCE `numbers` start with 1 increment by 1 ENGINE=InnoDB";
  sequence.create = archive.Add(create);
  const std::string rest = ";\nSELECT SETVAL(`numbers`, 41, 1);\n";
  archive.Add(rest);
  sequence.schema =
      Slice{begin.frame, begin.offset + 1, begin.length - 1 + create.size() + rest.size()};
  sequence.definition_sha256 = Sha256(create).hex();
  archive.objects.push_back(sequence);

  archive.AddTable(
      "shop", "every`kind",
      "CREATE TABLE `every``kind` (\n  `i` bigint(20) unsigned NOT NULL AUTO_INCREMENT,\n"
      "  `d` decimal(10,2) DEFAULT NULL,\n  `f` float DEFAULT NULL,\n  `g` double DEFAULT NULL,\n"
      "  `b` bit(9) DEFAULT NULL,\n  `t` datetime(6) DEFAULT NULL,\n  `y` blob DEFAULT NULL,\n"
      "  `u` text DEFAULT NULL COMMENT 'not AUTO_INCREMENT=5',\n"
      "  `l` varchar(20) CHARACTER SET latin1 DEFAULT NULL,\n"
      "  `k` varchar(20) CHARACTER SET gbk DEFAULT NULL,\n"
      "  `s` varchar(20) CHARACTER SET sjis DEFAULT NULL,\n"
      "  `e` enum('a','b') DEFAULT NULL,\n  PRIMARY KEY (`i`)\n"
      ") ENGINE=InnoDB AUTO_INCREMENT=18446744073709551615 DEFAULT CHARSET=utf8mb4",
      {{"i", "int"},
       {"d", "decimal"},
       {"f", "float32"},
       {"g", "float64"},
       {"b", "bits"},
       {"t", "temporal"},
       {"y", "bytes"},
       {"u", "text:utf8mb4"},
       {"l", "text:latin1"},
       {"k", "text:gbk"},
       {"s", "text:sjis"},
       {"e", "enum:utf8mb4"}},
      {{"0", "0.00", RawFloat(0.1F), RawDouble(0.1), "\x01\xFF"s, "2024-02-29 23:59:59.999999",
        "\0\x01\xFE\xFF"s, "it's \\ \n\r\0\x1A done"s, "caf\xE9 \x80\x81\xFF"s, "plain", "plain",
        "a"},
       {"18446744073709551614", "-99999999.99", RawFloat(-3.4028235e38F), RawDouble(5e-324),
        "\0\0"s, "0000-00-00 00:00:00.000000", "", "", "", "", "", "b"},
       {"3", std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
        std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt},
       {"4", "0.50", RawFloat(16777216.0F), RawDouble(-0.0), "\x01\0"s,
        "2000-02-31 00:00:00.000000", "text", "\xE4\xBD\xA0\xF0\x9F\x98\x80 NULL (1,2)", "'",
        "\xC4\xE3\xBA\xC3", "\x83\x5C", ""},
       {"5", "7.00", RawFloat(1e-45F), RawDouble(1.7976931348623157e308), "\0\x01"s,
        "9999-12-31 23:59:59.000000", "\\", "\xFF not UTF-8", "\r\n", "\xFF\\", "\xB1",
        std::nullopt}},
      2, true);
  archive.AddTable("shop", "twice", "CREATE TABLE `twice` (\n  `v` int(11) DEFAULT NULL\n)",
                   {{"v", "int"}}, {{"7"}, {"7"}, {"-8"}});
  archive.AddTable("shop", "no rows", "CREATE TABLE `no rows` (\n  `v` int(11) DEFAULT NULL\n)",
                   {{"v", "int"}}, {});
  archive.AddTable("shop", "no columns",
                   "CREATE TABLE `no columns` (\n  `v` int(11) GENERATED ALWAYS AS (1) VIRTUAL\n)",
                   {}, {{}, {}});

  ObjectRecord& view = archive.AddProgram(ObjectKind::kView, "shop", "v",
                                          "CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` "
                                          "SQL SECURITY DEFINER VIEW `v` AS select "
                                          "`twice`.`v` AS `v` from `twice`");
  view.sql_mode.clear();
  archive.AddProgram(ObjectKind::kFunction, "shop", "one",
                     "CREATE DEFINER=`root`@`localhost` FUNCTION `one`() RETURNS int(11)\n"
                     "RETURN 1 /* \nINSERT INTO nothing */");
  archive.objects.back().grants = {"GRANT EXECUTE ON FUNCTION `shop`.`one` TO `app`@`%`"};
  ObjectRecord& trigger = archive.AddProgram(ObjectKind::kTrigger, "shop", "tr",
                                             "CREATE DEFINER=`root`@`localhost` TRIGGER `tr` "
                                             "BEFORE INSERT ON `twice` FOR EACH ROW SET NEW.v = 1");
  trigger.table = "twice";
  trigger.order = 1;
  ObjectRecord& event = archive.AddProgram(ObjectKind::kEvent, "shop", "ev",
                                           "CREATE DEFINER=`root`@`localhost` EVENT `ev` ON "
                                           "SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE "
                                           "ENABLE DO DELETE FROM `twice`");
  event.time_zone = "SYSTEM";
  event.status = "ENABLED";
  archive.AddEnd();
  return archive;
}

SampleArchive TwoDatabases() {
  SampleArchive archive(SampleHeader({"first", "zweite"}), 3);
  archive.AddPreamble("[\"first\",\"zweite\"]", true);
  for (const char* name : {"first", "zweite"}) {
    archive.AddDatabase(name);
    archive.Add("\nCREATE DATABASE IF NOT EXISTS `"s + name + "`;\nUSE `" + name + "`;\n");
    archive.AddTable(name, "t", "CREATE TABLE `t` (\n  `v` varchar(9) DEFAULT NULL\n)",
                     {{"v", "text:utf8mb4"}}, {{name}, {std::nullopt}}, 1);
  }
  archive.AddEnd();
  return archive;
}

// JSON as a type of its own, which MySQL has: its DECIMAL values are written twice.
SampleArchive Json() {
  SampleArchive archive(SampleHeader({"shop"}));
  archive.header.server_version = "9.7.4";
  archive.header.server_flavour = "MySQL";
  archive.AddPreamble("[\"shop\"]", false);
  archive.AddDatabase("shop");
  archive.AddTable("shop", "doc",
                   "CREATE TABLE `doc` (\n  `id` int NOT NULL,\n  `j` json DEFAULT NULL,\n"
                   "  PRIMARY KEY (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
                   {{"id", "int"}, {"j", "json"}},
                   {{"1", R"({"a": [1, 2.5, null], "b": "caf\u00e9 'x'"})"},
                    {"2", R"({"a": [1.10, 2.5], "a \"b": {"n": 12345678901234567890.12}})"},
                    {"3", "1.10"},
                    {"4", R"("1.10")"},
                    {"5", "null"},
                    {"6", std::nullopt}});
  archive.AddEnd();
  return archive;
}

SampleArchive Partial() {
  SampleArchive archive = OneTable();
  ObjectRecord lost;
  lost.id = {"shop", ObjectKind::kProcedure, "secret"};
  lost.omitted = "its body cannot be read: SELECT on mysql.proc is missing";
  archive.objects.push_back(lost);
  return archive;
}

SampleArchive Filtered() {
  SampleArchive archive = OneTable();
  archive.header.scope.row_filters = {{"shop.t", "id < 3"}};
  archive.header.scope.only_tables = {{"shop", "t"}};
  archive.header.scope.excluded_kinds = {ObjectKind::kTrigger, ObjectKind::kEvent};
  archive.objects.back().row_filtered = true;
  return archive;
}

ObjectRecord& TableOf(SampleArchive& archive) { return archive.objects.back(); }

// Its older rows were left out as worthless.
SampleArchive Pruned() {
  SampleArchive archive(SampleHeader({"oms"}));
  archive.header.scope.row_filters = {{"oms.heatbeat_sequence", "`id` >= 7"}};
  archive.header.scope.pruned_tables = {{"oms", "heatbeat_sequence"}};
  archive.AddPreamble("[\"oms\"]", false);
  archive.AddDatabase("oms");
  ObjectRecord& table = archive.AddTable(
      "oms", "heatbeat_sequence",
      "CREATE TABLE `heatbeat_sequence` (\n  `id` bigint(20) NOT NULL AUTO_INCREMENT,\n"
      "  PRIMARY KEY (`id`)\n) ENGINE=InnoDB AUTO_INCREMENT=8 DEFAULT CHARSET=utf8mb4",
      {{"id", "int"}}, {{"7"}}, 1000, false,
      "\n-- Dumping data for table `heatbeat_sequence`\n-- WHERE:  `id` >= 7\n");
  table.row_filtered = true;
  table.pruned = PruneRecord{"id", "7"};
  archive.AddEnd();
  return archive;
}

std::string PlainSql(std::string text) {
  text.resize(text.rfind("-- Dump completed"));
  const std::string proof = "-- dbomsbak proof: sha256=" + Sha256(text).hex() +
                            " bytes=" + std::to_string(text.size()) + "\n";
  return text + proof + "-- Dump completed\n";
}

void WriteValid(const Folder& valid) {
  valid.Write("one-table.sql.zst", OneTable().Build());
  valid.Write("every-kind.sql.zst", EveryKind().Build());
  valid.Write("json.sql.zst", Json().Build());
  valid.Write("two-databases.sql.zst", TwoDatabases().Build());
  valid.Write("partial.sql.zst", Partial().Build());
  valid.Write("filtered.sql.zst", Filtered().Build());
  valid.Write("pruned.sql.zst", Pruned().Build());

  SampleArchive empty(SampleHeader({"nothing"}));
  empty.AddDatabase("nothing");
  valid.Write("empty-database.sql.zst", empty.Build());

  SampleArchive unknown = OneTable();
  TableOf(unknown).row_digest = RowDigestRecord{"of-the-future/7", "who knows"};
  valid.Write("unknown-row-digest.sql.zst", unknown.Build());

  // What a later minor addition may do: optional flags, longer header, index head and footer.
  ArchiveParts later = ArchiveParts::Of(OneTable().Build());
  later.header += "added to the header";
  ArchiveParts::Patch32(later.header, 4, static_cast<std::uint32_t>(later.header.size() - 8));
  ArchiveParts::Patch32(later.header, 28, 0x80000001);
  for (FrameRecord& record : later.records) record.offset += 19;
  later.index_head += "addition";
  ArchiveParts::Patch32(later.index_head, 12, 72);
  const std::string old_directory = std::exchange(later.directory, {});
  ByteReader reader(old_directory);
  layout::DirectoryEntry entry = *layout::TakeDirectoryEntry(reader);
  entry.offset += 19 + 8;
  layout::PutDirectoryEntry(later.directory, entry);
  ArchiveParts::Patch32(later.footer_fields, 8, 0x80000001);
  later.footer_fields += "added to the footer";
  valid.Write("later-additions.sql.zst", later.Join());

  valid.Write("plain.sql", PlainSql(EveryKind().Text()));
}

// Broken by accident: bits, cuts, additions.
void WriteAccidents(const Folder& invalid) {
  const std::string good = EveryKind().Build();
  const ArchiveParts parts = ArchiveParts::Of(good);
  std::string bad = good;
  bad[parts.records[1].offset + 20] ^= 0x10;
  invalid.Write("20-bit-in-frame-1.sql.zst", bad);
  bad = good;
  bad[60] ^= 1;
  invalid.Write("20-bit-in-header.sql.zst", bad);
  bad = good;
  bad[0] ^= 1;
  invalid.Write("20-bit-in-first-byte.sql.zst", bad);
  bad = good;
  bad[bad.size() - 20] ^= 1;
  invalid.Write("20-bit-in-seek-table.sql.zst", bad);
  bad = good;
  bad[bad.size() - layout::SeekTableSize(parts.records.size() + 3) - 60] ^= 1;
  invalid.Write("20-bit-in-footer.sql.zst", bad);
  invalid.Write("20-byte-behind-the-end.sql.zst", good + "\n");
  invalid.Write("20-two-archives.sql.zst", good + OneTable().Build());
  invalid.Write("20-frame-missing.sql.zst",
                good.substr(0, parts.records[1].offset) + good.substr(parts.records[2].offset));
  invalid.Write("21-empty.sql.zst", "");
  invalid.Write("21-cut-in-header.sql.zst", good.substr(0, 100));
  invalid.Write("21-cut-in-frame.sql.zst", good.substr(0, parts.records[2].offset + 30));
  invalid.Write("21-cut-between-frames.sql.zst", good.substr(0, parts.records[2].offset));
  invalid.Write("21-cut-before-footer.sql.zst",
                good.substr(0, good.size() - layout::SeekTableSize(parts.records.size() + 3) -
                                   layout::kFooterSize));
  invalid.Write("21-cut-in-seek-table.sql.zst", good.substr(0, good.size() - 1));
}

// All digests right, and yet not so: what only the text or a careful reader shows.
void WriteLies(const Folder& invalid) {
  const auto lie = [&](const std::string& name, auto change) {
    SampleArchive archive = OneTable();
    change(archive);
    invalid.Write(name + ".sql.zst", archive.Build());
  };
  lie("20-other-row-count", [](SampleArchive& a) { TableOf(a).rows = 3; });
  lie("20-other-row-digest", [](SampleArchive& a) { TableOf(a).row_digest->value[0] ^= 1; });
  lie("20-no-row-digest", [](SampleArchive& a) { TableOf(a).row_digest.reset(); });
  lie("20-unknown-column-kind",
      [](SampleArchive& a) { TableOf(a).columns[0].kind = "quaternion"; });
  lie("20-other-column-name", [](SampleArchive& a) { TableOf(a).columns[0].name = "no"; });
  lie("20-other-definition", [](SampleArchive& a) { TableOf(a).definition_sha256[0] ^= 1; });
  lie("20-slice-outside-text", [](SampleArchive& a) { TableOf(a).data->length += 1000; });
  lie("20-slice-in-no-frame", [](SampleArchive& a) { TableOf(a).data->frame = 1; });
  lie("20-slices-overlap", [](SampleArchive& a) { TableOf(a).schema->length += 5; });
  lie("20-rows-of-no-object", [](SampleArchive& a) { a.objects.pop_back(); });
  lie("20-database-outside-scope", [](SampleArchive& a) { a.header.scope.databases = {"other"}; });
  lie("20-database-not-in-index",
      [](SampleArchive& a) { a.header.scope.databases.push_back("z"); });
  lie("20-omitted-yet-there", [](SampleArchive& a) { TableOf(a).omitted = "no reason"; });
  lie("20-pruned-outside-scope", [](SampleArchive& a) {
    TableOf(a).pruned = PruneRecord{"id", "1"};
  });
  lie("20-pruned-and-filtered-otherwise", [](SampleArchive& a) {
    a = Pruned();
    a.header.scope.row_filters["oms.heatbeat_sequence"] = "`id` >= 7 AND rand() < 0.5";
  });
  lie("20-pruned-without-table", [](SampleArchive& a) {
    a = Pruned();
    a.header.scope.row_filters["oms.t"] = "`id` >= 1";
    a.header.scope.pruned_tables.emplace_back("oms", "t");
  });
  lie("20-pruned-in-scope-alone", [](SampleArchive& a) {
    a = Pruned();
    TableOf(a).pruned.reset();
  });

  const auto forge = [&](const std::string& name, auto change) {
    ArchiveParts parts = ArchiveParts::Of(OneTable().Build());
    change(parts);
    invalid.Write(name + ".sql.zst", parts.Join());
  };
  forge("20-huge-frame-count", [](ArchiveParts& p) {
    ArchiveParts::Patch(p.index_head, 16, 1ULL << 60);
    ArchiveParts::Patch(p.footer_fields, 100, 1ULL << 60);
  });
  forge("20-huge-text-of-a-frame", [](ArchiveParts& p) {
    ArchiveParts::Patch(p.footer_fields, 132,
                        GetU64(p.footer_fields.data() + 132) + 0x7FFFFFFF - p.records[0].text_size);
    p.records[0].text_size = 0x7FFFFFFF;
  });
  forge("20-huge-object-block",
        [](ArchiveParts& p) { ArchiveParts::Patch32(p.directory, 12, 0xFFFFFFFF); });
  forge("20-huge-name-in-directory",
        [](ArchiveParts& p) { p.directory[20] = p.directory[21] = '\xFF'; });
  forge("20-block-elsewhere", [](ArchiveParts& p) { p.directory[0] ^= 1; });
  forge("20-frame-elsewhere", [](ArchiveParts& p) { ++p.records[0].offset; });
  forge("20-other-object-count", [](ArchiveParts& p) { ++p.footer_fields[108]; });
  forge("20-other-table-count", [](ArchiveParts& p) { ++p.footer_fields[116]; });
  forge("20-partial-without-omission", [](ArchiveParts& p) { p.footer_fields[4] ^= 1; });
  forge("20-seek-table-disagrees",
        [](ArchiveParts& p) { p.seek_table = p.SeekTable(1, layout::kFooterSize); });
  forge("20-frame-without-checksum", [](ArchiveParts& p) {
    std::string text;
    FrameDecompressor().Decompress(p.frames[0], p.records[0].text_size, text);
    std::string plain(ZSTD_compressBound(text.size()), '\0');
    plain.resize(ZSTD_compress(plain.data(), plain.size(), text.data(), text.size(), 3));
    p.records[0].stored_size = static_cast<std::uint32_t>(plain.size());
    p.records[0].sha256 = Sha256(plain);
    const auto shift = static_cast<std::uint64_t>(p.frames[0].size() - plain.size());
    ArchiveParts::Patch(p.directory, 0, GetU64(p.directory.data()) - shift);
    p.frames[0] = plain;
  });
  forge("20-objects-not-sorted", [](ArchiveParts& p) {
    const std::uint32_t size = GetU32(p.directory.data() + 12);
    std::string text;
    FrameDecompressor().Decompress(p.blocks[0], size, text);
    const std::size_t line = text.find('\n') + 1;
    const CompressedFrame block =
        FrameCompressor(3).Compress(text.substr(line) + text.substr(0, line));
    p.blocks[0] = block.stored;
    std::string directory;
    ByteReader reader(p.directory);
    layout::DirectoryEntry entry = *layout::TakeDirectoryEntry(reader);
    entry.stored_size = static_cast<std::uint32_t>(block.stored.size());
    entry.first = {"shop", ObjectKind::kTable, "t"};
    layout::PutDirectoryEntry(directory, entry);
    p.directory = directory;
    ArchiveParts::Patch(p.index_head, 40, block.stored.size());
    ArchiveParts::Patch(p.index_head, 48, directory.size());
  });
  forge("22-newer-version", [](ArchiveParts& p) { p.header[20] = p.footer_fields[0] = 2; });
  forge("22-unknown-required-flag", [](ArchiveParts& p) { p.footer_fields[7] = '\x40'; });
  forge("22-unknown-required-flag-in-header", [](ArchiveParts& p) { p.header[24] = 2; });
}

void WriteOtherFiles(const Folder& invalid) {
  invalid.Write("12-gzip.sql.gz", "\x1F\x8B\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0"s);
  invalid.Write("12-plain-zstd.sql.zst", FrameCompressor(3).Compress("SELECT 1;\n").stored);
  invalid.Write("12-something-else.bin",
                "\x7F"
                "ELF\0\0\0\0"s);
  const std::string good = PlainSql(OneTable().Text());
  std::string bad = good;
  bad[bad.find("(1,'x')") + 1] = '3';
  invalid.Write("20-plain-changed.sql", bad);
  bad = good;
  bad[bad.find("proof") + 1] = 'R';
  invalid.Write("20-plain-proof-unreadable.sql", bad);
  invalid.Write("20-plain-more-behind.sql", good + "DROP TABLE `t`;\n");
  invalid.Write("21-plain-cut.sql", good.substr(0, good.size() / 2));
  invalid.Write("21-plain-cut-in-last-line.sql", good.substr(0, good.size() - 1));
  invalid.Write(
      "23-foreign-dump.sql",
      "-- MariaDB dump 10.19\nCREATE TABLE t (a int);\n-- Dump completed on 2024-05-01\n");
}

// Frames of many small tables, and one table over many frames.
std::string Big() {
  SampleArchive archive(SampleHeader({"many"}), 3);
  archive.AddPreamble("[\"many\"]", false);
  archive.AddDatabase("many");
  for (int table = 0; table < 3000; ++table) {
    const std::string name = "t" + std::to_string(table);
    archive.AddTable("many", name, "CREATE TABLE `" + name + "` (\n  `v` int(11) DEFAULT NULL\n)",
                     {{"v", "int"}}, {{std::to_string(table)}, {std::to_string(-table)}});
    if (table % 100 == 99) archive.Cut();
  }
  std::vector<SampleRow> rows;
  for (int row = 0; row < 20000; ++row) {
    rows.push_back({std::to_string(row), "row number " + std::to_string(row * 7919 % 20000)});
  }
  archive.AddTable("many", "z", "CREATE TABLE `z` (\n  `id` int(11) NOT NULL,\n  `n` text\n)",
                   {{"id", "int"}, {"n", "text:utf8mb4"}}, rows, 300, true);
  archive.AddEnd();
  return archive.Build();
}

// Bytes that begin where those of `hole` do take no room on the disk.
class SparseFile final : public WritableFile {
 public:
  SparseFile(const char* path, const std::string& hole) : name_(path), hole_(hole) {
    out_.exceptions(std::ios::failbit | std::ios::badbit);
    out_.open(path, std::ios::binary);
  }
  void Append(std::string_view bytes) override {
    if (bytes.data() == hole_.data()) {
      out_.seekp(static_cast<std::streamoff>(bytes.size()), std::ios::cur);
    } else {
      out_ << bytes;
    }
  }
  void Sync() override {}
  void Close() override { out_.close(); }
  const std::string& name() const override { return name_; }

 private:
  std::string name_;
  const std::string& hole_;
  std::ofstream out_;
};

ObjectRecord TableAt(const std::string& name, std::uint64_t frame, std::string& text) {
  const std::string create = "CREATE TABLE `" + name + "` (\n  `v` int(11) DEFAULT NULL\n)";
  ObjectRecord table;
  table.id = {"sparse", ObjectKind::kTable, name};
  table.schema = Slice{frame, text.size(), create.size() + 2};
  table.create = Slice{frame, text.size(), create.size()};
  table.definition_sha256 = Sha256(create).hex();
  table.columns = {{"v", "int"}};
  table.engine = "InnoDB";
  text += create + ";\n";
  return table;
}

// `large` lies in holes, which no reader takes for frames; behind it stands `small` with a row.
void WriteSparse(const char* path) {
  constexpr std::uint64_t kBytes = 10'000'000'000;
  CompressedFrame hole;
  hole.stored.resize(kFrameTextTarget);
  hole.text_size = 2 * kFrameTextTarget;
  SparseFile file(path, hole.stored);
  ArchiveWriter writer(file, SampleHeader({"sparse"}));
  FrameCompressor compressor(3);
  std::string text =
      "-- dbomsbak: {\"format\":1,\"databases\":[\"sparse\"],\"create_database\":false}\n";
  ObjectRecord large = TableAt("large", 0, text);
  writer.AppendFrame(compressor.Compress(text));
  std::uint64_t frames = 0;
  for (; frames * hole.stored.size() < kBytes; ++frames) writer.AppendFrame(hole);
  large.data = Slice{1, 0, frames * hole.text_size};
  large.rows = frames;
  large.row_digest = RowDigestRecord{std::string(kRowDigestId), std::string(32, '0')};
  writer.AddObject(large);

  text.clear();
  ObjectRecord small = TableAt("small", frames + 1, text);
  const std::string rows = "INSERT INTO `small` (`v`) VALUES\n(7);\n";
  small.data = Slice{frames + 1, text.size(), rows.size()};
  small.rows = 1;
  small.row_digest = RowDigestRecord{std::string(kRowDigestId), std::string(32, '0')};
  writer.AddObject(small);
  writer.AppendFrame(compressor.Compress(text + rows + "\n-- Dump completed\n"));
  writer.Finish();
  file.Close();
}

int Run(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--sparse") {
    WriteSparse(argv[2]);
    return 0;
  }
  if (argc == 3 && std::string_view(argv[1]) == "--big") {
    const fs::path path(argv[2]);
    Folder(path.parent_path()).Write(path.filename(), Big());
    return 0;
  }
  if (argc != 2) {
    std::fputs("usage: golden_archives FOLDER | --update | --big FILE | --sparse FILE\n", stderr);
    return 2;
  }
  const fs::path folder = std::string_view(argv[1]) == "--update"
                              ? fs::path(DBOMSBAK_SOURCE_DIR) / "formats/archive-v1"
                              : fs::path(argv[1]);
  WriteValid(Folder(folder / "valid"));
  const Folder invalid(folder / "invalid");
  WriteAccidents(invalid);
  WriteLies(invalid);
  WriteOtherFiles(invalid);
  std::printf("libzstd %s\n", ZSTD_versionString());
  return 0;
}

}  // namespace
}  // namespace dbomsbak

int main(int argc, char** argv) {
  try {
    return dbomsbak::Run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "golden_archives: %s\n", e.what());
    return 1;
  }
}
