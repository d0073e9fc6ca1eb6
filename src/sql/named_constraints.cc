#include "dbomsbak/sql/named_constraints.h"

#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

std::vector<NamedConstraint> FindNamedConstraints(std::string_view create_table) {
  std::vector<NamedConstraint> found;
  SqlTokenizer tokens(create_table);
  NamedConstraint item;
  bool named = false, wanted = false;
  int depth = 0, words = 0;  // words: of the item so far
  const auto close = [&](std::size_t end) {
    if (wanted) {
      while (end > item.definition_offset && IsSpace(create_table[end - 1])) --end;
      item.definition_length = end - item.definition_offset;
      found.push_back(item);
    }
    item = {};
    named = wanted = false;
    words = 0;
  };
  for (SqlToken token = tokens.Next(); token.kind != SqlToken::Kind::kEnd; token = tokens.Next()) {
    if (token.IsSign('(')) {
      if (++depth == 1) {
        words = 0;
        continue;
      }
    } else if (token.IsSign(')')) {
      if (--depth == 0) {
        close(token.offset);
        return found;
      }
    } else if (depth == 1 && token.IsSign(',')) {
      close(token.offset);
      continue;
    }
    if (depth < 1) continue;
    ++words;
    if (words == 1) {
      named = token.IsWord("constraint");
      item.item_offset = token.offset;
    } else if (words == 2 && named) {
      item.name = NameOf(token);
      item.name_offset = token.offset;
      item.name_length = token.text.size();
    } else if (words == 3 && named) {
      item.foreign_key = token.IsWord("foreign");
      wanted = item.foreign_key || token.IsWord("check");
      item.definition_offset = token.offset;
    }
  }
  return found;
}

}  // namespace dbomsbak
