#include "sql/literal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/base/error.h"
#include "sql/text_scan.h"

namespace dbomsbak {
namespace {

// "1.5e+07" becomes 1.5e7, "0.25" becomes 0.25e0.
char* WriteExponent(char* text, char* end) noexcept {
  char* const e = std::find(text, end, 'e');
  if (e == end) {
    *end++ = 'e';
    *end++ = '0';
    return end;
  }
  char* out = e + 1;
  const char* p = out;
  if (*p == '-') ++out;
  ++p;  // to_chars always writes a sign
  while (p + 1 < end && *p == '0') ++p;
  while (p < end) *out++ = *p++;
  return out;
}

}  // namespace

std::vector<LiteralPlan> PlanLiterals(const std::vector<ColumnKind>& columns) {
  std::vector<LiteralPlan> plans;
  plans.reserve(columns.size());
  for (const ColumnKind& column : columns) {
    LiteralPlan plan{.value_class = column.value_class,
                     .introducer = std::string(kBinaryIntroducer)};
    if (plan.is_text()) {
      if (column.charset.empty()) {
        throw Error(ErrorCode::kInternal, "a text column has no character set");
      }
      plan.form = TextFormOf(column.charset);
      plan.introducer = "_" + column.charset + " ";
      plan.may_be_bytes = column.charset == "eucjpms";
      plan.json = column.json;
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

bool IsRawText(TextForm form, std::string_view text) noexcept {
  switch (form) {
    case TextForm::kUtf8mb4:
      return IsValidUtf8(text, 4);
    case TextForm::kUtf8mb3:
      return IsValidUtf8(text, 3);
    case TextForm::kAscii:
      return !TraitsOf(text).has_high_bytes;
    case TextForm::kLatin1:
      return true;
    case TextForm::kHex:
      return false;
  }
  return false;
}

char* WriteNumber(std::string_view text, bool with_fraction, char* out) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
  char* const start = out;
  const bool negative = p != end && *p == '-';
  if (negative) {
    ++p;
    *out++ = '-';
  }
  while (end - p > 1 && p[0] == '0' && IsDigit(p[1])) ++p;
  if (static_cast<std::size_t>(end - p) >= kMaxNumberText) return nullptr;
  char any_digit = 0;  // zero and other digits differ in their low bits
  const auto digits = [&] {
    const char* const first = p;
    for (; p != end && IsDigit(*p); ++p) {
      any_digit = static_cast<char>(any_digit | (*p & 0x0F));
      *out++ = *p;
    }
    return p != first;
  };
  if (!digits()) return nullptr;
  if (with_fraction && p != end && *p == '.') {
    *out++ = *p++;
    if (!digits()) return nullptr;
  }
  if (p != end) return nullptr;
  if (negative && any_digit == 0) {
    std::memmove(start, start + 1, static_cast<std::size_t>(out - start - 1));
    --out;
  }
  return out;
}

bool IsPlainTemporal(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return IsDigit(c) || c == '-' || c == ':' || c == '.' || c == ' ';
  });
}

char* WriteDouble(double value, char* out) noexcept {
  if (!std::isfinite(value)) return nullptr;
  const auto written = std::to_chars(out, out + kMaxDoubleText - 2, value);
  return WriteExponent(out, written.ptr);
}

char* WriteFloat(float value, char* out) noexcept {
  if (!std::isfinite(value)) return nullptr;
  if (value == 0 && std::signbit(value)) {
    // MariaDB stores a DOUBLE -0.0 as 0, but one that becomes -0.0 only when it is rounded to FLOAT
    // keeps its sign, there and everywhere.
    constexpr std::string_view kTiny = "-1e-60";
    return std::copy(kTiny.begin(), kTiny.end(), out);
  }
  const auto written = std::to_chars(out, out + kMaxDoubleText - 2, value);
  // The server reads a DOUBLE and rounds that: twice rounded is not always rounded right, and what
  // exceeds FLT_MAX as a DOUBLE is out of range for it.
  double reread = 0;
  std::from_chars(out, written.ptr, reread);
  if (static_cast<float>(reread) != value ||
      std::fabs(reread) > static_cast<double>(std::numeric_limits<float>::max())) {
    return WriteDouble(static_cast<double>(value), out);
  }
  return WriteExponent(out, written.ptr);
}

bool ReadDouble(const char*& p, const char* end, double& value) noexcept {
  const char* q = p;
  const auto digits = [&q, end] {
    const char* const start = q;
    while (q != end && IsDigit(*q)) ++q;
    return std::string_view(start, static_cast<std::size_t>(q - start));
  };
  if (q != end && *q == '-') ++q;
  const std::string_view whole = digits();
  if (whole.empty() || (whole.size() > 1 && whole.front() == '0')) return false;
  if (q != end && *q == '.') {
    ++q;
    const std::string_view fraction = digits();
    if (fraction.empty() || fraction.back() == '0') return false;
  }
  if (q == end || *q++ != 'e') return false;
  if (q != end && *q == '-') ++q;
  const std::string_view exponent = digits();
  if (exponent.empty() || exponent.size() > 3 || (exponent.size() > 1 && exponent.front() == '0') ||
      static_cast<std::size_t>(q - p) > kMaxDoubleText) {
    return false;
  }
  const auto read = std::from_chars(p, q, value);
  if (read.ec != std::errc() || read.ptr != q) return false;
  p = q;
  return true;
}

}  // namespace dbomsbak
