// Writes a large archive quickly: one frame of rows again and again, then a small table.
//
//   benchmark_archive BYTES FILE
//
// `verify` takes it for whole. Nobody could load it: the rows of all frames have the same keys.
#include <charconv>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/archive_writer.h"
#include "dbomsbak/archive/format.h"
#include "dbomsbak/archive/frame.h"
#include "dbomsbak/base/digest.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/row_digest.h"
#include "dbomsbak/sql/row_encoder.h"

namespace dbomsbak {
namespace {

constexpr const char* kDatabase = "bench";

struct Rows {
  std::string text;  // one INSERT statement
  RowDigest digest;
};

// Rows of bytes that do not compress, `bytes` of text or one row.
Rows MakeRows(const std::string& table, std::size_t bytes) {
  std::mt19937_64 random(6);
  RowEncoder encoder({*ColumnKind::Parse("int"), *ColumnKind::Parse("bytes")});
  Rows rows;
  rows.text = InsertHead(table, {"id", "body"});
  do {
    if (rows.digest.rows != 0) rows.text += ",\n";
    const std::string id = std::to_string(rows.digest.rows);
    std::string body;
    while (body.size() < 1000) {
      const std::uint64_t bits = random();
      body.append(reinterpret_cast<const char*>(&bits), sizeof bits);
    }
    const Cell cells[] = {{id.data(), id.size(), false}, {body.data(), body.size(), false}};
    encoder.Append(cells, rows.text, rows.digest);
  } while (rows.text.size() < bytes);
  rows.text += ";\n";
  return rows;
}

// `text` grows by the table's definition; it is that of frame `frame`.
ObjectRecord Define(const std::string& name, std::uint64_t frame, std::string& text) {
  const std::string create = "CREATE TABLE `" + name +
                             "` (\n  `id` int(11) NOT NULL,\n  `body` blob NOT NULL,\n"
                             "  PRIMARY KEY (`id`)\n) ENGINE=InnoDB";
  ObjectRecord table;
  table.id = {kDatabase, ObjectKind::kTable, name};
  const std::size_t begin = text.size();
  text += "DROP TABLE IF EXISTS `" + name + "`;\n";
  table.create = Slice{frame, text.size(), create.size()};
  text += create + ";\n";
  table.schema = Slice{frame, begin, text.size() - begin};
  table.definition_sha256 = Sha256(WithoutAutoIncrement(create)).hex();
  table.columns = {{"id", "int"}, {"body", "bytes"}};
  table.engine = "InnoDB";
  return table;
}

void Complete(ObjectRecord& table, const Slice& data, const RowDigest& digest) {
  table.data = data;
  table.rows = digest.rows;
  table.row_digest = RowDigestRecord{std::string(kRowDigestId), digest.sum.hex()};
}

HeaderRecord Header() {
  HeaderRecord header;
  header.tool = "benchmark_archive";
  header.created = "2026-01-01T00:00:00Z";
  header.server_version = "10.11.6-MariaDB";
  header.server_flavour = "MariaDB";
  header.snapshot.method = "global-read-lock";
  header.snapshot.time = header.created;
  header.scope.databases = {kDatabase};
  return header;
}

void Write(std::uint64_t bytes, const std::string& path) {
  AtomicFile file(FileSystem::Posix(), path, true);
  ArchiveWriter writer(file.file(), Header());
  FrameCompressor compressor(0);
  ObjectRecord database;
  database.id = {kDatabase, ObjectKind::kDatabase, kDatabase};
  database.charset = "utf8mb4";
  database.collation = "utf8mb4_general_ci";
  database.definition_sha256 = Sha256("utf8mb4 utf8mb4_general_ci").hex();
  writer.AddObject(database);

  std::string text =
      "-- dbomsbak: {\"format\":1,\"databases\":[\"bench\"],\"create_database\":false}\n";
  ObjectRecord large = Define("large", 0, text);
  writer.AppendFrame(compressor.Compress(text));
  const Rows rows = MakeRows("large", kFrameTextTarget);
  const CompressedFrame frame = compressor.Compress(rows.text);
  RowDigest all;
  std::uint64_t frames = 0;
  for (; frames * frame.stored.size() < bytes; ++frames) {
    writer.AppendFrame(frame);
    all += rows.digest;
  }
  Complete(large, {1, 0, frames * rows.text.size()}, all);
  writer.AddObject(large);

  text.clear();
  ObjectRecord small = Define("small", frames + 1, text);
  const Rows one = MakeRows("small", 1);
  Complete(small, {frames + 1, text.size(), one.text.size()}, one.digest);
  writer.AddObject(small);
  writer.AppendFrame(compressor.Compress(text + one.text + "\n-- Dump completed\n"));
  writer.Finish();
  file.Commit();
}

}  // namespace
}  // namespace dbomsbak

int main(int argc, char** argv) {
  std::uint64_t bytes = 0;
  const std::string_view text = argc == 3 ? argv[1] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), bytes).ec != std::errc()) {
    std::cerr << "usage: benchmark_archive BYTES FILE\n";
    return 2;
  }
  try {
    dbomsbak::Write(bytes, argv[2]);
  } catch (const dbomsbak::Error& error) {
    std::cerr << error.message() << '\n';
    return 1;
  }
  return 0;
}
