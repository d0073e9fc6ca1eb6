#include "dbomsbak/sql/field_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/quote.h"
#include "sql/charsets.h"
#include "sql/literal.h"
#include "sql/literal_reader.h"

namespace dbomsbak {
namespace {

// The letter behind the backslash for bytes that end a field or a line, or escape; else 0.
constexpr std::array<char, 256> MakeFieldEscapes() {
  std::array<char, 256> letters{};
  letters['\t'] = 't';
  letters['\n'] = 'n';
  letters['\\'] = '\\';
  letters['\0'] = '0';
  return letters;
}
constexpr std::array<char, 256> kFieldEscapes = MakeFieldEscapes();

// Takes the values of a row, as CanonicalRow does, and appends them to a text.
class FieldRow {
 public:
  static constexpr std::size_t kMaxRoom = 64 * 1024;
  static constexpr bool kTakesText = true;
  static constexpr bool kIsOneBuffer = false;

  explicit FieldRow(std::string& out)
      : out_(out), room_(std::make_unique<char[]>(kMaxRoom + kScanSlack)) {}

  void Null() {
    BeginCell(0);
    out_ += "\\N";
  }
  void Bytes(std::string_view bytes) {
    BeginCell(bytes.size());
    Append(bytes);
  }
  void BeginCell(std::size_t) {
    if (!first_) out_.push_back('\t');
    first_ = false;
  }
  void Append(std::string_view bytes) {
    const char* begin = bytes.data();
    const char* const end = begin + bytes.size();
    for (const char* p = begin; p != end; ++p) {
      const char letter = kFieldEscapes[static_cast<unsigned char>(*p)];
      if (letter == 0) continue;
      out_.append(begin, p);
      out_.push_back('\\');
      out_.push_back(letter);
      begin = p + 1;
    }
    out_.append(begin, end);
  }
  char* Room(std::size_t) { return room_.get(); }
  void Advance(const char* new_end) {
    Append({room_.get(), static_cast<std::size_t>(new_end - room_.get())});
  }
  void EndLine() {
    out_.push_back('\n');
    first_ = true;
  }

 private:
  std::string& out_;
  std::unique_ptr<char[]> room_;
  bool first_ = true;
};

bool IsOneOf(std::string_view type, std::initializer_list<std::string_view> types) noexcept {
  return std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace

bool FieldRows::Fits(const ColumnKind& kind, std::string_view type) noexcept {
  switch (kind.value_class) {
    case ValueClass::kInteger:
      return IsOneOf(type, {"tinyint", "smallint", "mediumint", "int", "bigint"});
    case ValueClass::kDecimal:
      return type == "decimal";
    case ValueClass::kFloat32:
      return type == "float";
    case ValueClass::kFloat64:
      return type == "double";
    case ValueClass::kBits:
      return type == "bit";
    case ValueClass::kTemporal:
      return IsOneOf(type, {"date", "time", "datetime", "timestamp"});
    case ValueClass::kBytes:
      return IsOneOf(type, {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"});
    case ValueClass::kText:
    case ValueClass::kEnum:
      break;
  }
  const TextForm form = TextFormOf(kind.charset);
  if (kind.json || form == TextForm::kHex || form == TextForm::kAscii) return false;
  if (kind.value_class == ValueClass::kEnum) return IsOneOf(type, {"enum", "set"});
  return IsOneOf(type, {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"});
}

struct FieldRows::State {
  std::string table;
  std::string head;
  std::vector<LiteralPlan> plans;
};

FieldRows::FieldRows(std::string table, const std::vector<std::string>& column_names,
                     const std::vector<ColumnKind>& columns)
    : state_(std::make_unique<State>()) {
  state_->head = InsertHead(table, column_names);
  state_->table = std::move(table);
  state_->plans = PlanLiterals(columns);
}

FieldRows::~FieldRows() = default;
FieldRows::FieldRows(FieldRows&&) noexcept = default;
FieldRows& FieldRows::operator=(FieldRows&&) noexcept = default;

std::optional<std::size_t> FieldRows::Convert(std::string_view text, std::string& out) {
  FieldRow row(out);
  LiteralReader<FieldRow> reader(text, row);
  try {
    reader.Take(state_->head, "the head of an INSERT into this table");
    do {
      reader.Take('(', "a row");
      for (std::size_t column = 0; column < state_->plans.size(); ++column) {
        if (column != 0) reader.Take(',', "the next value");
        reader.Value(state_->plans[column]);
      }
      reader.Take(')', "the end of the row");
      row.EndLine();
    } while (reader.TryTake(",\n"));
    reader.Take(";\n", "the end of the line");
  } catch (const NoTextForm&) {
    return std::nullopt;
  } catch (const LiteralDamage& damage) {
    throw Error(ErrorCode::kDamaged, fmt::format("rows of table {}: {} expected at byte {}",
                                                 QuoteIdentifier(state_->table), damage.expected,
                                                 damage.at - text.data()));
  }
  return static_cast<std::size_t>(reader.position() - text.data());
}

}  // namespace dbomsbak
