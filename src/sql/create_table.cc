#include "dbomsbak/sql/create_table.h"

#include <charconv>

#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

struct Option {
  std::size_t start;  // of AUTO_INCREMENT
  std::size_t end;    // behind the number
  std::string_view number;
};

// Table options stand outside all parentheses, and before PARTITION BY.
std::optional<Option> FindOption(std::string_view create_table) {
  SqlTokenizer tokens(create_table);
  int depth = 0;
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (token.IsSign('(')) {
      ++depth;
    } else if (token.IsSign(')')) {
      --depth;
    } else if (depth == 0 && token.IsWord("partition")) {
      return std::nullopt;
    } else if (depth == 0 && token.IsWord("auto_increment")) {
      SqlToken number = tokens.Next();
      if (number.IsSign('=')) number = tokens.Next();
      if (number.kind != SqlToken::Kind::kWord) return std::nullopt;
      return Option{token.offset, number.end(), number.text};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> AutoIncrementOf(std::string_view create_table) {
  const auto option = FindOption(create_table);
  if (!option) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = option->number.data() + option->number.size();
  const auto read = std::from_chars(option->number.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

std::string WithoutAutoIncrement(std::string_view create_table) {
  const auto option = FindOption(create_table);
  if (!option) return std::string(create_table);
  std::size_t start = option->start;
  while (start > 0 && create_table[start - 1] == ' ') --start;
  std::string text(create_table.substr(0, start));
  text += create_table.substr(option->end);
  return text;
}

}  // namespace dbomsbak
