#include "dbomsbak/sql/unquoted.h"

namespace dbomsbak {
namespace {

// Where the quoted piece that begins at `begin` ends. Quotes within are doubled or, in strings,
// escaped.
std::size_t EndOfQuoted(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (quote != '`' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text.size();
}

}  // namespace

std::size_t FindUnquoted(std::string_view text, std::string_view words, std::size_t begin) {
  for (std::size_t i = begin; i < text.size();) {
    if (text[i] == '`' || text[i] == '\'' || text[i] == '"') {
      i = EndOfQuoted(text, i);
    } else if (text.substr(i).starts_with(words)) {
      return i;
    } else {
      ++i;
    }
  }
  return std::string_view::npos;
}

std::string TakeQuotedName(std::string_view text, std::size_t& at) {
  std::string name;
  for (++at; at < text.size(); ++at) {
    if (text[at] != '`') {
      name += text[at];
    } else if (at + 1 < text.size() && text[at + 1] == '`') {
      name += '`';
      ++at;
    } else {
      ++at;
      break;
    }
  }
  return name;
}

}  // namespace dbomsbak
