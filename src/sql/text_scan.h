// Scanning of text for bytes that need care, sixteen at a time where SSE2 is there.
// The plain versions in namespace `plain` say what the fast ones mean; tests compare the two.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#define DBOMSBAK_SSE2 1
#else
#define DBOMSBAK_SSE2 0
#endif

namespace dbomsbak {

// The letter behind the backslash for bytes that must be escaped in a literal, else 0. A new line
// is among them, so that a row stays one line of text.
constexpr char EscapeLetter(char byte) noexcept {
  switch (byte) {
    case '\0':
      return '0';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\\':
      return '\\';
    case '\'':
      return '\'';
    case '\x1A':
      return 'Z';
    default:
      return 0;
  }
}

namespace scan_detail {
constexpr std::array<signed char, 256> MakeUnescapeTable() {
  std::array<signed char, 256> table{};
  for (signed char& value : table) value = -1;
  table['0'] = 0;
  table['n'] = '\n';
  table['r'] = '\r';
  table['\\'] = '\\';
  table['\''] = '\'';
  table['Z'] = 0x1A;
  return table;
}
inline constexpr std::array<signed char, 256> kUnescapeTable = MakeUnescapeTable();
}  // namespace scan_detail

// The other way round; -1 for a letter the encoder never writes.
constexpr int UnescapeLetter(char letter) noexcept {
  return scan_detail::kUnescapeTable[static_cast<unsigned char>(letter)];
}

constexpr bool IsHighByte(char byte) noexcept { return static_cast<signed char>(byte) < 0; }

// What a text holds besides harmless ASCII.
struct TextTraits {
  bool may_need_escapes = false;  // false is certain; true may be a mere tab
  bool has_high_bytes = false;    // exact
};

namespace plain {

inline TextTraits TraitsOf(std::string_view text) noexcept {
  TextTraits traits;
  for (const char byte : text) {
    traits.may_need_escapes |= EscapeLetter(byte) != 0;
    traits.has_high_bytes |= IsHighByte(byte);
  }
  return traits;
}

// First byte a reader of a literal must look at: ' \ a byte >= 0x80, or one of 0x00 to 0x1A.
inline const char* FindSpecial(const char* p, const char* end) noexcept {
  while (p != end && static_cast<signed char>(*p) > 0x1A && *p != '\'' && *p != '\\') ++p;
  return p;
}

}  // namespace plain

#if DBOMSBAK_SSE2

namespace scan_detail {

inline __m128i Load(const char* p) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
}

// Signed comparison: bytes >= 0x80 count as smaller than 0x1B, too.
inline __m128i SpecialBytes(__m128i block) noexcept {
  return _mm_or_si128(_mm_cmplt_epi8(block, _mm_set1_epi8(0x1B)),
                      _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\'')),
                                   _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
}

// Unsigned comparison: 0x00 to 0x1A, ' and \.
inline __m128i EscapableBytes(__m128i block) noexcept {
  return _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1A)), block),
                      _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('\'')),
                                   _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
}

// Eight bytes from sixteen hex digits, 0 to 9 and A to F; returns a bit for each that is one.
inline unsigned HexPairs(__m128i text, char* out) noexcept {
  // Digits become 0 to 9, letters 10 to 15; whatever is neither fails both range checks.
  const __m128i number = _mm_sub_epi8(text, _mm_set1_epi8('0'));
  const __m128i letter = _mm_sub_epi8(text, _mm_set1_epi8('A'));
  const __m128i is_number = _mm_cmpeq_epi8(_mm_min_epu8(number, _mm_set1_epi8(9)), number);
  const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(5)), letter);
  const __m128i nibbles =
      _mm_or_si128(_mm_and_si128(is_number, number),
                   _mm_and_si128(is_letter, _mm_add_epi8(letter, _mm_set1_epi8(10))));
  // In each pair the first character, the low byte of the 16-bit lane, is the high nibble.
  const __m128i pairs =
      _mm_or_si128(_mm_slli_epi16(_mm_and_si128(nibbles, _mm_set1_epi16(0x00FF)), 4),
                   _mm_srli_epi16(nibbles, 8));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out), _mm_packus_epi16(pairs, pairs));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(is_number, is_letter)));
}

// One to fifteen bytes, repeated so that all lanes hold bytes of the text and nothing else.
inline __m128i LoadShort(const char* p, std::size_t size) noexcept {
  std::uint64_t low;
  std::uint64_t high;
  if (size >= 8) {
    std::memcpy(&low, p, 8);
    std::memcpy(&high, p + size - 8, 8);
  } else if (size >= 4) {
    std::uint32_t a;
    std::uint32_t b;
    std::memcpy(&a, p, 4);
    std::memcpy(&b, p + size - 4, 4);
    low = high = static_cast<std::uint64_t>(a) << 32 | b;
  } else {
    const std::uint64_t bytes =
        static_cast<std::uint64_t>(static_cast<unsigned char>(p[0])) |
        static_cast<std::uint64_t>(static_cast<unsigned char>(p[size / 2])) << 8 |
        static_cast<std::uint64_t>(static_cast<unsigned char>(p[size - 1])) << 16;
    low = high = bytes * 0x0000000001000001ULL | static_cast<std::uint64_t>(bytes & 0xFFFF) << 48;
  }
  return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
}

}  // namespace scan_detail

inline TextTraits TraitsOf(std::string_view text) noexcept {
  using scan_detail::EscapableBytes;
  using scan_detail::Load;
  if (text.empty()) return {};
  const char* p = text.data();
  __m128i escapes;
  __m128i all;
  if (text.size() < 16) {
    all = scan_detail::LoadShort(p, text.size());
    escapes = EscapableBytes(all);
  } else {
    const char* const last = p + text.size() - 16;
    all = Load(last);
    escapes = EscapableBytes(all);
    for (; p < last; p += 16) {
      const __m128i block = Load(p);
      all = _mm_or_si128(all, block);
      escapes = _mm_or_si128(escapes, EscapableBytes(block));
    }
  }
  return {_mm_movemask_epi8(escapes) != 0, _mm_movemask_epi8(all) != 0};
}

inline const char* FindSpecial(const char* p, const char* end) noexcept {
  while (end - p >= 16) {
    const int mask = _mm_movemask_epi8(scan_detail::SpecialBytes(scan_detail::Load(p)));
    if (mask != 0) return p + std::countr_zero(static_cast<unsigned>(mask));
    p += 16;
  }
  return plain::FindSpecial(p, end);
}

#else

inline TextTraits TraitsOf(std::string_view text) noexcept { return plain::TraitsOf(text); }
inline const char* FindSpecial(const char* p, const char* end) noexcept {
  return plain::FindSpecial(p, end);
}

#endif

// Bytes that Escape and Unescape may write beyond their result.
inline constexpr std::size_t kScanSlack = 16;

// Writes `text` with escapes; `out` has room for 2 * size + kScanSlack bytes. Returns the new end.
char* Escape(std::string_view text, char* out) noexcept;

// Size of the text with its escapes.
std::size_t EscapedSize(std::string_view text) noexcept;

// Undoes Escape for text known to be well formed. Stops at the first unit that begins at or behind
// `piece_end`; `text` runs on behind it. `out` has room for piece size + kScanSlack. Sets `p` to
// where it stopped and returns the new end of the output.
char* Unescape(const char*& p, const char* piece_end, const char* end, char* out) noexcept;

// UTF-8 as MySQL's utf8mb3 (up to 3 bytes a character) or utf8mb4 hold it, and as everybody reads
// it: surrogates and overlong forms are not valid.
bool IsValidUtf8(std::string_view text, unsigned max_bytes_a_character) noexcept;

// Length of the valid UTF-8 sequence of two to four bytes that starts at `p`, 0 if there is none.
inline unsigned Utf8SequenceLength(const char* p, const char* end) noexcept {
  const auto byte = [p](int i) { return static_cast<unsigned char>(p[i]); };
  const auto trail = [&byte](int i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  const std::ptrdiff_t left = end - p;
  if (lead >= 0xE0 && lead < 0xF0) {
    if (left < 3 || !trail(1) || !trail(2)) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;   // overlong
    if (lead == 0xED && byte(1) >= 0xA0) return 0;  // surrogate
    return 3;
  }
  if (lead >= 0xC2 && lead < 0xE0) return left >= 2 && trail(1) ? 2 : 0;
  if (lead >= 0xF0 && lead < 0xF5) {
    if (left < 4 || !trail(1) || !trail(2) || !trail(3)) return 0;
    if (lead == 0xF0 && byte(1) < 0x90) return 0;   // overlong
    if (lead == 0xF4 && byte(1) >= 0x90) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

// The character of a valid sequence of two or three bytes.
inline std::uint32_t Utf8CodePoint(const char* p, unsigned length) noexcept {
  const auto byte = [p](int i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(p[i]));
  };
  return length == 2 ? (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F)
                     : (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
}

// Upper-case digits, two a byte; `out` has room for 2 * size bytes. Returns the new end.
char* EncodeHex(std::string_view bytes, char* out) noexcept;

// Behind the upper-case hex digits that begin at `p`.
const char* SkipHexDigits(const char* p, const char* end) noexcept;

// Upper-case digits back into bytes; false when there is another character among them.
// `size` bytes are written from 2 * size digits.
bool DecodeHexDigits(const char* digits, std::size_t size, char* out) noexcept;

}  // namespace dbomsbak
