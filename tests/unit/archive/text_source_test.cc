#include "dbomsbak/archive/text_source.h"

#include <zlib.h>
#include <zstd.h>

#include "unit/memory_file.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

std::string Zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

std::string Gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<unsigned>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<unsigned>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string ReadAll(const std::string& bytes) {
  const auto source = TextSource::Open(std::make_shared<MemoryReadableFile>(bytes, "dump.sql"));
  std::string text, piece(1000, '\0');
  while (const std::size_t got = source->Read(piece.data(), piece.size())) {
    text.append(piece, 0, got);
  }
  return text;
}

std::string SomeText() {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "INSERT INTO t VALUES (" + std::to_string(i * i) + ");\n";
  return text;
}

TEST(TextSourceTest, AFileThatHasBeenCutOffIsIncomplete) {
  const std::string text = SomeText();
  for (const auto& [kind, packed] :
       {std::pair("zstd", Zstd(text)), std::pair("gzip", Gzip(text))}) {
    EXPECT_EQ(ReadAll(packed), text);
    ExpectTold(Thrown([&, &whole = packed] { ReadAll(whole.substr(0, whole.size() / 2)); }),
               ErrorCode::kIncomplete,
               std::string("'dump.sql' is incomplete: the ") + kind + " file has been cut off",
               "dump.sql", "Take another copy of the file: this one is not whole");
  }
}

TEST(TextSourceTest, WhatCannotBeUnpackedIsDamagedNearItsPlace) {
  const std::string text = SomeText();
  for (const auto& [kind, packed] :
       {std::pair("zstd", Zstd(text)), std::pair("gzip", Gzip(text))}) {
    const Error error = Thrown([&, &whole = packed] { ReadAll(whole + whole.substr(0, 3) + "x"); });
    const std::string begin =
        std::string("'dump.sql' is damaged: the ") + kind + " file cannot be unpacked near byte ";
    EXPECT_EQ(error.message().substr(0, begin.size()), begin);
    ExpectTold(error, ErrorCode::kDamaged, error.message(), "dump.sql",
               "Take another copy of the file; this one cannot be trusted.");
  }
}

TEST(TextSourceTest, OtherPackersAreNamedWithTheirProgram) {
  for (const auto& [begin, what, hint] :
       {std::tuple(std::string("\xFD"
                               "7zXZ\0",
                               6),
                   "an xz file", "`xz -dc FILE | mysql`"),
        std::tuple(std::string("BZh9"), "a bzip2 file", "`bzip2 -dc FILE | mysql`"),
        std::tuple(std::string("PK\x03\x04"), "a zip file", "`unzip`"),
        std::tuple(std::string("age-encryption.org/v1\n"), "a file encrypted with age", "`age -d`"),
        std::tuple(std::string(99, '\1'), "a file of unknown kind, nor is it SQL text",
                   "Check the name of the file.")}) {
    ExpectTold(Thrown([&, &bytes = begin] { ReadAll(bytes); }), ErrorCode::kUnsupported,
               std::string("'dump.sql' is ") + what + ", which cannot be read here", "dump.sql",
               hint);
  }
}

}  // namespace
}  // namespace dbomsbak
