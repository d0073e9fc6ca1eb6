#include "dbomsbak/archive/frame.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <zstd.h>

#include <random>
#include <vector>

#include "archive/layout.h"
#include "dbomsbak/base/bytes.h"
#include "unit/thrown.h"

namespace dbomsbak {
namespace {

std::string SomeText(std::size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += "(" + std::to_string(random() % 1000) + ",'abc'),\n";
  text.resize(size);
  return text;
}

TEST(FrameTest, EveryLevelGivesTheTextBackToUsAndToPlainZstd) {
  for (const int level : {0, 1, 3, 19}) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{255}, std::size_t{131072},
                                   std::size_t{131073}, std::size_t{500000}}) {
      const std::string text = SomeText(size);
      const CompressedFrame frame = FrameCompressor(level).Compress(text);
      EXPECT_EQ(frame.text_size, size);
      EXPECT_EQ(frame.sha256, Sha256(frame.stored));
      std::string ours;
      FrameDecompressor().Decompress(frame.stored, frame.text_size, ours);
      EXPECT_TRUE(ours == text);
      std::string theirs(size, '\0');
      EXPECT_EQ(ZSTD_decompress(theirs.data(), size, frame.stored.data(), frame.stored.size()),
                size);
      EXPECT_TRUE(theirs == text);
      if (level == 0) {
        EXPECT_GT(frame.stored.size(), size);
      }
    }
  }
}

TEST(FrameTest, FramesAreIndependentOfWhatWasCompressedBefore) {
  FrameCompressor compressor(3);
  const std::string first = compressor.Compress(SomeText(1000)).stored;
  compressor.Compress(SomeText(77777));
  EXPECT_EQ(compressor.Compress(SomeText(1000)).stored, first);
}

// A frame as zstd itself packs it at that level.
std::string PackedByZstd(const std::string& text, int level) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress2(context, packed.data(), packed.size(), text.data(), text.size()));
  ZSTD_freeCCtx(context);
  return packed;
}

TEST(FrameTest, AQuickerLevelIsTakenWhereItPacksAsSmall) {
  std::mt19937 random(7);
  std::string digits;
  while (digits.size() < (std::size_t{3} << 19)) {
    digits += "(" + std::to_string(random()) + "," + std::to_string(random()) + "),\n";
  }
  const std::string packed = FrameCompressor(3).Compress(digits).stored;
  EXPECT_TRUE(packed == PackedByZstd(digits, 1));
  EXPECT_LE(packed.size(), PackedByZstd(digits, 3).size());
}

TEST(FrameTest, WhatALevelGainsIsNotGivenAwayForSpeed) {
  // Words in an order of their own, with old sentences said again: matches far away.
  std::mt19937 random(7);
  std::vector<std::string> sentences;
  std::string prose;
  while (prose.size() < (std::size_t{3} << 19)) {
    std::string sentence;
    for (unsigned i = 0; i < 12; ++i) sentence += "word" + std::to_string(random() % 3000) + " ";
    sentences.push_back(sentence);
    prose += sentence + sentences[random() % sentences.size()] + "\n";
  }
  EXPECT_LT(PackedByZstd(prose, 3).size(), PackedByZstd(prose, 1).size());
  EXPECT_TRUE(FrameCompressor(3).Compress(prose).stored == PackedByZstd(prose, 3));
}

TEST(FrameTest, TextAboveTheOneStepLimitIsReadAsWell) {
  const std::string text = SomeText((std::size_t{32} << 20) + 12345);
  const CompressedFrame frame = FrameCompressor(1).Compress(text);
  std::string out;
  FrameDecompressor decompressor;
  decompressor.Decompress(frame.stored, frame.text_size, out);
  EXPECT_TRUE(out == text);
  std::string broken = frame.stored;
  broken.back() = static_cast<char>(broken.back() ^ 1);  // of the checksum
  EXPECT_THROW(decompressor.Decompress(broken, frame.text_size, out), Error);
}

TEST(FrameTest, WrongSizeTwoFramesAndMissingChecksumAreDamage) {
  const std::string text = SomeText(5000);
  const CompressedFrame frame = FrameCompressor(3).Compress(text);
  FrameDecompressor decompressor;
  std::string out;
  EXPECT_THROW(decompressor.Decompress(frame.stored, 4999, out), Error);
  EXPECT_THROW(decompressor.Decompress(frame.stored + frame.stored, 5000, out), Error);
  EXPECT_THROW(decompressor.Decompress(frame.stored.substr(0, frame.stored.size() - 1), 5000, out),
               Error);
  EXPECT_THROW(decompressor.Decompress("", 0, out), Error);
  std::string plain(ZSTD_compressBound(text.size()), '\0');
  plain.resize(ZSTD_compress(plain.data(), plain.size(), text.data(), text.size(), 3));
  EXPECT_THROW(decompressor.Decompress(plain, 5000, out), Error);
}

// A frame whose head says `text_size`, and whose blocks say 128 KiB of the same byte each.
std::string BlocksOfOneByte(std::uint32_t text_size, std::size_t blocks) {
  constexpr std::uint32_t kBlock = std::uint32_t{128} << 10;
  std::string frame;
  PutU32(frame, ZSTD_MAGICNUMBER);
  frame += "\x84\x58";  // a checksum, a size of four bytes; a window of 2 MiB
  PutU32(frame, text_size);
  for (std::size_t i = 0; i < blocks; ++i) {
    std::string head;
    PutU32(head, kBlock << 3 | 1 << 1 | (i + 1 == blocks ? 1 : 0));
    frame += head.substr(0, 3) + "x";
  }
  return frame + "????";
}

TEST(FrameTest, WhatIsWrongWithAFrameIsTold) {
  const std::string text = SomeText(5000);
  const std::string good = FrameCompressor(3).Compress(text).stored;
  std::string unchecked(ZSTD_compressBound(text.size()), '\0');
  unchecked.resize(ZSTD_compress(unchecked.data(), unchecked.size(), text.data(), text.size(), 3));
  constexpr std::uint32_t kLong = std::uint32_t{40} << 20;
  const std::tuple<std::string, std::uint32_t, const char*> table[] = {
      {"-- text", 7, "not a zstd frame"},
      {unchecked, 5000, "a zstd frame without checksum"},
      {good + good, 5000, "not exactly one zstd frame"},
      {good, 4999, "the zstd frame holds another amount of text"},
      {BlocksOfOneByte(kLong, kLong / (128 << 10) + 9), kLong,
       "the zstd frame holds another amount of text"},
      {BlocksOfOneByte(kLong, 1), kLong, "the zstd frame is too small for its text"},
  };
  for (const auto& [stored, size, message] : table) {
    std::string out;
    ExpectTold(Thrown([&, &frame = stored, bytes = size] {
                 FrameDecompressor().Decompress(frame, bytes, out);
               }),
               ErrorCode::kDamaged, message, "", "Take another copy of the file");
  }
}

TEST(FrameTest, AStatementThatNoFrameHoldsIsRefused) {
  const std::size_t size = std::size_t{layout::kMaxFrameText} + 1;
  void* const room =
      ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(room, MAP_FAILED);
  ExpectTold(Thrown([&] {
               FrameCompressor(3).Compress({static_cast<const char*>(room), size});
             }),
             ErrorCode::kUnsupported,
             "a statement of 2147483648 bytes exceeds what an archive frame can hold", "",
             "Dump that table to plain SQL (-o FILE.sql)");
  ::munmap(room, size);
}

TEST(FrameTest, EmptyTextIsRefused) { EXPECT_THROW(FrameCompressor(3).Compress(""), Error); }

}  // namespace
}  // namespace dbomsbak
