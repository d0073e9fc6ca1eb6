// Changes to a text at places of the text as it was.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// `text` must outlive it. Changes do not overlap; they may come in any order.
class TextEdits {
 public:
  explicit TextEdits(std::string_view text) : text_(text) {}

  void Insert(std::size_t offset, std::string what) {
    edits_.push_back({offset, 0, std::move(what)});
  }
  void Replace(std::size_t offset, std::size_t length, std::string what) {
    edits_.push_back({offset, length, std::move(what)});
  }
  // With the blanks before it.
  void Remove(std::size_t offset, std::size_t length);
  // `part` points into the text.
  void Remove(std::string_view part) {
    Remove(static_cast<std::size_t>(part.data() - text_.data()), part.size());
  }

  std::string Apply() const;

 private:
  struct Edit {
    std::size_t offset, length;
    std::string what;
  };

  std::string_view text_;
  std::vector<Edit> edits_;
};

}  // namespace dbomsbak
