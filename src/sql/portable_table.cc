#include "sql/portable_table.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "dbomsbak/base/ascii.h"
#include "sql/table_outline.h"
#include "sql/tokenizer.h"

namespace dbomsbak {

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
