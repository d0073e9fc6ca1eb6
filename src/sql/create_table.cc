#include "dbomsbak/sql/create_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "dbomsbak/base/ascii.h"
#include "sql/table_outline.h"
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

std::string WithoutPlacementOptions(std::string_view create_table) {
  using namespace std::string_view_literals;
  constexpr std::array kOptions{"organization"sv,     "auto_increment_mode"sv,
                                "row_format"sv,       "compression"sv,
                                "replica_num"sv,      "block_size"sv,
                                "use_bloom_filter"sv, "enable_macro_block_bloom_filter"sv,
                                "tablet_size"sv,      "pctfree"sv};
  const TableOutline outline = OutlineOf(create_table);
  // Other servers have a COMPRESSION, too, and a ROW_FORMAT that means something.
  if (outline.Option("replica_num") == nullptr && outline.Option("tablet_size") == nullptr) {
    return std::string(create_table);
  }
  std::vector<std::string_view> leaving;
  for (const TableItem& item : outline.items) {
    if (item.kind != TableItem::Kind::kKey) continue;
    int depth = 0;
    for (std::size_t i = item.body; i < item.tokens.size(); ++i) {
      const SqlToken& token = item.tokens[i];
      if (token.IsSign('(')) ++depth;
      if (token.IsSign(')')) --depth;
      if (depth != 0) continue;
      if (token.IsWord("local")) leaving.push_back(token.text);
      if (token.IsWord("block_size") && i + 1 < item.tokens.size()) {
        leaving.push_back(
            create_table.substr(token.offset, item.tokens[i + 1].end() - token.offset));
      }
    }
  }
  for (const TableOption& option : outline.options) {
    const bool usual = option.name != "row_format" || EqualIgnoringCase(option.value, "dynamic");
    if (usual && std::find(kOptions.begin(), kOptions.end(), option.name) != kOptions.end()) {
      leaving.push_back(option.text);
    }
  }
  std::string text;
  std::size_t copied = 0;
  for (const std::string_view part : leaving) {
    std::size_t begin = static_cast<std::size_t>(part.data() - create_table.data());
    const std::size_t end = begin + part.size();
    while (begin > copied && create_table[begin - 1] == ' ') --begin;
    text += create_table.substr(copied, begin - copied);
    copied = end;
  }
  text += create_table.substr(copied);
  return text;
}

}  // namespace dbomsbak
