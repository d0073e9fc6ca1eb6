#include "sql/partition_clause.h"

#include <algorithm>
#include <utility>

#include "dbomsbak/base/ascii.h"

namespace dbomsbak {

PartitionClause::PartitionClause(const std::vector<SqlToken>& all) : tokens(all), list(all.size()) {
  std::size_t at = ReadMethod(2, method);
  if (IsWordAt(tokens, at, "size")) {
    size = at;
    at = size_end = BehindParentheses(tokens, at + 1);
  }
  if (IsWordAt(tokens, at, "partitions")) at += 2;
  if (IsWordAt(tokens, at, "subpartition") && IsWordAt(tokens, at + 1, "by")) {
    at = ReadMethod(at + 2, submethod);
    if (IsWordAt(tokens, at, "subpartitions")) at += 2;
    if (IsWordAt(tokens, at, "subpartition") && IsWordAt(tokens, at + 1, "template")) {
      template_begin = at;
      at = template_end = BehindParentheses(tokens, at + 2);
    }
  }
  if (IsSignAt(tokens, at, '(')) list = at;
}

bool PartitionClause::HasEqualSubpartitions() const {
  std::set<std::size_t> counts;
  int depth = 0;
  std::size_t count = 0;
  for (std::size_t i = list; i < tokens.size(); ++i) {
    if (tokens[i].IsSign('(')) ++depth;
    if (tokens[i].IsSign(')')) --depth;
    if (depth == 2 && tokens[i].IsWord("subpartition")) ++count;
    if (depth == 0 || (depth == 1 && tokens[i].IsSign(','))) {
      counts.insert(std::exchange(count, 0));
    }
    if (depth == 0) break;
  }
  return counts.size() <= 1;
}

bool PartitionClause::HasDefaultValue() const {
  for (std::size_t i = list; i + 2 < tokens.size(); ++i) {
    if (tokens[i].IsWord("in") && tokens[i + 1].IsSign('(') && tokens[i + 2].IsWord("default")) {
      return true;
    }
  }
  return false;
}

bool PartitionClause::HasDefaultPartition() const {
  for (std::size_t i = list; i + 2 < tokens.size(); ++i) {
    if (tokens[i].IsWord("partition") && tokens[i + 2].IsWord("default")) return true;
  }
  return false;
}

bool PartitionClause::IsLinear() const {
  return std::any_of(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(list),
                     [](const SqlToken& token) { return token.IsWord("linear"); });
}

std::size_t PartitionClause::ReadMethod(std::size_t at, std::string& name) {
  for (; at < tokens.size() && !tokens[at].IsSign('('); ++at) {
    const std::string word = LowerAscii(tokens[at].text);
    if (word != "linear" && word != "columns" && name.empty()) name = word;
  }
  const std::size_t end = BehindParentheses(tokens, at);
  for (; at < end; ++at) {
    if (tokens[at].kind == SqlToken::Kind::kWord ||
        tokens[at].kind == SqlToken::Kind::kQuotedName) {
      columns.insert(LowerAscii(NameOf(tokens[at])));
    }
  }
  return end;
}

}  // namespace dbomsbak
