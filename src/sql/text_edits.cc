#include "sql/text_edits.h"

#include <algorithm>
#include <tuple>

namespace dbomsbak {

void TextEdits::Remove(std::size_t offset, std::size_t length) {
  const std::size_t end = offset + length;
  while (offset > 0 && text_[offset - 1] == ' ') --offset;
  edits_.push_back({offset, end - offset, {}});
}

std::string TextEdits::Apply() const {
  std::vector<Edit> edits = edits_;
  std::stable_sort(edits.begin(), edits.end(), [](const Edit& a, const Edit& b) {
    return std::tie(a.offset, a.length) < std::tie(b.offset, b.length);
  });
  std::string text;
  std::size_t copied = 0;
  for (const Edit& edit : edits) {
    // Blanks before it may be gone with what stood there.
    if (edit.offset > copied) text += text_.substr(copied, edit.offset - copied);
    text += edit.what;
    copied = std::max(copied, edit.offset + edit.length);
  }
  text += text_.substr(copied);
  return text;
}

}  // namespace dbomsbak
