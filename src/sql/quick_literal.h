// The common literals of an archive in one pass: sixteen bytes at a time they are checked, and
// their values written where the row's canonical form wants them.
//
// Whatever is rare, long, near the end of the text or wrong is left to LiteralReader, which knows
// it all and says what is wrong. It is the oracle of the tests, too: with or without what stands
// here a text gives the same values, or the same damage at the same place.
#pragma once

#include <bit>
#include <cstddef>
#include <string_view>

#include "sql/text_scan.h"

namespace dbomsbak {

enum class HighBytes { kAny, kNone, kUtf8mb3, kUtf8mb4, kLatin1 };

// `text_end` is null when the literal must be looked at more closely; `out` may have been written
// to all the same.
struct QuickValue {
  const char* text_end = nullptr;
  char* value_end = nullptr;
};

// How far a string or hex literal was found to be in order: its text up to `text`, with so many
// escapes. Null when it was not looked at.
struct QuickProgress {
  const char* text = nullptr;
  std::size_t escapes = 0;
};

inline constexpr std::ptrdiff_t kQuickLookahead = 48;  // bytes of text that must be there

#if DBOMSBAK_SSE2

namespace quick_detail {

inline __m128i Load(const char* p) noexcept { return scan_detail::Load(p); }
inline void Store(char* out, __m128i block) noexcept {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
}
inline unsigned Mask(__m128i lanes) noexcept {
  return static_cast<unsigned>(_mm_movemask_epi8(lanes));
}
inline __m128i AtMost(__m128i lanes, char most) noexcept {
  return _mm_cmpeq_epi8(_mm_min_epu8(lanes, _mm_set1_epi8(most)), lanes);
}
inline unsigned DigitMask(__m128i block) noexcept {
  return Mask(AtMost(_mm_sub_epi8(block, _mm_set1_epi8('0')), 9));
}
// 0 to 9 - . : and blank: '-' to ':' are those and '/'.
inline unsigned TemporalMask(__m128i block) noexcept {
  const __m128i near = AtMost(_mm_sub_epi8(block, _mm_set1_epi8('-')), ':' - '-');
  const __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('/'));
  return Mask(
      _mm_or_si128(_mm_andnot_si128(slash, near), _mm_cmpeq_epi8(block, _mm_set1_epi8(' '))));
}

}  // namespace quick_detail

// -123 or, with_fraction, -12.50. `out` has room for 16 bytes.
inline QuickValue QuickNumber(const char* p, bool with_fraction, char* out) noexcept {
  const bool negative = *p == '-';
  const char* const digits = p + negative;
  const unsigned mask = quick_detail::DigitMask(quick_detail::Load(digits));
  auto size = static_cast<unsigned>(std::countr_one(mask));
  if (size == 0 || (*digits == '0' && (negative || size > 1))) return {};
  if (with_fraction && digits[size] == '.') {
    const auto fraction = static_cast<unsigned>(std::countr_one(mask >> (size + 1)));
    if (fraction == 0) return {};
    size += 1 + fraction;
  }
  if (size + negative > 15) return {};  // it may go on
  size += negative;
  quick_detail::Store(out, quick_detail::Load(p));
  return {p + size, out + size};
}

// '2026-01-31 00:00:00.000000'. `out` has room for 32 bytes.
inline QuickValue QuickTemporal(const char* p, char* out) noexcept {
  if (*p != '\'') return {};
  ++p;
  const __m128i low = quick_detail::Load(p);
  const __m128i high = quick_detail::Load(p + 16);
  const unsigned mask = quick_detail::TemporalMask(low) | quick_detail::TemporalMask(high) << 16;
  const int size = std::countr_one(mask);
  if (size == 32 || p[size] != '\'') return {};
  quick_detail::Store(out, low);
  quick_detail::Store(out + 16, high);
  return {p + size + 1, out + size};
}

// 0x00FF. `out_end`: 32 bytes beyond may be written. `progress.text` is behind digits.
inline QuickValue QuickHex(const char* p, const char* end, char* out, const char* out_end,
                           QuickProgress& progress) noexcept {
  if (p[0] != '0' || p[1] != 'x') return {};
  p += 2;
  const char* const start = p;
  for (; end - p >= 16 && out <= out_end; p += 16, out += 8) {
    const unsigned mask = scan_detail::HexPairs(quick_detail::Load(p), out);
    if (mask == 0xFFFF) continue;
    const int left = std::countr_one(mask);
    if (left % 2 != 0 || (left == 0 && p == start)) return {};
    return {p + left, out + left / 2};
  }
  progress.text = p;
  return {};
}

// 'it\'s', from the opening to behind the closing quote, but not ''. Bytes beyond ASCII are taken
// where they stand for themselves: in UTF-8. `out_end`: 32 bytes beyond may be written.
inline QuickValue QuickText(const char* p, const char* end, HighBytes high_bytes, char* out,
                            const char* out_end, QuickProgress& progress) noexcept {
  const unsigned longest = high_bytes == HighBytes::kUtf8mb4   ? 4
                           : high_bytes == HighBytes::kUtf8mb3 ? 3
                                                               : 0;
  const char* const start = ++p;
  const char* const value = out;
  // A block, and what may stand behind its special byte.
  const auto has_block = [&] { return end - p >= 32 && out <= out_end; };
  while (has_block()) {
    const __m128i block = quick_detail::Load(p);
    quick_detail::Store(out, block);
    const unsigned mask = quick_detail::Mask(scan_detail::SpecialBytes(block));
    if (mask == 0) {
      p += 16;
      out += 16;
      continue;
    }
    const int clean = std::countr_zero(mask);
    p += clean;
    out += clean;
    const char c = *p;
    if (c == '\'') {
      if (p == start) return {};
      return {p + 1, out};
    }
    if (c == '\\') {
      // Escapes come in runs: \\\' in nested JSON.
      do {
        const int byte = UnescapeLetter(p[1]);
        if (byte < 0) goto look_closer;
        *out++ = static_cast<char>(byte);
        p += 2;
      } while (has_block() && *p == '\\');
    } else if (!IsHighByte(c)) {
      if (EscapeLetter(c) != 0) break;
      *out++ = c;
      ++p;
    } else {
      do {
        const unsigned length = longest == 0 ? 0 : Utf8SequenceLength(p, end);
        if (length == 0 || length > longest) goto look_closer;
        std::memcpy(out, p, 4);
        out += length;
        p += length;
      } while (has_block() && IsHighByte(*p));
    }
  }
look_closer:
  progress.text = p;
  progress.escapes = static_cast<std::size_t>((p - start) - (out - value));
  return {};
}

#else

inline QuickValue QuickNumber(const char*, bool, char*) noexcept { return {}; }
inline QuickValue QuickTemporal(const char*, char*) noexcept { return {}; }
inline QuickValue QuickHex(const char*, const char*, char*, const char*, QuickProgress&) noexcept {
  return {};
}
inline QuickValue QuickText(const char*, const char*, HighBytes, char*, const char*,
                            QuickProgress&) noexcept {
  return {};
}

#endif

}  // namespace dbomsbak
