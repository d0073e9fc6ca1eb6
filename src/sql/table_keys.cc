#include "dbomsbak/sql/table_keys.h"

#include <utility>

#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

// What stands between the outermost parentheses and their commas.
std::vector<std::string_view> ItemsOf(std::string_view create_table) {
  std::vector<std::string_view> items;
  SqlTokenizer tokens(create_table);
  int depth = 0;
  std::size_t begin = 0;
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    const bool opens = token.IsSign('(');
    const bool closes = token.IsSign(')');
    if (opens && ++depth == 1) begin = token.end();
    if (closes) --depth;
    if ((closes && depth == 0) || (depth == 1 && token.IsSign(','))) {
      items.push_back(create_table.substr(begin, token.offset - begin));
      begin = token.end();
    }
    if (closes && depth == 0) break;
  }
  return items;
}

bool IsKeyWord(const SqlToken& token) { return token.IsWord("key") || token.IsWord("index"); }

// False when the item is no key of these kinds.
bool ReadKey(std::string_view text, DeclaredKey& key) {
  SqlTokenizer tokens(text);
  SqlToken token = tokens.Next();
  if (token.IsWord("primary")) {
    key.name = "PRIMARY";
    key.unique = true;
    token = tokens.Next();
  } else if (token.IsWord("unique")) {
    key.unique = true;
    token = tokens.Next();
  }
  if (!IsKeyWord(token)) return false;
  token = tokens.Next();
  if (token.kind == SqlToken::Kind::kQuotedName) {
    key.name = NameOf(token);
    token = tokens.Next();
  }
  while (token.kind != SqlToken::Kind::kEnd && !token.IsSign('(')) token = tokens.Next();
  int depth = 1;
  for (token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (token.IsSign('(')) {
      ++depth;
      key.whole_columns = false;
    } else if (token.IsSign(')')) {
      if (--depth == 0) break;
    } else if (depth == 1 && token.kind == SqlToken::Kind::kQuotedName) {
      key.columns.push_back(NameOf(token));
    } else if (!token.IsSign(',') && !token.IsWord("asc") && !token.IsWord("desc")) {
      key.whole_columns = false;
    }
  }
  for (token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (token.IsWord("invisible") || token.IsWord("ignored")) key.visible = false;
    if (token.IsWord("comment")) tokens.Next();
  }
  return true;
}

}  // namespace

std::vector<DeclaredKey> DeclaredKeys(std::string_view create_table) {
  std::vector<DeclaredKey> keys;
  for (const std::string_view item : ItemsOf(create_table)) {
    DeclaredKey key;
    if (ReadKey(item, key)) keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace dbomsbak
