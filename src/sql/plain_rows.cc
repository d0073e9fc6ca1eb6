#include "dbomsbak/sql/plain_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "sql/canonical_row.h"
#include "sql/charsets.h"
#include "sql/literal.h"
#include "sql/text_scan.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

bool IsUtf8(std::string_view charset) {
  return charset == "utf8mb4" || charset == "utf8" || charset == "utf8mb3";
}

// Of which value of a column it cannot be told what it is. Caught within this file.
struct Unclear {
  std::string why;
};

// What a literal says, before it is known what its column makes of it.
struct Said {
  enum class Form { kNull, kNumber, kText, kBytes };
  Form form = Form::kNull;
  std::string value;         // a number as it stands there; text and bytes decoded
  std::string_view charset;  // of an introducer
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = LowerAscii(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string BytesOfHex(std::string_view digits) {
  std::string bytes;
  // An odd number of digits has a zero before it.
  std::size_t at = 0;
  if (digits.size() % 2 != 0) bytes += static_cast<char>(HexDigit(digits[at++]));
  for (; at + 1 < digits.size(); at += 2) {
    bytes += static_cast<char>(HexDigit(digits[at]) * 16 + HexDigit(digits[at + 1]));
  }
  return bytes;
}

std::string BytesOfBits(std::string_view digits) {
  std::string bytes((digits.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t bit = digits.size() - 1 - i;
    if (digits[i] != '1') continue;
    char& byte = bytes[bytes.size() - 1 - bit / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) | (1U << (bit % 8)));
  }
  return bytes;
}

// The text of JSON_REPLACE('TEXT','PATH',NUMBER,…): its arguments are a row of literals.
std::string_view TextOfJson(std::string_view literal, const DumpSettings& settings) {
  class First final : public LiteralSink {
   public:
    void Value(std::string_view value) override {
      if (text.empty()) text = value;
    }
    void EndRow() override {}
    std::string_view text;
  };
  First first;
  ReadLiteralRows(literal.substr(kJsonReplace.size() - 1), settings.backslash_escapes,
                  settings.ansi_quotes, first);
  return first.text;
}

Said Read(std::string_view literal, const DumpSettings& settings) {
  Said said;
  // The value is the text alone; what is put into it again stands there already.
  if (literal.starts_with(kJsonReplace)) literal = TextOfJson(literal, settings);
  if (literal.front() == '_') {
    std::size_t end = 1;
    while (end < literal.size() &&
           (HexDigit(literal[end]) >= 0 || literal[end] == '_' ||
            (LowerAscii(literal[end]) >= 'a' && LowerAscii(literal[end]) <= 'z'))) {
      ++end;
    }
    said = Read(literal.substr(literal.find_first_not_of(" \t\r\n", end)), settings);
    said.charset = literal.substr(1, end - 1);
    return said;
  }
  const char first = LowerAscii(literal.front());
  const char second = literal.size() > 1 ? LowerAscii(literal[1]) : '\0';
  const auto quoted_digits = [&] { return literal.substr(2, literal.size() - 3); };
  if (first == '\'' || first == '"') {
    said.form = Said::Form::kText;
    said.value = UnquoteString(literal, settings.backslash_escapes);
  } else if (first == '0' && second == 'x') {
    said.form = Said::Form::kBytes;
    said.value = BytesOfHex(literal.substr(2));
  } else if (first == '0' && second == 'b') {
    said.form = Said::Form::kBytes;
    said.value = BytesOfBits(literal.substr(2));
  } else if (second == '\'' && first == 'x') {
    said.form = Said::Form::kBytes;
    said.value = BytesOfHex(quoted_digits());
  } else if (second == '\'' && first == 'b') {
    said.form = Said::Form::kBytes;
    said.value = BytesOfBits(quoted_digits());
  } else if (second == '\'' && first == 'n') {
    said.form = Said::Form::kText;
    said.value = UnquoteString(literal.substr(1), settings.backslash_escapes);
    said.charset = "utf8";
  } else if (EqualIgnoringCase(literal, "NULL")) {
    said.form = Said::Form::kNull;
  } else {
    said.form = Said::Form::kNumber;
    said.value = literal;
  }
  return said;
}

// Nothing where a character is none of latin1.
std::optional<std::string> Latin1Of(std::string_view utf8) {
  std::string text;
  const char* p = utf8.data();
  const char* const end = p + utf8.size();
  while (p != end) {
    if (static_cast<unsigned char>(*p) < 0x80) {
      text += *p++;
      continue;
    }
    const unsigned length = Utf8SequenceLength(p, end);
    if (length < 2 || length > 3) return std::nullopt;
    const int byte = Latin1Byte(Utf8CodePoint(p, length));
    if (byte < 0) return std::nullopt;
    text += static_cast<char>(byte);
    p += length;
  }
  return text;
}

}  // namespace

PlainInsert PartsOfInsert(std::string_view statement, bool ansi_quotes) {
  PlainInsert parts;
  SqlTokenizer tokenizer(statement);
  SqlToken token = tokenizer.Next();
  while (token.kind != SqlToken::Kind::kEnd && !token.IsWord("into")) token = tokenizer.Next();
  tokenizer.Next();  // the table
  for (token = tokenizer.Next(); token.kind != SqlToken::Kind::kEnd; token = tokenizer.Next()) {
    const bool name = token.kind == SqlToken::Kind::kQuotedName ||
                      (token.kind == SqlToken::Kind::kString && ansi_quotes);
    if (!name && (token.IsWord("values") || token.IsWord("value"))) {
      parts.values = statement.substr(token.end());
      break;
    }
    if (token.kind != SqlToken::Kind::kSign) parts.columns.push_back(NameOf(token));
  }
  return parts;
}

class PlainRowReader::Rows final : public LiteralSink {
 public:
  Rows(PlainRowReader& reader, const DumpSettings& settings, const std::vector<std::size_t>& key,
       const std::function<void(const ParsedRow&)>& each)
      : reader_(reader),
        settings_(settings),
        key_(key),
        each_(each),
        shown_(reader.columns_.size()) {}

  void Value(std::string_view literal) override { literals_.push_back(literal); }

  void EndRow() override {
    if (literals_.size() != reader_.values_a_row_) {
      throw Error(ErrorCode::kUnsupported,
                  fmt::format("a row has {} values for {} columns", literals_.size(),
                              reader_.values_a_row_),
                  "The INSERT does not fit its table's definition: take the dump again.");
    }
    row_.Restart();
    for (std::size_t i = 0; i < reader_.columns_.size(); ++i) {
      shown_[i] = literals_[reader_.columns_[i].place];
      Add(i, row_);
    }
    key_row_.Restart();
    for (const std::size_t column : key_) Add(column, key_row_);
    literals_.clear();
    each_({row_.Finish(), key_row_.Finish(), shown_});
  }

 private:
  [[noreturn]] static void ThrowUnclear(std::string_view literal, std::string_view what) {
    constexpr std::size_t kShown = 40;
    throw Unclear{fmt::format("{} cannot be told to be {}", literal.substr(0, kShown), what)};
  }

  void Add(std::size_t column, CanonicalRow& row) {
    std::string& why = reader_.unclear_[column];
    if (!why.empty()) return;
    try {
      Add(reader_.columns_[column], shown_[column], row);
    } catch (Unclear& unclear) {
      why = std::move(unclear.why);
    }
  }

  void Add(const PlainColumn& column, std::string_view literal, CanonicalRow& row) const {
    const Said said = Read(literal, settings_);
    if (said.form == Said::Form::kNull) return row.Null();
    switch (column.kind.value_class) {
      case ValueClass::kInteger:
      case ValueClass::kDecimal: {
        char number[kMaxNumberText];
        const bool decimal = column.kind.value_class == ValueClass::kDecimal;
        const char* const end =
            said.form == Said::Form::kBytes || said.value.size() >= kMaxNumberText
                ? nullptr
                : WriteNumber(said.value, decimal, number);
        if (end == nullptr) ThrowUnclear(literal, "a number");
        return row.Bytes({number, static_cast<std::size_t>(end - number)});
      }
      case ValueClass::kFloat32: {
        const float value = static_cast<float>(std::strtod(said.value.c_str(), nullptr));
        return row.Bytes({reinterpret_cast<const char*>(&value), sizeof value});
      }
      case ValueClass::kFloat64: {
        const double value = std::strtod(said.value.c_str(), nullptr);
        return row.Bytes({reinterpret_cast<const char*>(&value), sizeof value});
      }
      case ValueClass::kBits:
        return row.Bytes(BitsOf(column, literal, said));
      case ValueClass::kTemporal:
        if (said.form == Said::Form::kText) return row.Bytes(said.value);
        if (said.form == Said::Form::kNumber && column.width != 0) {
          return row.Bytes(YearOf(column, literal));
        }
        ThrowUnclear(literal, "a date or time");
      case ValueClass::kBytes:
        if (said.form == Said::Form::kNumber) ThrowUnclear(literal, "bytes");
        return row.Bytes(said.value);
      case ValueClass::kText:
      case ValueClass::kEnum:
        if (column.kind.value_class == ValueClass::kEnum && literal == "0") return row.Bytes({});
        return row.Bytes(TextOf(column, literal, said));
    }
  }

  // A number in a YEAR column, as the server shows it.
  static std::string YearOf(const PlainColumn& column, std::string_view literal) {
    constexpr std::string_view kDigits = "0123456789";
    if (literal.size() > 4 || literal.find_first_not_of(kDigits) != std::string_view::npos) {
      ThrowUnclear(literal, "a year");
    }
    int year = 0;
    for (const char digit : literal) year = 10 * year + (digit - '0');
    if (column.width == 2) return fmt::format("{:02}", year % 100);
    if (year > 0 && year < 70) year += 2000;
    if (year >= 70 && year < 100) year += 1900;
    return fmt::format("{:04}", year);
  }

  // As many bytes as the column has, the most significant first.
  static std::string BitsOf(const PlainColumn& column, std::string_view literal, const Said& said) {
    std::string bytes = said.value;
    if (said.form == Said::Form::kNumber) {
      std::uint64_t number = std::strtoull(said.value.c_str(), nullptr, 10);
      bytes.clear();
      for (; number != 0; number >>= 8)
        bytes.insert(bytes.begin(), static_cast<char>(number & 0xFF));
    }
    const std::size_t width = (column.width + 7) / 8;
    while (bytes.size() > width && bytes.front() == '\0') bytes.erase(0, 1);
    if (bytes.size() > width) ThrowUnclear(literal, "bits of its column");
    return std::string(width - bytes.size(), '\0') + bytes;
  }

  // In the column's own charset.
  std::string TextOf(const PlainColumn& column, std::string_view literal, const Said& said) const {
    const std::string& charset = column.kind.charset;
    if (said.form == Said::Form::kNumber) ThrowUnclear(literal, "text");
    const std::string_view from = said.charset.empty() ? settings_.client_charset : said.charset;
    const bool own_bytes = said.form == Said::Form::kBytes || from == charset || from == "binary" ||
                           (IsUtf8(from) && IsUtf8(charset));
    if (own_bytes) return said.value;
    const TextForm form = TextFormOf(charset);
    if (IsAscii(said.value) && form != TextForm::kHex) return said.value;
    if (IsUtf8(from) && form == TextForm::kLatin1) {
      if (auto text = Latin1Of(said.value)) return *std::move(text);
    }
    ThrowUnclear(literal, "a text in the charset of its column");
  }

  PlainRowReader& reader_;
  const DumpSettings& settings_;
  const std::vector<std::size_t>& key_;
  const std::function<void(const ParsedRow&)>& each_;
  std::vector<std::string_view> literals_, shown_;
  CanonicalRow row_, key_row_;
};

PlainRowReader::PlainRowReader(std::vector<PlainColumn> columns, std::size_t values_a_row)
    : columns_(std::move(columns)), values_a_row_(values_a_row), unclear_(columns_.size()) {}

PlainRowReader::~PlainRowReader() = default;

void PlainRowReader::ForEachRow(std::string_view values, const DumpSettings& settings,
                                const std::vector<std::size_t>& key,
                                const std::function<void(const ParsedRow&)>& each) {
  Rows rows(*this, settings, key, each);
  if (!ReadLiteralRows(values, settings.backslash_escapes, settings.ansi_quotes, rows)) {
    // Nothing of the kind comes through DumpReader.
    throw Error(ErrorCode::kInternal, "rows that are not lists of literal values");
  }
}

}  // namespace dbomsbak
