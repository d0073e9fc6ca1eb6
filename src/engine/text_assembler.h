// The one stream of SQL text: rows glued into INSERTs, statements into frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/archive/format.h"
#include "dbomsbak/archive/records.h"
#include "engine/row_piece.h"

namespace dbomsbak {

// Where frames go, in order.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  // Takes the text of the next frame and the records of objects that ended in it. An empty text is
  // no frame. `text` comes back empty, ready for the frame after. May wait for room.
  virtual void Put(std::string& text, std::vector<ObjectRecord>& objects) = 0;
};

// Where cuts fall depends only on the statements and on the rows of each table, never on how rows
// arrive in pieces: the same content gives the same bytes. One thread at a time.
class TextAssembler {
 public:
  struct Limits {
    std::size_t insert_text = kInsertTextTarget;  // an INSERT ends at the first row end behind this
    std::size_t frame_text = kFrameTextTarget;    // a frame ends at the first statement end behind
    // An INSERT ends before a row that would make it longer than the server takes in one packet.
    std::size_t statement_bytes = std::numeric_limits<std::size_t>::max();
  };
  struct Mark {
    std::uint64_t frame = 0;
    std::uint64_t offset = 0;
    std::uint64_t total = 0;
  };

  // `sink` must outlive the assembler.
  explicit TextAssembler(FrameSink& sink) : TextAssembler(sink, Limits{}) {}
  TextAssembler(FrameSink& sink, Limits limits);

  Mark Here() const { return {frame_, buffer_.size(), total_ + buffer_.size()}; }
  Slice SliceFrom(const Mark& mark) const {
    return {mark.frame, mark.offset, Here().total - mark.total};
  }

  // Text that stays in one frame: a statement, or several that belong together.
  void AddStatement(std::string_view text);

  // Rows of one table. `insert_head` is "INSERT INTO … VALUES\n".
  void BeginRows(std::string insert_head);
  void AddRows(const RowPiece& piece);
  struct RowsEnd {
    std::optional<Slice> slice;         // nothing when there was no row
    std::uint64_t oversized_row = 0;    // the first row, from 1, that no packet can hold; 0: none
    std::uint64_t oversized_bytes = 0;  // of the longest such INSERT
  };
  RowsEnd EndRows();

  // The record of an object whose text is complete; it travels with the frame it ended in.
  void AddObject(ObjectRecord object) { objects_.push_back(std::move(object)); }

  void Finish();
  std::uint64_t text_size() const { return total_ + buffer_.size(); }

 private:
  void OpenInsert();
  void CloseInsert();
  void CutFrameWhenFull();
  void CutFrame();

  FrameSink& sink_;
  const Limits limits_;
  std::string buffer_;
  std::vector<ObjectRecord> objects_;
  std::uint64_t frame_ = 0;
  std::uint64_t total_ = 0;  // bytes of all frames before this one

  std::string insert_head_;
  Mark rows_begin_;
  std::uint64_t rows_ = 0;
  std::uint64_t oversized_row_ = 0;
  std::uint64_t oversized_bytes_ = 0;
  bool insert_open_ = false;
  std::size_t insert_start_ = 0;  // in buffer_
  std::uint64_t insert_rows_ = 0;
};

}  // namespace dbomsbak
