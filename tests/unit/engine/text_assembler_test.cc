#include "engine/text_assembler.h"

#include <gtest/gtest.h>

#include <random>

namespace dbomsbak {
namespace {

class FrameList final : public FrameSink {
 public:
  void Put(std::string& text, std::vector<ObjectRecord>& objects) override {
    if (!text.empty()) frames.push_back(text);
    for (ObjectRecord& object : objects) {
      object_frames.emplace_back(object.id.name, frames.size());
    }
    text.clear();
  }
  std::string Slice(const dbomsbak::Slice& slice) const {
    std::string all;
    for (std::size_t i = slice.frame; i < frames.size(); ++i) all += frames[i];
    return all.substr(slice.offset, slice.length);
  }
  std::vector<std::string> frames;
  std::vector<std::pair<std::string, std::size_t>> object_frames;
};

constexpr char kHead[] = "INSERT INTO `t` (`a`) VALUES\n";

// The rows cut into pieces at `cuts` (row numbers).
std::vector<RowPiece> Pieces(const std::vector<std::string>& rows, const std::vector<bool>& cuts) {
  std::vector<RowPiece> pieces(1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (cuts[i] && !pieces.back().row_ends.empty()) pieces.emplace_back();
    pieces.back().text += rows[i] + ",\n";
    pieces.back().row_ends.push_back(static_cast<std::uint32_t>(pieces.back().text.size()));
  }
  return pieces;
}

// The slow and plain way to the same text: one row after the other.
std::vector<std::string> Expected(const std::vector<std::string>& rows,
                                  const TextAssembler::Limits& limits) {
  std::vector<std::string> frames(1), statement_rows;
  const std::string head = kHead;
  std::size_t length = 0;
  const auto close = [&] {
    std::string text = head;
    for (std::size_t i = 0; i < statement_rows.size(); ++i) {
      text += statement_rows[i] + (i + 1 < statement_rows.size() ? ",\n" : ";\n");
    }
    frames.back() += text;
    if (frames.back().size() >= limits.frame_text) frames.emplace_back();
    statement_rows.clear();
  };
  for (const std::string& row : rows) {
    if (!statement_rows.empty() && length + row.size() + 1 > limits.statement_bytes) close();
    if (statement_rows.empty()) length = head.size();
    statement_rows.push_back(row);
    length += row.size() + 2;
    if (length >= limits.insert_text) close();
  }
  if (!statement_rows.empty()) close();
  if (frames.back().empty()) frames.pop_back();
  return frames;
}

TEST(TextAssembler, SameFramesHoweverTheRowsArrive) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    TextAssembler::Limits limits;
    limits.insert_text = 20 + random() % 300;
    limits.frame_text = 20 + random() % 900;
    limits.statement_bytes =
        round % 2 ? std::numeric_limits<std::size_t>::max() : 40 + random() % 300;
    std::vector<std::string> rows;
    for (std::size_t i = 0, count = random() % 60; i < count; ++i) {
      rows.push_back("(" + std::string(random() % 10 == 0 ? random() % 400 : random() % 20, 'x') +
                     ")");
    }
    const auto expected = Expected(rows, limits);
    for (int way = 0; way < 4; ++way) {
      std::vector<bool> cuts(rows.size());
      for (std::size_t i = 0; i < cuts.size(); ++i)
        cuts[i] = way == 0 ? true : random() % (way + 1) == 0;
      FrameList sink;
      TextAssembler assembler(sink, limits);
      assembler.BeginRows(kHead);
      for (const RowPiece& piece : Pieces(rows, cuts)) assembler.AddRows(piece);
      const auto end = assembler.EndRows();
      assembler.Finish();
      ASSERT_EQ(sink.frames, expected);
      ASSERT_EQ(end.slice.has_value(), !rows.empty());
      std::string all;
      for (const std::string& frame : expected) all += frame;
      if (end.slice) {
        ASSERT_EQ(sink.Slice(*end.slice), all);
      }
    }
  }
}

TEST(TextAssembler, SlicesPointAtWhatWasAdded) {
  FrameList sink;
  TextAssembler::Limits limits;
  limits.frame_text = 10;
  TextAssembler assembler(sink, limits);
  assembler.AddStatement("0123456789abc\n");  // fills a frame: what follows begins the next
  const auto mark = assembler.Here();
  assembler.AddStatement("x;\n");
  const Slice first = assembler.SliceFrom(mark);
  EXPECT_EQ(first.frame, 1u);
  EXPECT_EQ(first.offset, 0u);
  ObjectRecord object;
  object.id.name = "x";
  assembler.AddObject(object);
  const auto second_mark = assembler.Here();
  assembler.AddStatement("yyyyyyyyyy;\n");
  const Slice second = assembler.SliceFrom(second_mark);
  assembler.AddStatement("z;\n");
  assembler.Finish();
  EXPECT_EQ(sink.Slice(first), "x;\n");
  EXPECT_EQ(sink.Slice(second), "yyyyyyyyyy;\n");
  EXPECT_EQ(second.frame, 1u);
  ASSERT_EQ(sink.object_frames.size(), 1u);
  EXPECT_EQ(sink.object_frames[0].second, 2u);  // with its frame, not before
}

TEST(TextAssembler, RowThatNoPacketHoldsIsNumbered) {
  FrameList sink;
  TextAssembler::Limits limits;
  limits.statement_bytes = 60;
  TextAssembler assembler(sink, limits);
  assembler.BeginRows(kHead);
  const std::vector<std::string> rows = {"(1)", "(2)", "(" + std::string(100, 'x') + ")", "(4)"};
  for (const RowPiece& piece : Pieces(rows, {false, false, false, false})) assembler.AddRows(piece);
  const auto end = assembler.EndRows();
  EXPECT_EQ(end.oversized_row, 3u);
  EXPECT_EQ(end.oversized_bytes, std::string(kHead).size() + 103);
}

TEST(TextAssembler, TableWithoutRowsHasNoSlice) {
  FrameList sink;
  TextAssembler assembler(sink);
  assembler.BeginRows(kHead);
  EXPECT_FALSE(assembler.EndRows().slice.has_value());
  assembler.Finish();
  EXPECT_TRUE(sink.frames.empty());
}

}  // namespace
}  // namespace dbomsbak
