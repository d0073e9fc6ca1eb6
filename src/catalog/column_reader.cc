#include "catalog/column_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

struct TypeName {
  std::string_view name;
  ValueClass value_class;
};

// DATA_TYPE of information_schema. ENUM, SET and character types are told by their charset.
constexpr std::array kTypes{
    TypeName{"tinyint", ValueClass::kInteger},
    TypeName{"smallint", ValueClass::kInteger},
    TypeName{"mediumint", ValueClass::kInteger},
    TypeName{"int", ValueClass::kInteger},
    TypeName{"integer", ValueClass::kInteger},
    TypeName{"bigint", ValueClass::kInteger},
    TypeName{"decimal", ValueClass::kDecimal},
    TypeName{"numeric", ValueClass::kDecimal},
    TypeName{"float", ValueClass::kFloat32},
    TypeName{"double", ValueClass::kFloat64},
    TypeName{"real", ValueClass::kFloat64},
    TypeName{"bit", ValueClass::kBits},
    TypeName{"date", ValueClass::kTemporal},
    TypeName{"time", ValueClass::kTemporal},
    TypeName{"datetime", ValueClass::kTemporal},
    TypeName{"timestamp", ValueClass::kTemporal},
    TypeName{"year", ValueClass::kTemporal},
    TypeName{"binary", ValueClass::kBytes},
    TypeName{"varbinary", ValueClass::kBytes},
    TypeName{"tinyblob", ValueClass::kBytes},
    TypeName{"blob", ValueClass::kBytes},
    TypeName{"mediumblob", ValueClass::kBytes},
    TypeName{"longblob", ValueClass::kBytes},
    TypeName{"geometry", ValueClass::kBytes},
    TypeName{"point", ValueClass::kBytes},
    TypeName{"linestring", ValueClass::kBytes},
    TypeName{"polygon", ValueClass::kBytes},
    TypeName{"multipoint", ValueClass::kBytes},
    TypeName{"multilinestring", ValueClass::kBytes},
    TypeName{"multipolygon", ValueClass::kBytes},
    TypeName{"geometrycollection", ValueClass::kBytes},
    TypeName{"geomcollection", ValueClass::kBytes},
    TypeName{"vector", ValueClass::kBytes},
};

// Types whose text is plain ASCII and reads back.
constexpr std::array<std::string_view, 3> kAsciiTypes{"uuid", "inet4", "inet6"};

bool HasWord(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

ColumnKind KindOf(const Column& column) {
  for (const TypeName& type : kTypes) {
    if (column.data_type == type.name) return {type.value_class, "", false};
  }
  if (std::find(kAsciiTypes.begin(), kAsciiTypes.end(), column.data_type) != kAsciiTypes.end()) {
    return {ValueClass::kText, "ascii", false};
  }
  if (column.data_type == "json") return {ValueClass::kText, "utf8mb4", true};
  if (column.data_type == "enum" || column.data_type == "set") {
    const bool by_number = column.charset.empty() || column.charset == "binary" ||
                           !TextTellsMember(column.column_type, column.collation);
    return by_number ? ColumnKind{ValueClass::kInteger, "", false}
                     : ColumnKind{ValueClass::kEnum, column.charset, false};
  }
  if (!column.charset.empty()) {
    if (column.charset == "binary") return {ValueClass::kBytes, "", false};
    return {ValueClass::kText, column.charset, false};
  }
  throw Error(ErrorCode::kUnsupported,
              fmt::format("column {} is of a type this version does not know: {}",
                          QuoteIdentifier(column.name), column.column_type),
              "Look for a newer version of dbomsbak.");
}

}  // namespace

bool TextTellsMember(std::string_view column_type, std::string_view collation) {
  std::size_t i = column_type.find('(');
  if (i == std::string_view::npos) return false;
  const bool bytewise = collation.ends_with("_bin");
  std::set<std::string> members;
  while ((i = column_type.find('\'', i)) != std::string_view::npos) {
    // At an opening quote: a member ends at a quote that is not doubled.
    std::string member;
    for (++i; i < column_type.size(); ++i) {
      if (column_type[i] == '\'' && !column_type.substr(i + 1).starts_with('\'')) break;
      if (column_type[i] == '\'') ++i;
      member.push_back(column_type[i]);
    }
    ++i;
    if (member.empty()) return false;
    if (bytewise) continue;
    // Letters and digits of ASCII, and signs that no collation overlooks, differ or differ in case
    // only. Of anything else the server knows more than we do.
    for (char& c : member) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == ':' ||
                         c == '/' || c == ' ';
      if (!plain) return false;
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    if (!members.insert(member).second) return false;
  }
  return true;
}

Column ReadColumn(const Answer& columns, std::size_t row) {
  Column column;
  column.name = columns.Text(row, "COLUMN_NAME");
  column.data_type = columns.Text(row, "DATA_TYPE");
  column.column_type = columns.Text(row, "COLUMN_TYPE");
  column.charset = columns.Text(row, "CHARACTER_SET_NAME");
  if (column.charset == "utf8") column.charset = "utf8mb3";  // its name before MySQL 8.0.24
  column.collation = columns.Text(row, "COLLATION_NAME");
  column.nullable = columns.Text(row, "IS_NULLABLE") == "YES";
  column.is_unsigned = HasWord(column.column_type, " unsigned");
  const std::string extra = columns.Text(row, "EXTRA");
  const std::string expression = columns.Text(row, "GENERATION_EXPRESSION");
  // The server fills row_start and row_end of versioned tables, but a dump brings its own.
  column.period = expression == "ROW START" || expression == "ROW END";
  // MySQL 8 says DEFAULT_GENERATED of a mere default expression; old MariaDB says PERSISTENT.
  column.generated =
      !column.period && (HasWord(extra, "VIRTUAL") || HasWord(extra, "STORED GENERATED") ||
                         HasWord(extra, "PERSISTENT"));
  column.invisible = HasWord(extra, "INVISIBLE");
  column.kind = KindOf(column);
  const bool by_number = (column.data_type == "enum" || column.data_type == "set") &&
                         column.kind.value_class == ValueClass::kInteger;
  // Not `c`+0, which is a DOUBLE and has no room for a SET of 64 members.
  column.select_expression = by_number
                                 ? fmt::format("CAST({} AS UNSIGNED)", QuoteIdentifier(column.name))
                                 : QuoteIdentifier(column.name);
  return column;
}

bool IsUsableInKey(const Column& column) {
  if (column.nullable) return false;
  switch (column.kind.value_class) {
    case ValueClass::kFloat32:
    case ValueClass::kFloat64:
    case ValueClass::kEnum:
      return false;
    default:
      return column.data_type != "enum" && column.data_type != "set";
  }
}

}  // namespace dbomsbak
