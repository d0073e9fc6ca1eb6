#include "engine/text_assembler.h"

#include <algorithm>
#include <utility>

namespace dbomsbak {

TextAssembler::TextAssembler(FrameSink& sink, Limits limits) : sink_(sink), limits_(limits) {}

void TextAssembler::AddStatement(std::string_view text) {
  buffer_.append(text);
  CutFrameWhenFull();
}

void TextAssembler::BeginRows(std::string insert_head) {
  insert_head_ = std::move(insert_head);
  rows_begin_ = Here();
  rows_ = 0;
  oversized_row_ = oversized_bytes_ = 0;
}

void TextAssembler::OpenInsert() {
  insert_start_ = buffer_.size();
  buffer_.append(insert_head_);
  insert_rows_ = 0;
  insert_open_ = true;
}

void TextAssembler::CloseInsert() {
  buffer_[buffer_.size() - 2] = ';';  // the last row's ",\n"
  const std::size_t length = buffer_.size() - insert_start_ - 1;
  if (length > limits_.statement_bytes) {
    if (oversized_row_ == 0) oversized_row_ = rows_;
    oversized_bytes_ = std::max<std::uint64_t>(oversized_bytes_, length);
  }
  insert_open_ = false;
  CutFrameWhenFull();
}

void TextAssembler::AddRows(const RowPiece& piece) {
  const auto& ends = piece.row_ends;
  std::size_t row = 0;
  std::size_t start = 0;  // of `row` in piece.text
  while (row < ends.size()) {
    if (!insert_open_) OpenInsert();
    const std::size_t length = buffer_.size() - insert_start_;
    // All rows up to and with the first that reaches the target.
    const std::size_t wanted = limits_.insert_text > length ? limits_.insert_text - length : 0;
    auto last = std::lower_bound(ends.begin() + row, ends.end(), start + wanted);
    bool full = last != ends.end();
    if (!full) --last;
    // But none that the packet cannot hold; the ",\n" of a statement's last row becomes ";".
    if (length + (*last - start) - 1 > limits_.statement_bytes) {
      const std::size_t room =
          limits_.statement_bytes + 1 > length ? limits_.statement_bytes + 1 - length : 0;
      auto beyond = std::upper_bound(ends.begin() + row, last, start + room);
      if (beyond == ends.begin() + row) {
        if (insert_rows_ > 0) {
          CloseInsert();
          continue;
        }
        last = beyond;  // a row that is too long even alone
      } else {
        last = beyond - 1;
      }
      full = true;
    }
    buffer_.append(piece.text, start, *last - start);
    start = *last;
    const std::size_t next = static_cast<std::size_t>(last - ends.begin()) + 1;
    insert_rows_ += next - row;
    rows_ += next - row;
    row = next;
    if (full) CloseInsert();
  }
}

TextAssembler::RowsEnd TextAssembler::EndRows() {
  if (insert_open_) CloseInsert();
  RowsEnd end;
  if (rows_ > 0) end.slice = SliceFrom(rows_begin_);
  end.oversized_row = oversized_row_;
  end.oversized_bytes = oversized_bytes_;
  return end;
}

void TextAssembler::CutFrameWhenFull() {
  if (buffer_.size() >= limits_.frame_text) CutFrame();
}

void TextAssembler::CutFrame() {
  total_ += buffer_.size();
  if (!buffer_.empty()) ++frame_;
  sink_.Put(buffer_, objects_);
  objects_.clear();
}

void TextAssembler::Finish() { CutFrame(); }

}  // namespace dbomsbak
