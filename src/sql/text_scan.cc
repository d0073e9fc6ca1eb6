#include "sql/text_scan.h"

#include <array>

namespace dbomsbak {
namespace {

constexpr std::array<char, 256> MakeEscapeLetters() {
  std::array<char, 256> letters{};
  for (int i = 0; i < 256; ++i)
    letters[static_cast<std::size_t>(i)] = EscapeLetter(static_cast<char>(i));
  return letters;
}
constexpr std::array<char, 256> kEscapeLetters = MakeEscapeLetters();

char LetterOf(char byte) noexcept { return kEscapeLetters[static_cast<unsigned char>(byte)]; }

constexpr std::array<signed char, 256> MakeHexValues() {
  std::array<signed char, 256> values{};
  for (auto& value : values) value = -1;
  for (std::size_t i = 0; i < 10; ++i) values['0' + i] = static_cast<signed char>(i);
  for (std::size_t i = 0; i < 6; ++i) values['A' + i] = static_cast<signed char>(10 + i);
  return values;
}
constexpr std::array<signed char, 256> kHexValues = MakeHexValues();

}  // namespace

char* Escape(std::string_view text, char* out) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
#if DBOMSBAK_SSE2
  while (end - p >= 16) {
    const __m128i block = scan_detail::Load(p);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
    const int mask = _mm_movemask_epi8(scan_detail::EscapableBytes(block));
    if (mask == 0) {
      p += 16;
      out += 16;
      continue;
    }
    const int clean = std::countr_zero(static_cast<unsigned>(mask));
    p += clean;
    out += clean;
    if (const char letter = LetterOf(*p); letter != 0) {
      *out++ = '\\';
      *out++ = letter;
    } else {
      *out++ = *p;  // a tab or another harmless control
    }
    ++p;
  }
#endif
  for (; p != end; ++p) {
    if (const char letter = LetterOf(*p); letter != 0) {
      *out++ = '\\';
      *out++ = letter;
    } else {
      *out++ = *p;
    }
  }
  return out;
}

std::size_t EscapedSize(std::string_view text) noexcept {
  std::size_t size = text.size();
  for (const char byte : text) size += LetterOf(byte) != 0 ? 1 : 0;
  return size;
}

char* Unescape(const char*& position, const char* piece_end, const char* end, char* out) noexcept {
  const char* p = position;
#if DBOMSBAK_SSE2
  while (piece_end - p >= 16) {
    const __m128i block = scan_detail::Load(p);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
    const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
    if (mask == 0) {
      p += 16;
      out += 16;
      continue;
    }
    const int clean = std::countr_zero(static_cast<unsigned>(mask));
    p += clean;
    out += clean;
    // Escapes come in runs: \\\' in nested JSON.
    while (*p == '\\' && end - p >= 2) {
      *out++ = static_cast<char>(UnescapeLetter(p[1]));
      p += 2;
      if (p >= piece_end) break;
    }
    if (p < piece_end && *p == '\\') break;  // cut short, which well-formed text is not
  }
#endif
  while (p < piece_end) {
    if (*p == '\\' && p + 1 != end) {
      *out++ = static_cast<char>(UnescapeLetter(p[1]));
      p += 2;
    } else {
      *out++ = *p++;
    }
  }
  position = p;
  return out;
}

bool IsValidUtf8(std::string_view text, unsigned max_bytes_a_character) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
#if DBOMSBAK_SSE2
    while (end - p >= 16) {
      const int mask = _mm_movemask_epi8(scan_detail::Load(p));
      if (mask != 0) {
        p += std::countr_zero(static_cast<unsigned>(mask));
        break;
      }
      p += 16;
    }
#endif
    while (p != end && !IsHighByte(*p)) ++p;
    while (p != end && IsHighByte(*p)) {
      const unsigned length = Utf8SequenceLength(p, end);
      if (length == 0 || length > max_bytes_a_character) return false;
      p += length;
    }
  }
  return true;
}

char* EncodeHex(std::string_view bytes, char* out) noexcept {
  const char* p = bytes.data();
  const char* const end = p + bytes.size();
#if DBOMSBAK_SSE2
  const __m128i low_nibbles = _mm_set1_epi8(0x0F);
  const auto digits = [](__m128i nibbles) {
    const __m128i beyond_nine = _mm_cmpgt_epi8(nibbles, _mm_set1_epi8(9));
    return _mm_add_epi8(_mm_add_epi8(nibbles, _mm_set1_epi8('0')),
                        _mm_and_si128(beyond_nine, _mm_set1_epi8('A' - '0' - 10)));
  };
  for (; end - p >= 16; p += 16, out += 32) {
    const __m128i block = scan_detail::Load(p);
    const __m128i high = digits(_mm_and_si128(_mm_srli_epi16(block, 4), low_nibbles));
    const __m128i low = digits(_mm_and_si128(block, low_nibbles));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), _mm_unpacklo_epi8(high, low));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), _mm_unpackhi_epi8(high, low));
  }
#endif
  constexpr char kDigits[] = "0123456789ABCDEF";
  for (; p != end; ++p) {
    const unsigned byte = static_cast<unsigned char>(*p);
    *out++ = kDigits[byte >> 4];
    *out++ = kDigits[byte & 15];
  }
  return out;
}

const char* SkipHexDigits(const char* p, const char* end) noexcept {
#if DBOMSBAK_SSE2
  while (end - p >= 16) {
    const __m128i text = scan_detail::Load(p);
    const __m128i number = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    const __m128i letter = _mm_sub_epi8(text, _mm_set1_epi8('A'));
    const int digits = _mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number),
                     _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter)));
    if (digits != 0xFFFF) return p + std::countr_one(static_cast<unsigned>(digits));
    p += 16;
  }
#endif
  while (p != end && kHexValues[static_cast<unsigned char>(*p)] >= 0) ++p;
  return p;
}

bool DecodeHexDigits(const char* digits, std::size_t size, char* out) noexcept {
#if DBOMSBAK_SSE2
  for (; size >= 8; size -= 8, digits += 16, out += 8) {
    if (scan_detail::HexPairs(scan_detail::Load(digits), out) != 0xFFFF) return false;
  }
#endif
  for (; size != 0; --size, digits += 2) {
    const int high = kHexValues[static_cast<unsigned char>(digits[0])];
    const int low = kHexValues[static_cast<unsigned char>(digits[1])];
    if (high < 0 || low < 0) return false;
    *out++ = static_cast<char>(high * 16 + low);
  }
  return true;
}

}  // namespace dbomsbak
