#include "dbomsbak/sql/create_table.h"

#include <charconv>

#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

struct Option {
  std::size_t start;  // of its name
  std::size_t end;    // behind the value
  std::string_view value;
};

// `name` in lower case. Table options stand outside all parentheses, and before PARTITION BY.
std::optional<Option> FindOption(std::string_view create_table, std::string_view name) {
  SqlTokenizer tokens(create_table);
  int depth = 0;
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (token.IsSign('(')) {
      ++depth;
    } else if (token.IsSign(')')) {
      --depth;
    } else if (depth == 0 && token.IsWord("partition")) {
      return std::nullopt;
    } else if (depth == 0 && token.IsWord(name)) {
      SqlToken value = tokens.Next();
      if (value.IsSign('=')) value = tokens.Next();
      if (value.kind != SqlToken::Kind::kWord) return std::nullopt;
      return Option{token.offset, value.end(), value.text};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> AutoIncrementOf(std::string_view create_table) {
  const auto option = FindOption(create_table, "auto_increment");
  if (!option) return std::nullopt;
  std::uint64_t value = 0;
  const char* const end = option->value.data() + option->value.size();
  const auto read = std::from_chars(option->value.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

bool HasDataDirectory(std::string_view create_table) {
  SqlTokenizer tokens(create_table);
  bool data = false;
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (data && token.IsWord("directory")) return true;
    data = token.IsWord("data");
  }
  return false;
}

std::string WithoutAutoIncrement(std::string_view create_table) {
  const auto option = FindOption(create_table, "auto_increment");
  if (!option) return std::string(create_table);
  std::size_t start = option->start;
  while (start > 0 && create_table[start - 1] == ' ') --start;
  std::string text(create_table.substr(0, start));
  text += create_table.substr(option->end);
  return text;
}

std::string WithInheritedCollations(std::string_view create_table) {
  const auto inherited = FindOption(create_table, "collate");
  if (!inherited) return std::string(create_table);
  std::string text;
  std::size_t copied = 0;
  SqlTokenizer tokens(create_table);
  int depth = 0;
  bool in_column = false;      // between a column's name and the end of its type
  bool charset_given = false;  // and so the collation is its own
  SqlToken before;
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd;
       before = token, token = tokens.Next()) {
    if (token.IsSign(')')) --depth;
    if (depth == 1 && token.kind == SqlToken::Kind::kQuotedName &&
        (before.IsSign('(') || before.IsSign(','))) {
      in_column = true;
      charset_given = false;
    } else if (depth == 1 && token.IsSign(',')) {
      in_column = false;
    } else if (in_column && depth == 1 && token.IsWord("character")) {
      charset_given = true;
    } else if (in_column && depth == 1 && token.IsWord("collate")) {
      in_column = false;
      const SqlToken collation = tokens.Next();
      if (!charset_given && collation.text == inherited->value) {
        text += create_table.substr(copied, before.end() - copied);
        copied = collation.end();
      }
      token = collation;
    } else if (in_column && depth == 1 &&
               (token.IsWord("not") || token.IsWord("null") || token.IsWord("default") ||
                token.IsWord("generated") || token.IsWord("comment"))) {
      in_column = false;  // what stands behind the type may say COLLATE, too
    }
    if (token.IsSign('(')) ++depth;
  }
  text += create_table.substr(copied);
  return text;
}

}  // namespace dbomsbak
