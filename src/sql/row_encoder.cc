#include "dbomsbak/sql/row_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dbomsbak/base/bytes.h"
#include "dbomsbak/base/error.h"
#include "sql/canonical_row.h"
#include "sql/json_numbers.h"
#include "sql/literal.h"
#include "sql/text_scan.h"

namespace dbomsbak {
namespace {

// Small pieces are gathered here and appended to the output in one go: std::string cannot be
// written to without being filled first.
class TextSink {
 public:
  static constexpr std::size_t kCapacity = 64 * 1024;

  TextSink() : buffer_(new char[kCapacity + kScanSlack]), next_(buffer_.get()) {}

  void Begin(std::string& out) {
    out_ = &out;
    next_ = buffer_.get();
  }
  // At least `bytes` (at most kCapacity) to write to; Advance says how far it went.
  char* Room(std::size_t bytes) {
    if (static_cast<std::size_t>(buffer_.get() + kCapacity - next_) < bytes) Flush();
    return next_;
  }
  void Advance(char* new_end) noexcept { next_ = new_end; }

  void Put(char c) {
    *Room(1) = c;
    ++next_;
  }
  void Put(std::string_view text) {
    if (text.size() > kCapacity / 4) {
      Flush();
      out_->append(text);
      return;
    }
    std::memcpy(Room(text.size()), text.data(), text.size());
    next_ += text.size();
  }
  void Flush() {
    out_->append(buffer_.get(), next_);
    next_ = buffer_.get();
  }

 private:
  std::unique_ptr<char[]> buffer_;
  char* next_;
  std::string* out_ = nullptr;
};

constexpr std::size_t kPiece = TextSink::kCapacity / 4;

void PutEscaped(std::string_view text, TextSink& sink) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kPiece);
    sink.Advance(Escape(piece, sink.Room(2 * piece.size())));
    text.remove_prefix(piece.size());
  }
}

void PutQuoted(std::string_view text, bool may_need_escapes, TextSink& sink) {
  sink.Put('\'');
  if (may_need_escapes) {
    PutEscaped(text, sink);
  } else {
    sink.Put(text);
  }
  sink.Put('\'');
}

void PutHex(std::string_view bytes, TextSink& sink) {
  sink.Put("0x");
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPiece);
    sink.Advance(EncodeHex(piece, sink.Room(2 * piece.size())));
    bytes.remove_prefix(piece.size());
  }
}

// What a byte of latin1 is in a literal: one to three bytes.
struct Latin1Text {
  char bytes[4];
  unsigned length;
};

constexpr std::array<Latin1Text, 256> MakeLatin1Texts() {
  std::array<Latin1Text, 256> texts{};
  for (unsigned i = 0; i < 256; ++i) {
    Latin1Text& text = texts[i];
    const auto put = [&text](unsigned byte) {
      text.bytes[text.length++] = static_cast<char>(byte);
    };
    const unsigned code_point = Latin1CodePoint(static_cast<unsigned char>(i));
    if (code_point < 0x80) {
      const char letter = EscapeLetter(static_cast<char>(i));
      if (letter != 0) put('\\');
      put(letter != 0 ? static_cast<unsigned char>(letter) : i);
    } else if (code_point < 0x800) {
      put(0xC0 | code_point >> 6);
      put(0x80 | (code_point & 0x3F));
    } else {
      put(0xE0 | code_point >> 12);
      put(0x80 | (code_point >> 6 & 0x3F));
      put(0x80 | (code_point & 0x3F));
    }
  }
  return texts;
}
constexpr std::array<Latin1Text, 256> kLatin1Texts = MakeLatin1Texts();

void PutLatin1(std::string_view text, TextSink& sink) {
  sink.Put('\'');
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kPiece);
    char* out = sink.Room(3 * piece.size() + 1);  // four bytes are copied, up to three count
    for (const char byte : piece) {
      const Latin1Text& one = kLatin1Texts[static_cast<unsigned char>(byte)];
      std::memcpy(out, one.bytes, sizeof one.bytes);
      out += one.length;
    }
    sink.Advance(out);
    text.remove_prefix(piece.size());
  }
  sink.Put('\'');
}

// Invalid UTF-8 stays hex in the longest of rows: a server refuses `_utf8mb4 0xFF`, but of
// `_utf8mb4 '\xFF'` it silently makes '?'.
bool IsHexAlways(TextForm form) noexcept {
  return form == TextForm::kUtf8mb4 || form == TextForm::kUtf8mb3;
}

void PutBytes(std::string_view bytes, std::string_view introducer, bool with_introducer_in_hex,
              bool hex, TextSink& sink) {
  if (!hex || with_introducer_in_hex) sink.Put(introducer);
  if (hex) {
    PutHex(bytes, sink);
  } else {
    PutQuoted(bytes, true, sink);
  }
}

std::string Shown(std::string_view value) {
  constexpr std::size_t kShown = 32;
  std::string text = "0x" + ToHex(value.substr(0, kShown));
  if (value.size() > kShown) text += "…";
  return text;
}

Error NoLiteral(std::size_t column, std::string_view what, std::string_view value) {
  return Error(ErrorCode::kUnsupported,
               fmt::format("column {} holds {}: bytes {}", column + 1, what, Shown(value)),
               "Correct or delete that row, or leave its table out of the dump.");
}

float ReadFloat32(std::string_view bytes) noexcept {
  float value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

double ReadFloat64(std::string_view bytes) noexcept {
  double value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

bool IsNumberClass(ValueClass value_class) noexcept {
  return value_class == ValueClass::kInteger || value_class == ValueClass::kDecimal;
}

// Writes the number in canonical form; returns the new end. Error kUnsupported when the server sent
// something else.
char* WriteNumberOf(const LiteralPlan& plan, std::size_t column, std::string_view text, char* out) {
  char* const end = WriteNumber(text, plan.value_class == ValueClass::kDecimal, out);
  if (end == nullptr) throw NoLiteral(column, "no number where one must be", text);
  return end;
}

void CheckFloatSize(const LiteralPlan& plan, std::size_t column, std::string_view bytes) {
  const std::size_t size = plan.value_class == ValueClass::kFloat32 ? 4 : 8;
  if (bytes.size() != size) {
    throw Error(ErrorCode::kInternal,
                fmt::format("column {} came with {} bytes instead of {} of IEEE 754", column + 1,
                            bytes.size(), size));
  }
}

void DigestCell(const LiteralPlan& plan, std::size_t column, const Cell& cell, CanonicalRow& row) {
  if (cell.is_null) {
    row.Null();
    return;
  }
  const std::string_view value = cell.view();
  if (!IsNumberClass(plan.value_class)) {
    row.Bytes(value);
    return;
  }
  char number[kMaxNumberText];
  const char* const end = WriteNumberOf(plan, column, value, number);
  row.Bytes({number, static_cast<std::size_t>(end - number)});
}

// Does the value stand in hex as long as the row is short enough?
bool IsHex(const LiteralPlan& plan, const Cell& cell) noexcept {
  if (plan.value_class == ValueClass::kBytes) return true;
  return plan.is_text() && plan.form != TextForm::kLatin1 && !IsRawText(plan.form, cell.view());
}

}  // namespace

struct RowEncoder::State {
  std::vector<LiteralPlan> plans;
  Options options;
  CanonicalRow row;
  TextSink sink;

  // A table whose columns are all generated has rows without values. A SELECT cannot: what it
  // selects in their place is passed over.
  void CheckCount(std::span<const Cell>& cells) const {
    if (plans.empty()) cells = {};
    if (cells.size() != plans.size()) {
      throw Error(ErrorCode::kInternal,
                  fmt::format("a row has {} values for {} columns", cells.size(), plans.size()));
    }
  }

  // True when hex would make the row too long.
  bool TooLongInHex(std::span<const Cell> cells) const noexcept {
    if (options.max_hex_row_bytes == 0) return false;
    std::size_t at_most = 0;
    for (const Cell& cell : cells) at_most += 2 * cell.size;
    if (at_most <= options.max_hex_row_bytes) return false;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!cells[i].is_null) bytes += cells[i].size * (IsHex(plans[i], cells[i]) ? 2 : 1);
    }
    return bytes > options.max_hex_row_bytes;
  }

  // A long row is given its room at once: doubling would hold three times of it for a moment.
  void Reserve(std::span<const Cell> cells, bool hex, std::string& out) const {
    constexpr std::size_t kLongRow = std::size_t{1} << 20;
    std::size_t bytes = 0;
    for (const Cell& cell : cells) bytes += cell.size;
    if (bytes < kLongRow) return;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].is_null) continue;
      if (IsHex(plans[i], cells[i]) && (hex || IsHexAlways(plans[i].form))) {
        bytes += cells[i].size;
      } else {
        bytes += EscapedSize(cells[i].view()) - cells[i].size;
      }
    }
    out.reserve(out.size() + bytes + 32 * cells.size());
  }

  // The server reads the text, and then puts the values back that it cannot read from it.
  void PutJson(const LiteralPlan& plan, std::string_view text, bool hex) {
    const std::vector<JsonNumber> numbers = FindJsonNumbers(
        text, options.exact_json_doubles ? JsonDoubles::kExact : JsonDoubles::kRounded);
    if (numbers.empty()) {
      PutText(plan, text, hex);
      return;
    }
    sink.Put(kJsonReplace);
    PutText(plan, text, hex);
    for (const JsonNumber& number : numbers) {
      sink.Put(',');
      PutQuoted(number.path, true, sink);
      sink.Put(',');
      PutJsonNumber(number);
    }
    sink.Put(')');
  }

  // 1.5E+10 is written 1.5e10.
  void PutJsonNumber(const JsonNumber& number) {
    const std::size_t e = number.number.find_first_of("eE");
    sink.Put(number.number.substr(0, e));
    if (e != std::string_view::npos) {
      sink.Put("e");
      std::string_view exponent = number.number.substr(e + 1);
      if (exponent.starts_with('+')) exponent.remove_prefix(1);
      sink.Put(exponent);
    } else if (number.is_double) {
      sink.Put("e0");
    }
  }

  void PutText(const LiteralPlan& plan, std::string_view text, bool hex) {
    if (text.empty()) {
      sink.Put(plan.value_class == ValueClass::kEnum ? std::string_view("0")
                                                     : std::string_view("''"));
      return;
    }
    if (plan.form == TextForm::kHex) {
      PutBytes(text, plan.introducer, true, hex, sink);
      return;
    }
    const TextTraits traits = TraitsOf(text);
    if (!traits.has_high_bytes) {
      PutQuoted(text, traits.may_need_escapes, sink);
    } else if (plan.form == TextForm::kLatin1) {
      PutLatin1(text, sink);
    } else if (plan.form != TextForm::kAscii && IsRawText(plan.form, text)) {
      PutQuoted(text, traits.may_need_escapes, sink);
    } else if (plan.may_be_bytes && !IsWholeEucJpms(text)) {
      PutBytes(text, kBinaryIntroducer, false, hex, sink);
    } else {
      PutBytes(text, plan.introducer, true, hex || IsHexAlways(plan.form), sink);
    }
  }

  // The literal, and the cell of the canonical row.
  void PutValue(std::size_t column, std::string_view value, bool hex) {
    const LiteralPlan& plan = plans[column];
    if (!IsNumberClass(plan.value_class)) row.Bytes(value);
    PutLiteral(column, value, hex);
  }

  void PutLiteral(std::size_t column, std::string_view value, bool hex) {
    const LiteralPlan& plan = plans[column];
    switch (plan.value_class) {
      case ValueClass::kInteger:
      case ValueClass::kDecimal: {
        char* const out = sink.Room(kMaxNumberText);
        char* const end = WriteNumberOf(plan, column, value, out);
        row.Bytes({out, static_cast<std::size_t>(end - out)});
        sink.Advance(end);
        return;
      }
      case ValueClass::kFloat32:
      case ValueClass::kFloat64: {
        CheckFloatSize(plan, column, value);
        char* const out = sink.Room(kMaxDoubleText);
        char* const end = plan.value_class == ValueClass::kFloat32
                              ? WriteFloat(ReadFloat32(value), out)
                              : WriteDouble(ReadFloat64(value), out);
        if (end == nullptr) throw NoLiteral(column, "a number that is not finite", value);
        sink.Advance(end);
        return;
      }
      case ValueClass::kTemporal:
        if (!IsPlainTemporal(value)) throw NoLiteral(column, "no date or time", value);
        PutQuoted(value, false, sink);
        return;
      case ValueClass::kBits:
        if (value.empty()) throw NoLiteral(column, "a BIT value of no bytes", value);
        PutHex(value, sink);
        return;
      case ValueClass::kBytes:
        if (value.empty()) {
          sink.Put("''");
        } else {
          PutBytes(value, plan.introducer, false, hex, sink);
        }
        return;
      case ValueClass::kText:
        if (plan.json) {
          PutJson(plan, value, hex);
          return;
        }
        [[fallthrough]];
      case ValueClass::kEnum:
        PutText(plan, value, hex);
        return;
    }
  }
};

RowEncoder::RowEncoder(const std::vector<ColumnKind>& columns, Options options)
    : state_(std::make_unique<State>()) {
  state_->plans = PlanLiterals(columns);
  state_->options = options;
}

RowEncoder::~RowEncoder() = default;
RowEncoder::RowEncoder(RowEncoder&&) noexcept = default;
RowEncoder& RowEncoder::operator=(RowEncoder&&) noexcept = default;

void RowEncoder::Append(std::span<const Cell> cells, std::string& out, RowDigest& digest) {
  State& state = *state_;
  state.CheckCount(cells);
  const bool hex = !state.TooLongInHex(cells);
  state.Reserve(cells, hex, out);
  const std::size_t start = out.size();
  state.sink.Begin(out);
  state.row.Restart();
  try {
    state.sink.Put('(');
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) state.sink.Put(',');
      if (cells[i].is_null) {
        state.sink.Put("NULL");
        state.row.Null();
      } else {
        state.PutValue(i, cells[i].view(), hex);
      }
    }
    state.sink.Put(')');
    state.sink.Flush();
  } catch (...) {
    out.resize(start);
    throw;
  }
  ++digest.rows;
  digest.sum += state.row.Finish();
}

void RowEncoder::Digest(std::span<const Cell> cells, RowDigest& digest) {
  State& state = *state_;
  state.CheckCount(cells);
  state.row.Restart();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    DigestCell(state.plans[i], i, cells[i], state.row);
  }
  ++digest.rows;
  digest.sum += state.row.Finish();
}

}  // namespace dbomsbak
