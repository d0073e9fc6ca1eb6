#include "dbomsbak/sql/named_constraints.h"

#include <initializer_list>

#include "dbomsbak/base/ascii.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

bool IsDigits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

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

bool IsAutomaticConstraintName(std::string_view name, std::string_view table) {
  using namespace std::string_view_literals;
  if (name.starts_with("CONSTRAINT_")) return IsDigits(name.substr(11));
  for (const std::string_view middle : {"_ibfk_"sv, "_chk_"sv, "_OBFK_"sv, "_OBCHECK_"sv}) {
    const std::size_t at = name.rfind(middle);
    if (at == std::string_view::npos || !IsDigits(name.substr(at + middle.size()))) continue;
    if (name.substr(0, at) == table) return true;
  }
  return false;
}

}  // namespace dbomsbak
