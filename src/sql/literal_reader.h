// The literals of an archive, read one after the other. What may stand there tells the plan of a
// column (literal.h); everything else is damage.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/base/ascii.h"
#include "sql/canonical_row.h"
#include "sql/literal.h"
#include "sql/quick_literal.h"
#include "sql/text_scan.h"

namespace dbomsbak {

// Where and why the text is not what the encoder writes. Caught by whoever reads.
struct LiteralDamage {
  const char* at;
  const char* expected;
};

// A right literal whose value a `Row` of text (kTakesText) cannot take.
struct NoTextForm {};

// A string literal's inside, checked and measured but not yet decoded.
struct QuotedLiteral {
  std::string_view raw;     // between the quotes
  std::size_t escapes = 0;  // each is two bytes for one
  bool has_high_bytes = false;
  std::size_t size() const noexcept { return raw.size() - escapes; }
};

// Reads one text. Bounds are checked everywhere: the text may be a stranger's.
// `Row` takes the values, as CanonicalRow does, or their text (FieldRow). Where it is one buffer
// the common literals are read the quick way.
template <typename Row>
class LiteralReader {
 public:
  LiteralReader(std::string_view text, Row& row)
      : p_(text.data()), end_(text.data() + text.size()), row_(row) {}

  const char* position() const noexcept { return p_; }
  bool at_end() const noexcept { return p_ == end_; }

  bool TryTake(char c) noexcept {
    if (p_ == end_ || *p_ != c) return false;
    ++p_;
    return true;
  }
  bool StartsWith(std::string_view word) const noexcept {
    return static_cast<std::size_t>(end_ - p_) >= word.size() &&
           std::memcmp(p_, word.data(), word.size()) == 0;
  }
  bool TryTake(std::string_view word) noexcept {
    if (!StartsWith(word)) return false;
    p_ += word.size();
    return true;
  }
  void Take(char c, const char* expected) {
    if (!TryTake(c)) throw LiteralDamage{p_, expected};
  }
  void Take(std::string_view word, const char* expected) {
    if (!TryTake(word)) throw LiteralDamage{p_, expected};
  }

  void Value(const LiteralPlan& plan) {
    if constexpr (Row::kIsOneBuffer) {
      if (end_ - p_ >= kQuickLookahead && row_.here() + Row::kLength <= row_.here_end()) {
        char* const cell = row_.here();
        const QuickValue quick =
            Quick(plan, p_, end_, cell + Row::kLength, row_.here_end(), known_);
        if (quick.text_end != nullptr) {
          p_ = quick.text_end;
          row_.Advance(Row::CellEnd(cell, quick.value_end));
          return;
        }
      }
    }
    ValueCloser(plan);
  }

  // The values of a row from `column` on, with the commas before all but the first of the row.
  // Returns the column it stopped before: that of no plan, or one whose comma and literal Take and
  // ValueCloser must read.
  std::size_t Values(const std::vector<LiteralPlan>& plans, std::size_t column) noexcept {
    if constexpr (Row::kIsOneBuffer) {
      // Here, not in the members: what is written to the row could be them, as the compiler sees
      // it.
      const char* p = p_;
      const char* const end = end_;
      char* cell = row_.here();
      const char* const here_end = row_.here_end();
      QuickProgress known;
      for (; column < plans.size(); ++column) {
        if (end - p <= kQuickLookahead || cell + Row::kLength > here_end) break;
        const char* literal = p;
        if (column != 0) {
          if (*literal != ',') break;
          ++literal;
        }
        if (std::memcmp(literal, "NULL", 4) == 0) {
          p = literal + 4;
          cell = Row::NullEnd(cell);
          continue;
        }
        const QuickValue quick =
            Quick(plans[column], literal, end, cell + Row::kLength, here_end, known);
        if (quick.text_end == nullptr) break;
        p = quick.text_end;
        cell = Row::CellEnd(cell, quick.value_end);
      }
      known_ = known;
      p_ = p;
      row_.Advance(cell);
    }
    return column;
  }

  void ValueCloser(const LiteralPlan& plan) {
    if (TryTake("NULL")) {
      row_.Null();
      return;
    }
    switch (plan.value_class) {
      case ValueClass::kInteger:
        Number(false);
        return;
      case ValueClass::kDecimal:
        Number(true);
        return;
      case ValueClass::kFloat32:
        Float32();
        return;
      case ValueClass::kFloat64:
        Float64();
        return;
      case ValueClass::kTemporal:
        Temporal();
        return;
      case ValueClass::kBits:
        Hex("a BIT value");
        return;
      case ValueClass::kBytes:
        Bytes();
        return;
      case ValueClass::kText:
        if (plan.json && TryTake(kJsonReplace)) {
          JsonWithNumbers(plan);
        } else {
          Text(plan);
        }
        return;
      case ValueClass::kEnum:
        if (TryTake('0')) {
          RefuseAsText();
          row_.Bytes({});
        } else {
          Text(plan);
        }
        return;
    }
  }

 private:
  static void RefuseAsText() {
    if constexpr (Row::kTakesText) throw NoTextForm{};
  }

  // How far the literal is known to be in order. Each literal is looked at once, and then closer.
  QuickProgress Known() noexcept { return std::exchange(known_, {}); }

  static QuickValue Quick(const LiteralPlan& plan, const char* p, const char* end, char* out,
                          const char* out_end, QuickProgress& known) noexcept {
    switch (plan.value_class) {
      case ValueClass::kInteger:
        return QuickNumber(p, false, out);
      case ValueClass::kDecimal:
        return QuickNumber(p, true, out);
      case ValueClass::kTemporal:
        return QuickTemporal(p, out);
      case ValueClass::kText:
      case ValueClass::kEnum:
        if (*p != '\'' || plan.form == TextForm::kHex) return {};
        return QuickText(p, end, HighBytesOf(plan.form), out, out_end, known);
      case ValueClass::kBits:
      case ValueClass::kBytes:
        return QuickHex(p, end, out, out_end, known);
      case ValueClass::kFloat32:
      case ValueClass::kFloat64:
        break;
    }
    return {};
  }

  std::string_view Digits() noexcept {
    const char* const start = p_;
    while (p_ != end_ && IsDigit(*p_)) ++p_;
    return {start, static_cast<std::size_t>(p_ - start)};
  }

  void Number(bool with_fraction) {
    const char* const start = p_;
    const bool negative = TryTake('-');
    const std::string_view whole = Digits();
    bool is_zero = whole == "0";
    if (whole.empty() || (whole.front() == '0' && !is_zero)) throw LiteralDamage{start, "a number"};
    if (with_fraction && TryTake('.')) {
      const std::string_view fraction = Digits();
      if (fraction.empty()) throw LiteralDamage{p_, "digits"};
      is_zero = is_zero && fraction.find_first_not_of('0') == std::string_view::npos;
    }
    if (negative && is_zero) throw LiteralDamage{start, "a number"};
    row_.Bytes({start, static_cast<std::size_t>(p_ - start)});
  }

  // The text is the value; what is put into it again stands there already.
  void JsonWithNumbers(const LiteralPlan& plan) {
    RefuseAsText();
    Text(plan);
    do {
      Take(',', "a path of the JSON text");
      const char* const start = p_;
      if (!Scan(HighBytes::kUtf8mb4).raw.starts_with('$')) throw LiteralDamage{start, "a path"};
      Take(',', "the number at the path");
      TryTake('-');
      if (Digits().empty() || (TryTake('.') && Digits().empty()))
        throw LiteralDamage{p_, "a number"};
      if (TryTake('e')) {
        TryTake('-');
        if (Digits().empty()) throw LiteralDamage{p_, "an exponent"};
      }
    } while (!TryTake(')'));
  }

  void Float64() {
    double value = 0;
    const char* const start = p_;
    if (!ReadDouble(p_, end_, value)) throw LiteralDamage{p_, "a DOUBLE value"};
    Floating(start, value);
  }

  void Float32() {
    const char* const start = p_;
    double value = 0;
    if (!ReadDouble(p_, end_, value) || value > static_cast<double>(kMaxFloat) ||
        value < -static_cast<double>(kMaxFloat)) {
      throw LiteralDamage{start, "a FLOAT value"};
    }
    Floating(start, static_cast<float>(value));
  }

  template <typename Number>
  void Floating(const char* start, Number value) {
    if constexpr (Row::kTakesText) {
      row_.Bytes({start, static_cast<std::size_t>(p_ - start)});
    } else {
      row_.Bytes({reinterpret_cast<const char*>(&value), sizeof value});
    }
  }

  void Temporal() {
    Take('\'', "a quoted date or time");
    const char* const start = p_;
    while (p_ != end_ && *p_ != '\'') ++p_;
    const std::string_view value(start, static_cast<std::size_t>(p_ - start));
    if (!IsPlainTemporal(value)) throw LiteralDamage{start, "a date or time"};
    Take('\'', "the closing quote");
    row_.Bytes(value);
  }

  // The digits behind "0x", as bytes of the row. They are taken first and judged afterwards, for
  // their number must be known.
  std::string_view HexDigits(const char* expected, const QuickProgress& known = {}) {
    Take("0x", expected);
    const char* const start = p_;
    p_ = SkipHexDigits(known.text != nullptr ? known.text : p_, end_);
    const std::string_view digits(start, static_cast<std::size_t>(p_ - start));
    if (digits.empty() || digits.size() % 2 != 0) throw LiteralDamage{p_, "pairs of hex digits"};
    return digits;
  }

  void AppendHex(std::string_view digits) {
    row_.BeginCell(digits.size() / 2);
    while (!digits.empty()) {
      const std::size_t size = std::min(digits.size() / 2, Row::kMaxRoom);
      char* const out = row_.Room(size);
      if (!DecodeHexDigits(digits.data(), size, out))
        throw LiteralDamage{digits.data(), "hex digits"};
      row_.Advance(out + size);
      digits.remove_prefix(2 * size);
    }
  }

  void Hex(const char* expected) { AppendHex(HexDigits(expected, Known())); }

  void Bytes() {
    if (TryTake("''")) {
      row_.Bytes({});
    } else if (TryTake(kBinaryIntroducer)) {
      const char* const start = p_;
      const QuotedLiteral quoted = Scan(HighBytes::kAny);
      if (quoted.raw.empty()) throw LiteralDamage{start, "bytes"};
      AppendUnescaped(quoted);
    } else {
      Hex("bytes as 0x, '' or _binary '…'");
    }
  }

  static HighBytes HighBytesOf(TextForm form) noexcept {
    switch (form) {
      case TextForm::kUtf8mb4:
        return HighBytes::kUtf8mb4;
      case TextForm::kUtf8mb3:
        return HighBytes::kUtf8mb3;
      case TextForm::kLatin1:
        return HighBytes::kLatin1;
      case TextForm::kAscii:
      case TextForm::kHex:
        return HighBytes::kNone;
    }
    return HighBytes::kNone;
  }

  void Text(const LiteralPlan& plan) {
    const char* const start = p_;
    if (p_ != end_ && *p_ == '\'') {
      const QuotedLiteral quoted = Scan(HighBytesOf(plan.form), Known());
      if (quoted.raw.empty() ? plan.value_class == ValueClass::kEnum
                             : plan.form == TextForm::kHex) {
        throw LiteralDamage{start, "another form of this text"};
      }
      if (plan.form == TextForm::kLatin1 && quoted.has_high_bytes) {
        AppendLatin1(quoted);
      } else {
        AppendUnescaped(quoted);
      }
      return;
    }
    RefuseAsText();
    if (plan.may_be_bytes && !StartsWith(plan.introducer)) {
      Bytes();
      return;
    }
    if (plan.form == TextForm::kLatin1 || !TryTake(plan.introducer)) {
      throw LiteralDamage{start, "a text"};
    }
    const bool may_be_quoted = plan.form == TextForm::kAscii || plan.form == TextForm::kHex;
    if (may_be_quoted && p_ != end_ && *p_ == '\'') {
      const QuotedLiteral quoted = Scan(HighBytes::kAny);
      // Escapes stand for ASCII only, so they cannot change the answer.
      if (quoted.raw.empty() || IsRawText(plan.form, quoted.raw)) {
        throw LiteralDamage{start, "a text without introducer"};
      }
      AppendUnescaped(quoted);
    } else {
      const std::string_view digits = HexDigits("a text's bytes as 0x or '…'");
      if (plan.form != TextForm::kHex && IsRawTextInHex(plan.form, digits)) {
        throw LiteralDamage{start, "a text without introducer"};
      }
      AppendHex(digits);
    }
  }

  static bool IsRawTextInHex(TextForm form, std::string_view digits) {
    if (form == TextForm::kAscii) {
      for (std::size_t i = 0; i < digits.size(); i += 2) {
        if (digits[i] >= '8') return false;
      }
      return true;
    }
    // Of UTF-8 only what is not valid stands in hex: few values, which may take their time.
    std::string bytes(digits.size() / 2, '\0');
    return DecodeHexDigits(digits.data(), bytes.size(), bytes.data()) && IsRawText(form, bytes);
  }

  // From the opening to behind the closing quote.
  QuotedLiteral Scan(HighBytes high_bytes, const QuickProgress& known = {}) {
    Take('\'', "a quoted text");
    const char* const start = p_;
    const char* p = known.text != nullptr ? known.text : p_;
    QuotedLiteral quoted;
    std::size_t escapes = known.escapes;
    for (;;) {
      p = FindSpecial(p, end_);
      if (p == end_) throw LiteralDamage{start, "a closing quote of the text"};
      // Where one special byte is, more are near (JSON): one after the other, without a new search.
      bool special = true;
      while (special) {
        const char c = *p;
        if (c == '\'') {
          quoted.raw = {start, static_cast<std::size_t>(p - start)};
          quoted.escapes = escapes;
          p_ = p + 1;
          return quoted;
        }
        if (c == '\\') {
          if (end_ - p < 2 || UnescapeLetter(p[1]) < 0) throw LiteralDamage{p, "a known escape"};
          ++escapes;
          p += 2;
        } else if (!IsHighByte(c)) {
          if (EscapeLetter(c) != 0) throw LiteralDamage{p, "an escape for this byte"};
          ++p;
        } else {
          quoted.has_high_bytes = true;
          p = SkipHighBytes(p, high_bytes);
        }
        special = p != end_ && (IsHighByte(*p) || *p == '\'' || *p == '\\');
      }
    }
  }

  const char* SkipHighBytes(const char* p, HighBytes high_bytes) const {
    if (high_bytes == HighBytes::kNone) throw LiteralDamage{p, "ASCII"};
    if (high_bytes == HighBytes::kAny) {
      while (p != end_ && IsHighByte(*p)) ++p;
      return p;
    }
    const unsigned longest = high_bytes == HighBytes::kUtf8mb4 ? 4 : 3;
    while (p != end_ && IsHighByte(*p)) {
      if (high_bytes == HighBytes::kLatin1 && IsShortLatin1(p, end_)) {
        p += 2;
        continue;
      }
      const unsigned length = Utf8SequenceLength(p, end_);
      if (length == 0 || length > longest) throw LiteralDamage{p, "valid UTF-8"};
      if (high_bytes == HighBytes::kLatin1 && Latin1Byte(Utf8CodePoint(p, length)) < 0) {
        throw LiteralDamage{p, "a character of latin1"};
      }
      p += length;
    }
    return p;
  }

  // U+00A0 to U+00FF, whose byte in latin1 is their number: most of what there is.
  static bool IsShortLatin1(const char* p, const char* end) noexcept {
    if (end - p < 2 || (p[1] & 0xC0) != 0x80) return false;
    return *p == '\xC3' || (*p == '\xC2' && static_cast<unsigned char>(p[1]) >= 0xA0);
  }

  void AppendUnescaped(const QuotedLiteral& quoted) {
    row_.BeginCell(quoted.size());
    if (quoted.escapes == 0) {
      row_.Append(quoted.raw);
      return;
    }
    const char* p = quoted.raw.data();
    const char* const end = p + quoted.raw.size();
    while (p != end) {
      const std::size_t piece = std::min(static_cast<std::size_t>(end - p), Row::kMaxRoom - 2);
      char* const out = row_.Room(piece + 1);
      row_.Advance(Unescape(p, p + piece, end, out));
    }
  }

  void AppendLatin1(const QuotedLiteral& quoted) {
    const char* p = quoted.raw.data();
    const char* const end = p + quoted.raw.size();
    // Characters, not bytes: trailing bytes of UTF-8 do not count, nor do backslashes.
    const auto trailing = std::count_if(p, end, [](char c) { return (c & 0xC0) == 0x80; });
    row_.BeginCell(quoted.size() - static_cast<std::size_t>(trailing));
    while (p != end) {
      const std::size_t piece = std::min(static_cast<std::size_t>(end - p), Row::kMaxRoom);
      const char* const piece_end = p + piece;
      char* out = row_.Room(piece);
      while (p < piece_end) {
        const char c = *p;
        if (c == '\\') {
          *out++ = static_cast<char>(UnescapeLetter(p[1]));
          p += 2;
        } else if (!IsHighByte(c)) {
          *out++ = c;
          ++p;
        } else if (IsShortLatin1(p, end)) {
          *out++ = static_cast<char>(p[0] << 6 | (p[1] & 0x3F));
          p += 2;
        } else {
          const unsigned length = Utf8SequenceLength(p, end);
          *out++ = static_cast<char>(Latin1Byte(Utf8CodePoint(p, length)));
          p += length;
        }
      }
      row_.Advance(out);
    }
  }

  static constexpr float kMaxFloat = 3.40282346638528859812e38F;

  const char* p_;
  const char* const end_;
  Row& row_;
  QuickProgress known_;
};

}  // namespace dbomsbak
