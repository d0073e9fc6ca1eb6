// Rows of INSERT statements: what is written reads back as the same rows, for the archive's own
// reader and for that of foreign dumps; and whatever the text, the quick way through it gives what
// the closer look gives.
#include <optional>
#include <vector>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/dump_reader.h"
#include "dbomsbak/sql/field_rows.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/plain_rows.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/row_encoder.h"
#include "fuzz/fuzz.h"
#include "sql/canonical_row.h"
#include "sql/literal.h"
#include "support/literal_outcome.h"

namespace dbomsbak {
namespace {

using fuzz::Input;
using fuzz::Require;
using test::LiteralOutcome;
using test::Way;

constexpr std::string_view kKinds[] = {
    "int",        "decimal",      "temporal",     "bits",        "bytes",      "float32",
    "float64",    "text:utf8mb4", "text:utf8mb3", "text:latin1", "text:ascii", "text:gbk",
    "text:utf16", "enum:utf8mb4", "enum:latin1",  "json"};

std::vector<ColumnKind> TakeKinds(Input& input) {
  std::vector<ColumnKind> kinds;
  for (std::size_t left = 1 + input.Below(4); left > 0; --left) {
    kinds.push_back(ColumnKind::Parse(kKinds[input.Below(std::size(kKinds))]).value());
  }
  return kinds;
}

std::vector<std::string> NamesFor(const std::vector<ColumnKind>& kinds) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kinds.size(); ++i) names.push_back(std::string(1, "abcd"[i]));
  return names;
}

template <typename Row>
LiteralOutcome Read(const std::vector<LiteralPlan>& plans, std::string_view text, Way way) {
  Row row;
  return test::ReadLiterals(row, plans, text, way);
}

// What the archive's reader takes, the reader of foreign dumps takes as the same rows.
void AsAForeignDump(std::string_view text, const std::string& head,
                    const std::vector<ColumnKind>& kinds, const RowDigest& rows) {
  if (!text.starts_with(head) || text.find("INSERT INTO", head.size()) != text.npos) return;
  const std::string_view values = text.substr(head.size(), text.size() - head.size() - 2);
  std::size_t offset = 0;
  const auto count = CountLiteralRows(values, true, false, offset);
  Require(count.has_value(), "rows of an archive are rows of a dump");
  Require(*count == rows.rows, "both count the same rows");
  std::vector<PlainColumn> columns;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    // Of how many bits a BIT is, the definition tells, and there is none.
    if (kinds[i].value_class != ValueClass::kBits) columns.push_back({i, kinds[i], 0});
  }
  if (columns.size() != kinds.size()) return;
  PlainRowReader reader(columns, kinds.size());
  RowDigest digest;
  reader.ForEachRow(values, DumpSettings{}, {}, [&](const ParsedRow& row) {
    ++digest.rows;
    digest.sum += row.hash;
  });
  const bool clear = std::all_of(reader.unclear().begin(), reader.unclear().end(),
                                 [](const std::string& why) { return why.empty(); });
  Require(!clear || digest == rows, "both read the same values");
}

// Any text, as an archive's rows.
void ReadText(Input input) {
  const std::vector<ColumnKind> kinds = TakeKinds(input);
  const std::vector<LiteralPlan> plans = PlanLiterals(kinds);
  // An exact copy, so that a sanitizer sees every byte read beyond it.
  const std::vector<char> exact(input.rest().begin(), input.rest().end());
  const std::string_view text(exact.data(), exact.size());
  const LiteralOutcome closer = Read<test::CloserRow>(plans, text, Way::kValueByValue);
  Require(Read<CanonicalRow>(plans, text, Way::kValueByValue) == closer,
          "a quick value is the value");
  Require(Read<CanonicalRow>(plans, text, Way::kWholeRow) == closer, "a quick row is the row");

  const std::string head = InsertHead("t", NamesFor(kinds));
  const std::string statement = head + "(" + std::string(text) + ");\n";
  InsertParser parser("t", NamesFor(kinds), kinds);
  RowDigest read;
  RowDigest row_by_row;
  try {
    parser.Digest(statement, read);
    parser.ForEachRow(statement, {0}, [&](const ParsedRow& row) {
      ++row_by_row.rows;
      row_by_row.sum += row.hash;
    });
  } catch (const Error&) {
    return;
  }
  Require(read == row_by_row, "rows read one by one are the same");
  AsAForeignDump(statement, head, kinds, read);
  std::string fields;
  FieldRows field_rows("t", NamesFor(kinds), kinds);
  const auto size = field_rows.Convert(statement, fields);
  Require(!size || *size <= statement.size(), "a statement ends within its text");
}

// Any values, written and read back.
void WriteAndRead(Input input) {
  const std::vector<ColumnKind> kinds = TakeKinds(input);
  RowEncoder::Options options;
  options.max_hex_row_bytes = input.Below(2) == 0 ? 0 : input.Below(32);
  options.exact_json_doubles = input.Below(2) == 0;
  RowEncoder encoder(kinds, options);
  const std::string head = InsertHead("t", NamesFor(kinds));
  std::string text = head;
  RowDigest written;
  for (std::size_t left = 1 + input.Below(3); left > 0; --left) {
    std::vector<Cell> cells;
    for (const ColumnKind& kind : kinds) {
      const std::size_t size = input.Below(256);
      std::string_view value = input.Take(size);
      if (kind.value_class == ValueClass::kFloat32) value = value.substr(0, 4);
      if (kind.value_class == ValueClass::kFloat64) value = value.substr(0, 8);
      const bool wrong_size = (kind.value_class == ValueClass::kFloat32 && value.size() != 4) ||
                              (kind.value_class == ValueClass::kFloat64 && value.size() != 8);
      cells.push_back(size == 0xFF || wrong_size ? Cell{}
                                                 : Cell{value.data(), value.size(), false});
    }
    const std::string before = text;
    if (written.rows != 0) text += ",\n";
    const std::string with_comma = text;
    try {
      encoder.Append(cells, text, written);
    } catch (const Error&) {  // no literal can hold it
      Require(text == with_comma, "a row that is refused leaves nothing behind");
      text = before;
      continue;
    }
    RowDigest only;
    encoder.Digest(cells, only);
    Require(only.rows == 1, "a row that can be written can be digested");
  }
  if (written.rows == 0) return;
  text += ";\n";
  RowDigest read;
  try {
    InsertParser("t", NamesFor(kinds), kinds).Digest(text, read);
  } catch (const Error& e) {
    Require(false, "what is written can be read: " + e.message() + "\n" + text);
  }
  Require(read == written, "what is written reads back as the same rows");
  AsAForeignDump(text, head, kinds, read);
}

// Any rows of a foreign dump.
void ReadForeignText(Input input) {
  const bool ansi_quotes = input.Below(2) != 0;
  DumpSettings settings;
  settings.ansi_quotes = ansi_quotes;
  settings.backslash_escapes = input.Below(2) == 0;
  const std::vector<ColumnKind> kinds = TakeKinds(input);
  std::vector<PlainColumn> columns;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    columns.push_back({i, kinds[i], static_cast<unsigned>(input.Below(65))});
  }
  const std::vector<char> exact(input.rest().begin(), input.rest().end());
  const std::string_view text(exact.data(), exact.size());
  std::size_t offset = 0;
  const auto count = CountLiteralRows(text, settings.backslash_escapes, ansi_quotes, offset);
  if (!count) {
    Require(offset <= text.size(), "a refusal has its place in the text");
    return;
  }
  PlainRowReader reader(columns, kinds.size());
  std::uint64_t rows = 0;
  try {
    reader.ForEachRow(text, settings, {0}, [&](const ParsedRow&) { ++rows; });
  } catch (const Error&) {  // rows of another number of values
    return;
  }
  Require(rows == *count, "all rows that are counted are read");
}

}  // namespace

DBOMSBAK_FUZZ_TARGET(bytes) {
  Input input(bytes);
  switch (input.Below(4)) {
    case 0:
      ReadText(input);
      break;
    case 1:
      WriteAndRead(input);
      break;
    case 2:
      ReadForeignText(input);
      break;
    default:
      Require(UnquoteString(QuoteString(input.rest())) == input.rest(),
              "a quoted string unquoted is the string");
      try {
        (void)UnquoteString(input.rest());
      } catch (const Error&) {
      }
  }
}

}  // namespace dbomsbak
