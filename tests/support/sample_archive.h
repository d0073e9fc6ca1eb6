// Small archives for tests: built from rows and statements by the writer, or taken apart and sealed
// again with every digest right, as only a malicious writer would do it.
#pragma once

#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/layout.h"
#include "dbomsbak/archive/archive_writer.h"
#include "dbomsbak/archive/frame.h"
#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/cell.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/sql/column_kind.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/row_encoder.h"
#include "unit/memory_file.h"

namespace dbomsbak {

using SampleValue = std::optional<std::string>;  // nothing is NULL; FLOAT and DOUBLE as raw bytes
using SampleRow = std::vector<SampleValue>;

inline HeaderRecord SampleHeader(std::vector<std::string> databases) {
  HeaderRecord header;
  header.tool = "dbomsbak 0.1.0";
  header.created = "2024-05-01T12:00:00Z";
  header.server_version = "10.11.6-MariaDB";
  header.server_flavour = "MariaDB";
  header.snapshot.method = "global-read-lock";
  header.snapshot.time = "2024-05-01T12:00:00Z";
  header.snapshot.binlog_file = "binlog.000007";
  header.snapshot.binlog_position = 4242;
  header.snapshot.ddl_locked = true;
  header.scope.databases = std::move(databases);
  return header;
}

// The text grows by Add…; Slices are what the index will say of it. `objects` and `header` may be
// changed freely before Build().
class SampleArchive {
 public:
  // `level` 0 stores, so that the bytes of a file can be read by people.
  explicit SampleArchive(HeaderRecord record, int level = 0)
      : header(std::move(record)), level_(level) {}

  Slice Add(std::string_view text) {
    const Slice slice{frames_.size(), frame_.size(), text.size()};
    frame_ += text;
    return slice;
  }

  // Ends the frame here.
  void Cut() {
    if (!frame_.empty()) frames_.push_back(std::exchange(frame_, {}));
  }

  void AddPreamble(std::string_view databases_json, bool create_database) {
    Add("-- A database dump made by dbomsbak. To load it without that program:\n"
        "--   zstd -dc THIS_FILE | mysql --comments DATABASE\n");
    Add("-- dbomsbak: {\"format\":1,\"databases\":" + std::string(databases_json) +
        ",\"create_database\":" + (create_database ? "true" : "false") + "}\n\n");
    Add("/*!40101 SET NAMES utf8mb4 */;\n"
        "/*!40103 SET TIME_ZONE='+00:00' */;\n"
        "/*!40014 SET FOREIGN_KEY_CHECKS=0 */;\n"
        "/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES' */;\n");
  }
  void AddEnd() { Add("\n-- Dump completed\n"); }

  void AddDatabase(const std::string& name) {
    ObjectRecord database;
    database.id = {name, ObjectKind::kDatabase, name};
    database.charset = "utf8mb4";
    database.collation = "utf8mb4_general_ci";
    database.definition_sha256 = Sha256("utf8mb4 utf8mb4_general_ci").hex();
    objects.push_back(std::move(database));
  }

  // Definition and rows; `rows_per_insert` rows a statement, and a frame's end behind each
  // statement when `cut` is set.
  ObjectRecord& AddTable(const std::string& database, const std::string& name,
                         const std::string& create, const std::vector<ColumnRecord>& columns,
                         const std::vector<SampleRow>& rows, std::size_t rows_per_insert = 1000,
                         bool cut = false, std::string_view before_rows = {}) {
    ObjectRecord table;
    table.id = {database, ObjectKind::kTable, name};
    const std::string drop = "DROP TABLE IF EXISTS `" + name + "`;\n";
    const Slice begin = Add("\n" + drop);
    table.create = Add(create);
    Add(";\n");
    table.schema = Slice{begin.frame, begin.offset + 1, drop.size() + create.size() + 2};
    table.definition_sha256 = Sha256(WithoutAutoIncrement(create)).hex();
    table.auto_increment = AutoIncrementOf(create);
    table.columns = columns;
    table.engine = "InnoDB";
    table.rows = rows.size();
    Add(before_rows);

    std::vector<std::string> names;
    std::vector<ColumnKind> kinds;
    for (const ColumnRecord& column : columns) {
      names.push_back(column.name);
      kinds.push_back(*ColumnKind::Parse(column.kind));
    }
    RowEncoder encoder(kinds);
    RowDigest digest;
    std::optional<Slice> data;
    for (std::size_t i = 0; i < rows.size(); i += rows_per_insert) {
      std::string insert = InsertHead(name, names);
      for (std::size_t j = i; j < std::min(rows.size(), i + rows_per_insert); ++j) {
        std::vector<Cell> cells;
        for (const SampleValue& value : rows[j]) {
          cells.push_back(value ? Cell{value->data(), value->size(), false} : Cell{});
        }
        if (j != i) insert += ",\n";
        encoder.Append(cells, insert, digest);
      }
      insert += ";\n";
      const Slice slice = Add(insert);
      if (!data) {
        data = slice;
      } else {
        data->length += slice.length;
      }
      if (cut) Cut();
    }
    table.data = data;
    table.row_digest = RowDigestRecord{std::string(kRowDigestId), digest.sum.hex()};
    objects.push_back(std::move(table));
    return objects.back();
  }

  // A view, trigger, routine or event under its DELIMITER.
  ObjectRecord& AddProgram(ObjectKind kind, const std::string& database, const std::string& name,
                           const std::string& create) {
    ObjectRecord program;
    program.id = {database, kind, name};
    const std::string before = "/*!50003 SET SQL_MODE='STRICT_TRANS_TABLES' */;\nDELIMITER ;;\n";
    const std::string behind = ";;\nDELIMITER ;\n";
    Add("\n");
    const Slice begin = Add(before);
    program.create = Add(create);
    Add(behind);
    program.schema =
        Slice{begin.frame, begin.offset, before.size() + create.size() + behind.size()};
    program.definition_sha256 = Sha256(create).hex();
    program.definer = "root@localhost";
    program.sql_mode = "STRICT_TRANS_TABLES";
    program.character_set_client = "utf8mb4";
    program.collation_connection = "utf8mb4_general_ci";
    program.database_collation = "utf8mb4_general_ci";
    objects.push_back(std::move(program));
    return objects.back();
  }

  std::string Build() {
    Cut();
    MemoryWritableFile file;
    ArchiveWriter writer(file, header);
    FrameCompressor compressor(level_);
    for (const std::string& text : frames_) writer.AppendFrame(compressor.Compress(text));
    for (const ObjectRecord& object : objects) writer.AddObject(object);
    receipt = writer.Finish();
    return file.bytes();
  }

  // All text so far, as plain SQL has it.
  std::string Text() const {
    std::string text;
    for (const std::string& frame : frames_) text += frame;
    return text + frame_;
  }

  HeaderRecord header;
  std::vector<ObjectRecord> objects;
  Receipt receipt;

 private:
  int level_;
  std::vector<std::string> frames_;
  std::string frame_;
};

// An archive in parts, for changing them. Join() makes sizes, digests and seek table right again,
// except where the parts were made to lie.
struct ArchiveParts {
  std::string header;  // the frame
  std::vector<std::string> frames;
  std::string index_head;  // without its first 8 bytes
  std::vector<FrameRecord> records;
  std::vector<std::string> blocks;  // stored
  std::string directory;
  std::string footer_fields;  // bytes 20 to 168, and what a later version may add
  std::optional<std::string> seek_table;

  static ArchiveParts Of(std::string_view archive) {
    ArchiveParts parts;
    const std::uint64_t count = GetU32(archive.data() + archive.size() - 9) - 3;
    const std::size_t footer =
        archive.size() - layout::SeekTableSize(count + 3) - layout::kFooterSize;
    parts.footer_fields = archive.substr(footer + 20, layout::kFooterFixedSize - 20);
    const std::size_t header_size = GetU64(archive.data() + footer + 32);
    const std::size_t index = GetU64(archive.data() + footer + 72);
    parts.header = archive.substr(0, header_size);
    parts.index_head = archive.substr(index + 8, layout::kIndexHeadSize - 8);
    std::size_t at = index + layout::kIndexHeadSize;
    for (std::uint64_t i = 0; i < count; ++i, at += layout::kFrameRecordSize) {
      parts.records.push_back(layout::GetFrameRecord(archive.substr(at, layout::kFrameRecordSize)));
      parts.frames.emplace_back(
          archive.substr(parts.records.back().offset, parts.records.back().stored_size));
    }
    const std::size_t directory_size = GetU64(archive.data() + index + 56);
    parts.directory = archive.substr(footer - directory_size, directory_size);
    ByteReader reader(parts.directory);
    while (reader.remaining() > 0) {
      const auto entry = layout::TakeDirectoryEntry(reader);
      parts.blocks.emplace_back(archive.substr(entry->offset, entry->stored_size));
    }
    return parts;
  }

  std::string Join() const {
    std::string out = header;
    for (const std::string& frame : frames) out += frame;
    const std::size_t index_offset = out.size();
    std::string index = index_head;
    for (const FrameRecord& record : records) layout::PutFrameRecord(index, record);
    for (const std::string& block : blocks) index += block;
    index += directory;
    std::string frame;
    PutU32(frame, 0x184D2A5B);
    PutU32(frame, static_cast<std::uint32_t>(index.size()));
    frame += index;
    out += frame;

    const std::size_t footer_size = 20 + footer_fields.size() + layout::kFooterTailSize;
    std::string table = seek_table ? *seek_table : SeekTable(frame.size(), footer_size);
    std::string footer;
    layout::PutTaggedHead(footer, layout::kFooterTag, footer_size - 8);
    footer += footer_fields;
    Patch(footer, 32, header.size());
    footer.replace(40, 32, Sha256(header).view());
    Patch(footer, 72, index_offset);
    Patch(footer, 80, frame.size());
    footer.replace(88, 32, Sha256(frame).view());
    Patch(footer, 160, out.size() + footer_size + table.size());
    footer += Sha256(footer).view();
    PutU64(footer, footer_size);
    footer += layout::kFooterEndMagic;
    return out + footer + table;
  }

  std::string SeekTable(std::size_t index_size, std::size_t footer_size) const {
    std::string table;
    layout::PutSeekTableHead(table, records.size() + 3);
    layout::PutSeekTableEntry(table, header.size(), 0);
    for (const FrameRecord& record : records) {
      layout::PutSeekTableEntry(table, record.stored_size, record.text_size);
    }
    layout::PutSeekTableEntry(table, index_size, 0);
    layout::PutSeekTableEntry(table, footer_size, 0);
    layout::PutSeekTableTail(table, records.size() + 3);
    return table;
  }

  // Little-endian u64 at `at`.
  static void Patch(std::string& bytes, std::size_t at, std::uint64_t value) {
    std::string raw;
    PutU64(raw, value);
    bytes.replace(at, 8, raw);
  }
  static void Patch32(std::string& bytes, std::size_t at, std::uint32_t value) {
    std::string raw;
    PutU32(raw, value);
    bytes.replace(at, 4, raw);
  }
};

// FLOAT and DOUBLE as the binary protocol sends them.
inline std::string RawFloat(float value) {
  std::string raw(4, '\0');
  std::memcpy(raw.data(), &value, 4);
  return raw;
}
inline std::string RawDouble(double value) {
  std::string raw(8, '\0');
  std::memcpy(raw.data(), &value, 8);
  return raw;
}

}  // namespace dbomsbak
