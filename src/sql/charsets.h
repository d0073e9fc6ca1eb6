// How text of a character set is carried in UTF-8 SQL text.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace dbomsbak {

enum class TextForm {
  kUtf8mb4,  // raw when valid, else hex
  kUtf8mb3,  // raw when valid and without four-byte characters, else hex
  kLatin1,   // converted to UTF-8: a bijection, so never hex
  kAscii,    // raw when pure ASCII, else hex: supersets of ASCII whose round trip through UTF-8 may
             // lose characters
  kHex,      // always hex: an ASCII byte may mean something else, or half a character
};

// Unknown character sets are kHex: always right, if not pretty.
TextForm TextFormOf(std::string_view charset) noexcept;

// MySQL's latin1 is cp1252 with the five holes filled by the C1 controls of the same number.
// Code points of the bytes 0x80 to 0x9F; all others are their own.
inline constexpr std::array<std::uint16_t, 32> kLatin1High = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

constexpr std::uint16_t Latin1CodePoint(unsigned char byte) noexcept {
  return byte >= 0x80 && byte < 0xA0 ? kLatin1High[byte - 0x80U] : byte;
}

// Is each character of this eucjpms text whole? (OceanBase holds others, and takes them as bytes
// alone.)
bool IsWholeEucJpms(std::string_view text) noexcept;

// The byte of a code point, -1 when latin1 has none.
int Latin1Byte(std::uint32_t code_point) noexcept;

}  // namespace dbomsbak
