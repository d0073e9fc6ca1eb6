#include "sql/charsets.h"

#include <algorithm>

namespace dbomsbak {
namespace {

// Each maps the ASCII bytes to ASCII and back, measured on a server by
// tests/server/literal_roundtrip_test.py. Not here on purpose: swe7, sjis, cp932, ucs2, utf16,
// utf16le, utf32; and armscii8, whose ' ( ) , - . / MySQL 5.6 takes for others.
constexpr std::array kAsciiSupersets = {
    std::string_view("ascii"),   std::string_view("big5"),    std::string_view("cp1250"),
    std::string_view("cp1251"),  std::string_view("cp1256"),  std::string_view("cp1257"),
    std::string_view("cp850"),   std::string_view("cp852"),   std::string_view("cp866"),
    std::string_view("dec8"),    std::string_view("eucjpms"), std::string_view("euckr"),
    std::string_view("gb18030"), std::string_view("gb2312"),  std::string_view("gbk"),
    std::string_view("geostd8"), std::string_view("greek"),   std::string_view("hebrew"),
    std::string_view("hp8"),     std::string_view("keybcs2"), std::string_view("koi8r"),
    std::string_view("koi8u"),   std::string_view("latin2"),  std::string_view("latin5"),
    std::string_view("latin7"),  std::string_view("macce"),   std::string_view("macroman"),
    std::string_view("tis620"),  std::string_view("ujis")};
static_assert(std::is_sorted(kAsciiSupersets.begin(), kAsciiSupersets.end()));

}  // namespace

TextForm TextFormOf(std::string_view charset) noexcept {
  if (charset == "utf8mb4") return TextForm::kUtf8mb4;
  if (charset == "utf8mb3" || charset == "utf8") return TextForm::kUtf8mb3;
  if (charset == "latin1") return TextForm::kLatin1;
  if (std::binary_search(kAsciiSupersets.begin(), kAsciiSupersets.end(), charset)) {
    return TextForm::kAscii;
  }
  return TextForm::kHex;
}

bool IsWholeEucJpms(std::string_view text) noexcept {
  const auto is_trail = [text](std::size_t at) {
    const auto byte = at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    return byte >= 0xA1 && byte <= 0xFE;
  };
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      i += 1;
    } else if (lead == 0x8F && is_trail(i + 1) && is_trail(i + 2)) {
      i += 3;
    } else if ((lead == 0x8E || (lead >= 0xA1 && lead <= 0xFE)) && is_trail(i + 1)) {
      i += 2;
    } else {
      return false;
    }
  }
  return true;
}

int Latin1Byte(std::uint32_t code_point) noexcept {
  if (code_point < 0x80 || (code_point >= 0xA0 && code_point <= 0xFF)) {
    return static_cast<int>(code_point);
  }
  const auto found = std::find(kLatin1High.begin(), kLatin1High.end(), code_point);
  return found == kLatin1High.end() ? -1 : static_cast<int>(0x80 + (found - kLatin1High.begin()));
}

}  // namespace dbomsbak
