#include "sql/version_comments.h"

#include <algorithm>

#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

class Finder {
 public:
  explicit Finder(std::string_view sql) : sql_(sql) {}

  std::vector<VersionComment> Run() {
    SqlTokenizer tokens(sql_);
    std::size_t behind = 0;
    for (SqlToken token = tokens.Next();; token = tokens.Next()) {
      Look(behind, token.offset);
      if (token.kind == SqlToken::Kind::kEnd) break;
      if (open_) {
        VersionComment& comment = found_.back();
        if (comment.text_end == 0) comment.text_begin = token.offset;
        comment.text_end = token.end();
      }
      behind = token.end();
    }
    if (open_) found_.back().end = sql_.size();
    return std::move(found_);
  }

 private:
  // Between two tokens.
  void Look(std::size_t at, std::size_t end) {
    while (at < end) {
      const std::string_view rest = sql_.substr(at, end - at);
      if (rest.starts_with("/*!") || rest.starts_with("/*M!")) {
        if (!open_) found_.push_back({at, 0, at, 0});
        open_ = true;
        at += rest[2] == '!' ? 3 : 4;
      } else if (rest.starts_with("*/")) {
        at += 2;
        if (open_) found_.back().end = at;
        open_ = false;
      } else if (rest.starts_with("/*")) {
        at = std::min(end, std::min(rest.find("*/", 2), rest.size() - 2) + 2 + at);
      } else {
        ++at;
      }
    }
  }

  std::string_view sql_;
  std::vector<VersionComment> found_;
  bool open_ = false;
};

}  // namespace

std::vector<VersionComment> VersionCommentsOf(std::string_view sql) { return Finder(sql).Run(); }

std::string WithVersionCommentsOpened(std::string_view create_table) {
  // Between two tokens nothing counts but that they are apart.
  std::string text;
  std::size_t copied = 0;
  SqlTokenizer tokens(create_table);
  for (SqlToken token = tokens.Next();; token = tokens.Next()) {
    const std::string_view between = create_table.substr(copied, token.offset - copied);
    text +=
        between.find("/*") == std::string_view::npos && between.find("*/") == std::string_view::npos
            ? between
            : std::string_view(" ");
    if (token.kind == SqlToken::Kind::kEnd) break;
    text += token.text;
    copied = token.end();
  }
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace dbomsbak
