#include "engine/key_ranges.h"

#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

enum class LiteralForm { kNone, kNumber, kBits, kQuoted, kCharsetHex, kHex };

LiteralForm FormOf(const Column& column) {
  const std::string& type = column.data_type;
  // Their text sorts otherwise than they do; their number cannot use the key.
  if (type == "enum" || type == "set") return LiteralForm::kNone;
  if (type == "uuid" || type == "inet4" || type == "inet6") return LiteralForm::kQuoted;
  switch (column.kind.value_class) {
    case ValueClass::kInteger:
    case ValueClass::kDecimal:
      return LiteralForm::kNumber;
    case ValueClass::kBits:
      return LiteralForm::kBits;
    case ValueClass::kTemporal:
      return LiteralForm::kQuoted;
    case ValueClass::kText:
      return LiteralForm::kCharsetHex;
    case ValueClass::kBytes:
      return LiteralForm::kHex;
    case ValueClass::kFloat32:
    case ValueClass::kFloat64:  // no text finds the same value again
    case ValueClass::kEnum:
      return LiteralForm::kNone;
  }
  return LiteralForm::kNone;
}

const Column* FindColumn(const Table& table, const std::string& name) {
  const auto found = std::find_if(table.columns.begin(), table.columns.end(),
                                  [&](const Column& column) { return column.name == name; });
  return found == table.columns.end() ? nullptr : &*found;
}

// `a` = x AND … AND `n` < z, one alternative for each length of the common beginning.
std::string Side(const std::vector<const Column*>& columns, const std::vector<std::string>& bound,
                 std::string_view comparison, std::string_view last_comparison) {
  std::string sql;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) sql += " OR ";
    sql += '(';
    for (std::size_t j = 0; j < i; ++j) {
      sql += fmt::format("{} = {} AND ", QuoteIdentifier(columns[j]->name), bound[j]);
    }
    sql += fmt::format("{} {} {}", QuoteIdentifier(columns[i]->name),
                       i + 1 == columns.size() ? last_comparison : comparison, bound[i]);
    sql += ')';
  }
  return sql;
}

}  // namespace

std::optional<KeyRanges> KeyRanges::For(const Table& table) {
  for (const UniqueKey& key : table.unique_keys) {
    KeyRanges ranges;
    for (const std::string& name : key.columns) {
      const Column* column = FindColumn(table, name);
      // The first columns of a key do as well: a group of equal values is never cut.
      if (column == nullptr || FormOf(*column) == LiteralForm::kNone) break;
      ranges.columns_.push_back(column);
    }
    if (!ranges.columns_.empty()) return ranges;
    // Rows stand in the order of the first key; another would make them come out otherwise.
    break;
  }
  return std::nullopt;
}

bool KeyRanges::IsOneInteger() const {
  return columns_.size() == 1 && columns_.front()->kind.value_class == ValueClass::kInteger &&
         columns_.front()->data_type != "year";
}

std::string KeyRanges::BoundaryColumns() const {
  std::string sql;
  for (const Column* column : columns_) {
    if (!sql.empty()) sql += ", ";
    sql += QuoteIdentifier(column->name);
    if (FormOf(*column) == LiteralForm::kBits) sql += "+0";
  }
  return sql;
}

std::string KeyRanges::BoundaryOrder() const {
  std::string sql;
  for (const Column* column : columns_) {
    if (!sql.empty()) sql += ", ";
    sql += QuoteIdentifier(column->name);
  }
  return sql;
}

std::vector<std::string> KeyRanges::Literals(const std::vector<std::string>& values) const {
  if (values.size() != columns_.size()) {
    throw Error(ErrorCode::kInternal, "a key boundary has the wrong number of columns");
  }
  std::vector<std::string> literals;
  for (std::size_t i = 0; i < values.size(); ++i) literals.push_back(Literal(i, values[i]));
  return literals;
}

std::string KeyRanges::Literal(std::size_t column, const std::string& value) const {
  std::string literal;
  switch (FormOf(*columns_[column])) {
    case LiteralForm::kNumber:
    case LiteralForm::kBits:
      return value;
    case LiteralForm::kQuoted:
      AppendQuotedString(value, literal);
      return literal;
    case LiteralForm::kCharsetHex:
      literal = fmt::format("_{} ", columns_[column]->charset);
      AppendHexLiteral(value, literal);
      return literal;
    case LiteralForm::kHex:
      AppendHexLiteral(value, literal);
      return literal;
    case LiteralForm::kNone:
      break;
  }
  throw Error(ErrorCode::kInternal, "a key column without literals");
}

std::string KeyRanges::Condition(const std::vector<std::string>& low,
                                 const std::vector<std::string>& high) const {
  std::string sql;
  if (!low.empty()) sql = fmt::format("({})", Side(columns_, low, ">", ">"));
  if (!high.empty()) {
    if (!sql.empty()) sql += " AND ";
    sql += fmt::format("({})", Side(columns_, high, "<", "<="));
  }
  return sql;
}

std::string RowOrderOf(const Table& table) {
  std::string sql;
  if (table.unique_keys.empty()) return sql;
  for (const std::string& name : table.unique_keys.front().columns) {
    if (!sql.empty()) sql += ", ";
    sql += QuoteIdentifier(name);
  }
  return sql;
}

}  // namespace dbomsbak
