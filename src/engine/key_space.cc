#include "engine/key_space.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <iterator>

namespace dbomsbak {
namespace {

using Number = long double;  // exact for all integers of 64 bits

constexpr std::size_t kDigits = 12;  // more than a Number can tell apart

Number ReadNumber(std::string_view text) {
  return std::strtold(std::string(text).c_str(), nullptr);
}

std::size_t Decimals(std::string_view text) {
  const std::size_t point = text.find('.');
  return point == std::string_view::npos ? 0 : text.size() - point - 1;
}

// The numbers in a text: 2024-02-29 23:59:59
std::array<Number, 6> Fields(std::string_view text) {
  std::array<Number, 6> fields{};
  const std::string copy(text);
  const char* p = copy.c_str();
  for (Number& field : fields) {
    while (*p != '\0' && (*p < '0' || *p > '9')) ++p;
    if (*p == '\0') break;
    char* end = nullptr;
    field = std::strtold(p, &end);
    p = end;
  }
  return fields;
}

// Months have 31 days here: order is all that counts.
Number ReadMoment(std::string_view text) {
  const auto [year, month, day, hour, minute, second] = Fields(text);
  return ((((year * 12 + std::max(month - 1, 0.0L)) * 31 + std::max(day - 1, 0.0L)) * 24 + hour) *
              60 +
          minute) *
             60 +
         second;
}

// In the same words as `like`.
std::string WriteMoment(Number seconds, std::string_view like) {
  const Number minutes = std::floor(seconds / 60);
  const Number hours = std::floor(minutes / 60);
  const Number days = std::floor(hours / 24);
  const auto months = static_cast<long>(std::floor(days / 31));
  const auto part = [](Number whole, Number part_size, Number of) {
    return static_cast<long>(whole - of * part_size);
  };
  const long day = std::min(part(days, 31, static_cast<Number>(months)) + 1, 28L);
  std::string text = fmt::format("{:04}-{:02}-{:02}", months / 12, months % 12 + 1, day);
  if (like.find(':') == std::string_view::npos) return text;
  const std::size_t decimals = Decimals(like);
  const long second = part(std::floor(seconds), 60, minutes);
  text +=
      fmt::format(" {:02}:{:02}:{:02}", part(hours, 24, days), part(minutes, 60, hours), second);
  if (decimals > 0) text += '.' + std::string(decimals, '0');
  return text;
}

Number ReadTime(std::string_view text) {
  const auto [hour, minute, second, none, of, these] = Fields(text);
  const Number seconds = (hour * 60 + minute) * 60 + second;
  return text.starts_with('-') ? -seconds : seconds;
}

std::string WriteTime(Number seconds) {
  const auto whole = static_cast<long>(std::floor(std::abs(seconds)));
  return fmt::format("{}{:02}:{:02}:{:02}", seconds < 0 ? "-" : "", whole / 3600, whole / 60 % 60,
                     whole % 60);
}

// How many bytes the first character of `text` has; right for valid text, which a column holds.
std::size_t CharacterSize(std::string_view text, std::string_view charset) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned>(static_cast<unsigned char>(text[i])) : 0U;
  };
  const unsigned lead = byte(0);
  if (charset.starts_with("utf8")) return lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (charset == "utf32") return 4;
  if (charset == "ucs2") return 2;
  if (charset == "utf16") return lead >= 0xD8 && lead < 0xDC ? 4 : 2;
  if (charset == "utf16le") return byte(1) >= 0xD8 && byte(1) < 0xDC ? 4 : 2;
  if (lead < 0x80) return 1;
  if (charset == "sjis" || charset == "cp932") return lead >= 0xA0 && lead < 0xE0 ? 1 : 2;
  if (charset == "ujis" || charset == "eucjpms") return lead == 0x8F ? 3 : 2;
  if (charset == "gb18030") return byte(1) >= '0' && byte(1) <= '9' ? 4 : 2;
  static constexpr std::string_view kTwoBytes[] = {"big5", "euckr", "gb2312", "gbk"};
  const bool two =
      std::find(std::begin(kTwoBytes), std::end(kTwoBytes), charset) != std::end(kTwoBytes);
  return two ? 2 : 1;
}

std::vector<std::string_view> Characters(std::string_view text, std::string_view charset) {
  std::vector<std::string_view> characters;
  while (!text.empty()) {
    const std::size_t size = std::min(CharacterSize(text, charset), text.size());
    characters.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return characters;
}

constexpr std::string_view kAlike[] = {"0123456789", "abcdefghijklmnopqrstuvwxyz",
                                       "ABCDEFGHIJKLMNOPQRSTUVWXYZ"};

// MariaDB compares UUIDs from their last group to the first, but for versions 6 and up.
constexpr std::string_view kUuidBackwards{
    "\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23\x13\x14\x15\x16\x0e\x0f\x10\x11\x09\x0a\x0b"
    "\x0c\x00\x01\x02\x03\x04\x05\x06\x07",
    32};
constexpr std::string_view kUuidForwards{
    "\x00\x01\x02\x03\x04\x05\x06\x07\x09\x0a\x0b\x0c\x0e\x0f\x10\x11\x13\x14\x15\x16\x18\x19\x1a"
    "\x1b\x1c\x1d\x1e\x1f\x20\x21\x22\x23",
    32};
constexpr std::size_t kUuidSize = 36;
constexpr char kVersion = 14, kVariant = 19;  // places that say how it is compared

std::string_view UuidOrder(std::string_view uuid) {
  return uuid.size() == kUuidSize && uuid[kVersion] >= '6' ? kUuidForwards : kUuidBackwards;
}

constexpr std::string_view kHexDigits = "0123456789abcdef";

int AddressFamily(std::string_view text) {
  return text.find(':') == std::string_view::npos ? AF_INET : AF_INET6;
}

// In the order of the network, which is that of the server; none: no address.
std::vector<unsigned> AddressBytes(std::string_view text) {
  unsigned char bytes[sizeof(in6_addr)];
  const int family = AddressFamily(text);
  if (inet_pton(family, std::string(text).c_str(), bytes) != 1) return {};
  return {bytes, bytes + (family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr))};
}

// `like` is an address of the same family, and has all the bytes that `bytes` lacks.
std::string WriteAddress(const std::vector<unsigned>& bytes, std::string_view like) {
  unsigned char address[sizeof(in6_addr)] = {};
  std::copy_n(bytes.begin(), std::min(bytes.size(), sizeof address), address);
  char text[INET6_ADDRSTRLEN];
  if (inet_ntop(AddressFamily(like), address, text, sizeof text) == nullptr) {
    return std::string(like);
  }
  return text;
}

}  // namespace

std::optional<KeySpace> KeySpace::For(const Column& column) {
  const std::string& type = column.data_type;
  if (type == "uuid") return KeySpace(Form::kUuid);
  if (type == "inet4" || type == "inet6") return KeySpace(Form::kAddress);
  switch (column.kind.value_class) {
    case ValueClass::kInteger:
    case ValueClass::kDecimal:
    case ValueClass::kBits:
      return KeySpace(Form::kNumber);
    case ValueClass::kTemporal:
      return KeySpace(type == "year" ? Form::kYear : type == "time" ? Form::kTime : Form::kMoment);
    case ValueClass::kBytes:
      return KeySpace(Form::kBytes);
    case ValueClass::kText: {
      KeySpace space(Form::kText);
      space.charset_ = column.charset;
      return space;
    }
    case ValueClass::kFloat32:
    case ValueClass::kFloat64:
    case ValueClass::kEnum:
      return std::nullopt;
  }
  return std::nullopt;
}

bool KeySpace::is_number() const {
  return form_ == Form::kNumber || form_ == Form::kYear || form_ == Form::kMoment ||
         form_ == Form::kTime;
}

std::vector<std::string> KeySpace::Unplaced(std::string_view value) const {
  std::vector<std::string> unplaced;
  if (form_ != Form::kText) return unplaced;
  const auto add = [&](std::string_view character) {
    std::string text(character);
    if (weights_.contains(text)) return false;
    if (std::find(unplaced.begin(), unplaced.end(), text) != unplaced.end()) return false;
    unplaced.push_back(std::move(text));
    return true;
  };
  for (const std::string_view character : Characters(value, charset_)) {
    if (!add(character)) continue;
    for (const std::string_view alike : kAlike) {
      if (alike.find(character) == std::string_view::npos) continue;
      for (const char c : alike) add({&c, 1});
    }
  }
  return unplaced;
}

void KeySpace::Place(const std::string& character, const std::string& weight) {
  weights_[character] = weight;
  by_weight_.emplace(weight, character);
}

unsigned KeySpace::Base() const {
  switch (form_) {
    case Form::kBytes:
      return 257;
    case Form::kUuid:
      return static_cast<unsigned>(kHexDigits.size());
    case Form::kAddress:
      return 256;
    default:
      return static_cast<unsigned>(by_weight_.size()) + 1;
  }
}

KeySpace::Digits KeySpace::DigitsOf(std::string_view value) const {
  Digits digits;
  if (form_ == Form::kAddress) {
    digits = AddressBytes(value);
  } else if (form_ == Form::kBytes) {
    for (const char byte : value) digits.push_back(static_cast<unsigned char>(byte) + 1U);
  } else if (form_ == Form::kUuid) {
    for (const char place : UuidOrder(value)) {
      const std::size_t at = static_cast<std::size_t>(place);
      const std::size_t digit =
          at < value.size() ? kHexDigits.find(value[at]) : std::string_view::npos;
      digits.push_back(digit == std::string_view::npos ? 0U : static_cast<unsigned>(digit));
    }
  } else {
    for (const std::string_view character : Characters(value, charset_)) {
      const auto weight = weights_.find(std::string(character));
      if (weight == weights_.end()) break;
      const auto place = by_weight_.find(weight->second);
      digits.push_back(static_cast<unsigned>(std::distance(by_weight_.begin(), place)) + 1);
    }
  }
  return digits;
}

std::string KeySpace::FromDigits(std::string_view low, const Digits& digits) const {
  std::string value;
  if (form_ == Form::kAddress) {
    value = WriteAddress(digits, low);
  } else if (form_ == Form::kBytes) {
    for (const unsigned digit : digits) value += static_cast<char>(digit - 1);
  } else if (form_ == Form::kUuid) {
    value = low;
    const std::string_view order = UuidOrder(low);
    for (std::size_t i = 0; i < digits.size() && i < order.size(); ++i) {
      if (order[i] == kVersion || order[i] == kVariant) continue;
      const std::size_t at = static_cast<std::size_t>(order[i]);
      if (at < value.size()) value[at] = kHexDigits[digits[i]];
    }
  } else {
    for (const unsigned digit : digits) {
      value += std::next(by_weight_.begin(), static_cast<std::ptrdiff_t>(digit) - 1)->second;
    }
  }
  return value;
}

namespace {

// Digits behind the first `from`, as a number from 0 to 1.
Number Part(const std::vector<unsigned>& digits, std::size_t from, unsigned base) {
  Number part = 0;
  Number unit = 1;
  for (std::size_t i = from; i < digits.size() && i < from + kDigits; ++i) {
    unit /= base;
    part += digits[i] * unit;
  }
  return part;
}

std::size_t CommonDigits(const std::vector<unsigned>& a, const std::vector<unsigned>& b) {
  const auto differs = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(differs.first - a.begin());
}

double Share(Number low, Number high, Number value) {
  if (high <= low) return 0;
  return static_cast<double>(std::clamp((value - low) / (high - low), 0.0L, 1.0L));
}

}  // namespace

double KeySpace::Fraction(std::string_view low, std::string_view high,
                          std::string_view value) const {
  if (is_number()) {
    const auto read = form_ == Form::kMoment ? ReadMoment
                      : form_ == Form::kTime ? ReadTime
                                             : ReadNumber;
    return Share(read(low), read(high), read(value));
  }
  const Digits low_digits = DigitsOf(low);
  const Digits high_digits = DigitsOf(high);
  const Digits digits = DigitsOf(value);
  const std::size_t common = CommonDigits(low_digits, high_digits);
  if (CommonDigits(low_digits, digits) < common) return 0;
  return Share(Part(low_digits, common, Base()), Part(high_digits, common, Base()),
               Part(digits, common, Base()));
}

std::string KeySpace::Between(std::string_view low, std::string_view high, double fraction) const {
  const auto between = [fraction](Number from, Number to) { return from + (to - from) * fraction; };
  switch (form_) {
    case Form::kNumber:
      return fmt::format("{:.{}f}", between(ReadNumber(low), ReadNumber(high)),
                         std::max(Decimals(low), Decimals(high)));
    case Form::kYear:
      return fmt::format("{:04.0f}", between(ReadNumber(low), ReadNumber(high)));
    case Form::kMoment:
      return WriteMoment(between(ReadMoment(low), ReadMoment(high)), low);
    case Form::kTime:
      return WriteTime(between(ReadTime(low), ReadTime(high)));
    default:
      break;
  }
  const Digits low_digits = DigitsOf(low);
  const Digits high_digits = DigitsOf(high);
  const std::size_t common = CommonDigits(low_digits, high_digits);
  const unsigned base = Base();
  Number rest = between(Part(low_digits, common, base), Part(high_digits, common, base));
  Digits digits(low_digits.begin(), low_digits.begin() + static_cast<std::ptrdiff_t>(common));
  for (std::size_t i = 0; i < kDigits; ++i) {
    rest *= base;
    const auto digit = static_cast<unsigned>(rest);
    if (digit >= base || (digit == 0 && !is_of_one_size())) break;  // the value ends here
    digits.push_back(digit);
    rest -= digit;
  }
  if (is_of_one_size()) {  // digits that are too small to tell stay those of `low`
    digits.resize(std::min(digits.size(), low_digits.size()));
    digits.insert(digits.end(), low_digits.begin() + static_cast<std::ptrdiff_t>(digits.size()),
                  low_digits.end());
  }
  // A Number rounds what it cannot tell apart, upwards too.
  return FromDigits(low, std::min(digits, high_digits));
}

}  // namespace dbomsbak
