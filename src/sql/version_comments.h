// Version comments of a statement as a server prints it: /*!80023 INVISIBLE */, /*M!100301 … */.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dbomsbak {

// Places are those of the statement. One that is never closed reaches to the end.
struct VersionComment {
  std::size_t begin = 0, end = 0;
  std::size_t text_begin = 0, text_end = 0;  // of its first and behind its last word

  bool Holds(std::size_t offset) const noexcept { return begin <= offset && offset < end; }
  std::string_view Text(std::string_view sql) const {
    return text_end <= text_begin ? std::string_view{}
                                  : sql.substr(text_begin, text_end - text_begin);
  }
};

// In order. What looks like one in a string, a name or a plain comment is none.
std::vector<VersionComment> VersionCommentsOf(std::string_view sql);

// The same text with what stands in version comments as part of it: a server that does not know it
// refuses the table then, and does not make it without a word.
std::string WithVersionCommentsOpened(std::string_view create_table);

}  // namespace dbomsbak
