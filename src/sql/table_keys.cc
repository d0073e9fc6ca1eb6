#include "dbomsbak/sql/table_keys.h"

#include <utility>

#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

// A column, a key or a constraint: what stands between the outermost parentheses and their commas.
struct Item {
  std::size_t offset = 0;  // in the statement
  std::string_view text;   // with the white space around it

  std::size_t end() const { return offset + text.size(); }
};

std::vector<Item> ItemsOf(std::string_view create_table) {
  std::vector<Item> items;
  SqlTokenizer tokens(create_table);
  int depth = 0;
  std::size_t begin = 0;
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    const bool opens = token.IsSign('(');
    const bool closes = token.IsSign(')');
    if (opens && ++depth == 1) begin = token.end();
    if (closes) --depth;
    if ((closes && depth == 0) || (depth == 1 && token.IsSign(','))) {
      items.push_back({begin, create_table.substr(begin, token.offset - begin)});
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
    if (token.IsWord("hash")) key.hash = true;
    if (token.IsWord("comment")) tokens.Next();
  }
  return true;
}

bool IsNumber(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// KEY `name` (`a`, `b`(10) DESC) BLOCK_SIZE 16384 LOCAL COMMENT '…': every word is known. Of a key
// that says more, nobody here knows whether ALTER TABLE makes the same.
bool IsPlainKey(std::string_view text, std::string& name, std::string& first_column) {
  SqlTokenizer tokens(text);
  if (!tokens.Next().IsWord("key")) return false;
  SqlToken token = tokens.Next();
  if (token.kind != SqlToken::Kind::kQuotedName) return false;
  name = NameOf(token);
  if (!tokens.Next().IsSign('(')) return false;
  for (;;) {
    token = tokens.Next();
    if (token.kind != SqlToken::Kind::kQuotedName) return false;  // an expression
    if (first_column.empty()) first_column = NameOf(token);
    token = tokens.Next();
    if (token.IsSign('(')) {
      if (!IsNumber(tokens.Next().text) || !tokens.Next().IsSign(')')) return false;
      token = tokens.Next();
    }
    if (token.IsWord("asc") || token.IsWord("desc")) token = tokens.Next();
    if (token.IsSign(')')) break;
    if (!token.IsSign(',')) return false;
  }
  for (token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (token.IsWord("block_size")) {
      if (!IsNumber(tokens.Next().text)) return false;
    } else if (token.IsWord("comment")) {
      if (tokens.Next().kind != SqlToken::Kind::kString) return false;
    } else if (token.IsWord("using")) {
      if (!tokens.Next().IsWord("btree")) return false;
    } else if (!token.IsWord("local")) {
      return false;
    }
  }
  return text.find("/*") == std::string_view::npos;
}

enum class ItemKind { kColumn, kKey, kForeignKey, kOther };

ItemKind KindOf(std::string_view text) {
  SqlTokenizer tokens(text);
  SqlToken token = tokens.Next();
  if (token.kind == SqlToken::Kind::kQuotedName) return ItemKind::kColumn;
  if (token.IsWord("constraint") || token.IsWord("foreign")) {
    for (; token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
      if (token.IsWord("foreign")) return ItemKind::kForeignKey;
      if (token.IsWord("check")) return ItemKind::kOther;
    }
    return ItemKind::kKey;  // CONSTRAINT `u` UNIQUE KEY …
  }
  return token.IsWord("check") ? ItemKind::kOther : ItemKind::kKey;
}

// The name of the column when it counts by itself, else "".
std::string AutoIncrementColumn(std::string_view column) {
  SqlTokenizer tokens(column);
  const std::string name = NameOf(tokens.Next());
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (token.IsWord("auto_increment")) return name;
  }
  return {};
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

}  // namespace

std::vector<DeclaredKey> DeclaredKeys(std::string_view create_table) {
  std::vector<DeclaredKey> keys;
  for (const Item& item : ItemsOf(create_table)) {
    DeclaredKey key;
    if (ReadKey(item.text, key)) keys.push_back(std::move(key));
  }
  return keys;
}

TableAndPlainKeys WithoutPlainKeys(std::string_view create_table) {
  TableAndPlainKeys all{std::string(create_table), {}};
  const std::vector<Item> items = ItemsOf(create_table);
  std::string counter;
  std::vector<std::pair<const Item*, PlainKey>> late;
  for (const Item& item : items) {
    switch (KindOf(item.text)) {
      case ItemKind::kForeignKey:
        return all;
      case ItemKind::kOther:
        break;
      case ItemKind::kColumn:
        if (counter.empty()) counter = AutoIncrementColumn(item.text);
        break;
      case ItemKind::kKey: {
        PlainKey key{{}, std::string(Trimmed(item.text))};
        std::string first_column;
        if (IsPlainKey(item.text, key.name, first_column) && first_column != counter) {
          late.emplace_back(&item, std::move(key));
        } else {
          late.clear();  // those before must be made before it
        }
      }
    }
  }
  TableAndPlainKeys split;
  std::size_t copied = 0;
  for (auto& [item, key] : late) {
    // A table begins with its columns: a comma stands before every key.
    split.create += create_table.substr(copied, item->offset - 1 - copied);
    copied = Trimmed(item->text).data() + Trimmed(item->text).size() - create_table.data();
    split.keys.push_back(std::move(key));
  }
  split.create += create_table.substr(copied);
  return split;
}

}  // namespace dbomsbak
