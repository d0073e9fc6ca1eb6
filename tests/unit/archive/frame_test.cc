#include "dbomsbak/archive/frame.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>
#include <vector>

#include "dbomsbak/base/error.h"

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

TEST(FrameTest, EmptyTextIsRefused) { EXPECT_THROW(FrameCompressor(3).Compress(""), Error); }

}  // namespace
}  // namespace dbomsbak
