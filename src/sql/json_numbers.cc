#include "sql/json_numbers.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <system_error>

#include "sql/text_scan.h"

namespace dbomsbak {
namespace {

bool IsNumberByte(char c) noexcept {
  return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

// -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?
bool IsNumber(std::string_view text) noexcept {
  const auto take_digits = [&text] {
    std::size_t size = 0;
    while (size < text.size() && text[size] >= '0' && text[size] <= '9') ++size;
    text.remove_prefix(size);
    return size;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t digits = take_digits();
  if (digits == 0 || (zero && digits > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

template <typename Integer>
bool IsIn(std::string_view text) noexcept {
  Integer value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size();
}

// A DOUBLE as MySQL prints it in JSON: the fewest digits that read back, without an exponent while
// the point is at most 15 digits from them, with a fraction always.
std::string DoubleInJson(double value) {
  constexpr int kFarthestPoint = 15;  // MAX_DECPT_FOR_F_FORMAT of its dtoa
  char digits[40];
  const auto scientific =
      std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
  const std::string_view text(digits, static_cast<std::size_t>(scientific.ptr - digits));
  const std::size_t e = text.find('e');
  if (e == std::string_view::npos) return "";
  int exponent = 0;
  const std::size_t sign = text[e + 1] == '+' ? 1 : 0;
  std::from_chars(text.data() + e + 1 + sign, text.data() + text.size(), exponent);
  const int point = exponent + 1;
  if (value != 0 && (point > kFarthestPoint || point <= -kFarthestPoint)) return "";
  char fixed[60];
  const auto written = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed);
  std::string shown(fixed, written.ptr);
  if (shown.find('.') == std::string::npos) shown += ".0";
  return shown;
}

bool IsDecimal(std::string_view number) {
  if (number.find_first_of("eE") != std::string_view::npos) return false;
  if (number.find('.') == std::string_view::npos) {
    return !IsIn<std::int64_t>(number) && !IsIn<std::uint64_t>(number);
  }
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  return read.ec != std::errc() || DoubleInJson(value) != number;
}

// Digits that a double holds as an integer, and a power of ten that is one too: their product or
// quotient is rounded once, and so right, however simple the reader.
bool IsReadAnywhere(std::string_view number) noexcept {
  constexpr int kMostDigits = 15;
  constexpr int kFarthestPower = 22;
  int digits = 0;        // from the first that is not 0 to the last that is not 0
  int zeros = 0;         // behind those
  int behind_point = 0;  // of all
  bool fraction = false;
  std::size_t i = 0;
  for (; i < number.size() && number[i] != 'e' && number[i] != 'E'; ++i) {
    const char c = number[i];
    if (c == '.') fraction = true;
    if (c < '0' || c > '9') continue;
    if (fraction) ++behind_point;
    if (c != '0') {
      digits += zeros + 1;
      zeros = 0;
    } else if (digits != 0) {
      ++zeros;
    }
  }
  int power = 0;
  if (i < number.size()) {
    if (++i < number.size() && number[i] == '+') ++i;
    const char* const end = number.data() + number.size();
    const auto read = std::from_chars(number.data() + i, end, power);
    if (read.ec != std::errc() || read.ptr != end) return false;
  }
  if (digits == 0) return true;
  power -= behind_point - zeros;
  return digits <= kMostDigits && power >= -kFarthestPower && power <= kFarthestPower;
}

bool IsInteger(std::string_view number) noexcept {
  return number.find_first_of(".eE") == std::string_view::npos;
}

// Where the scan is: in an object below a key, or in an array at an index.
struct Level {
  bool is_object;
  std::string_view key;  // with its quotes
  std::size_t index = 0;
};

std::string PathOf(const std::vector<Level>& levels) {
  std::string path = "$";
  for (const Level& level : levels) {
    path += level.is_object ? fmt::format(".{}", level.key) : fmt::format("[{}]", level.index);
  }
  return path;
}

}  // namespace

std::vector<JsonNumber> FindJsonNumbers(std::string_view json, JsonDoubles doubles) {
  std::vector<JsonNumber> found;
  std::vector<Level> levels;
  bool key_is_next = false;
  for (std::size_t i = 0; i < json.size();) {
    const char c = json[i];
    if (c == '"') {
      const std::size_t begin = i++;
      while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
      if (i >= json.size()) return {};
      ++i;
      if (key_is_next && !levels.empty()) levels.back().key = json.substr(begin, i - begin);
      key_is_next = false;
      continue;
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
      const std::size_t begin = i;
      while (i < json.size() && IsNumberByte(json[i])) ++i;
      const std::string_view number = json.substr(begin, i - begin);
      if (!IsNumber(number)) return {};
      if (IsDecimal(number)) {
        found.push_back({PathOf(levels), number, false});
      } else if (doubles == JsonDoubles::kRounded && !IsInteger(number) &&
                 !IsReadAnywhere(number)) {
        found.push_back({PathOf(levels), number, true});
      }
      continue;
    }
    if (c == '{' || c == '[') {
      levels.push_back({c == '{', {}, 0});
      key_is_next = c == '{';
    } else if (c == '}' || c == ']') {
      if (levels.empty()) return {};
      levels.pop_back();
    } else if (c == ',' && !levels.empty()) {
      key_is_next = levels.back().is_object;
      ++levels.back().index;
    }
    ++i;
  }
  // Looked at last: nearly no text has such numbers.
  if (!levels.empty() || (!found.empty() && !IsValidUtf8(json, 4))) return {};
  return found;
}

}  // namespace dbomsbak
