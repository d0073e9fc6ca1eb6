// What encoder and parser have in common: which literals a column's values may take, and numbers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/sql/column_kind.h"
#include "sql/charsets.h"

namespace dbomsbak {

struct LiteralPlan {
  ValueClass value_class;
  TextForm form = TextForm::kHex;  // kText and kEnum
  std::string introducer;          // "_gbk ", "_binary "
  bool may_be_bytes = false;       // bytes that are no characters stand as those of kBytes
  bool json = false;  // JSON_REPLACE('…',…) for numbers that its text does not tell

  bool is_text() const noexcept {
    return value_class == ValueClass::kText || value_class == ValueClass::kEnum;
  }
};

// Error kInternal for a text column without a character set.
std::vector<LiteralPlan> PlanLiterals(const std::vector<ColumnKind>& columns);

// Is this text of `form` written raw between quotes? (Not for kLatin1 and kHex, which do not ask.)
bool IsRawText(TextForm form, std::string_view text) noexcept;

inline constexpr std::string_view kBinaryIntroducer = "_binary ";
inline constexpr std::string_view kJsonReplace = "JSON_REPLACE(";

// The longest number that is written. Servers have 65 digits.
inline constexpr std::size_t kMaxNumberText = 256;

// "00042" is 42, "-007.50" is -7.50, "-0.0" is 0.0: the canonical text of an integer or a DECIMAL.
// `out` has room for kMaxNumberText bytes. Returns the new end, nullptr when `text` is no such
// number.
char* WriteNumber(std::string_view text, bool with_fraction, char* out) noexcept;

// DATE, TIME and their kin, and short ASCII values that are written as they are.
bool IsPlainTemporal(std::string_view text) noexcept;

inline constexpr std::size_t kMaxDoubleText = 40;

// Text with an exponent, so that every server reads it as DOUBLE and not as DECIMAL, and so that it
// gives exactly `value` again. `out` has room for kMaxDoubleText bytes; returns the new end,
// nullptr for infinities and NaN, for which SQL has no literal.
char* WriteDouble(double value, char* out) noexcept;
// For FLOAT columns: read as DOUBLE and rounded to FLOAT it gives exactly `value`.
char* WriteFloat(float value, char* out) noexcept;

// Reads what WriteDouble and WriteFloat write, from the front of [p, end). Sets `p` behind it;
// false when there is no such number.
bool ReadDouble(const char*& p, const char* end, double& value) noexcept;

}  // namespace dbomsbak
