#include "sql/text_scan.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dbomsbak/base/bytes.h"
#include "sql/charsets.h"
#include "unit/sql/sql_testing.h"

namespace dbomsbak {
namespace {

using test::Random;

// Exactly as long as the text, so that a sanitizer sees every byte read beyond it.
struct Exact {
  explicit Exact(std::string_view text) : bytes(new char[text.size()]), size(text.size()) {
    if (size != 0) std::memcpy(bytes.get(), text.data(), size);
  }
  std::string_view view() const { return {bytes.get(), size}; }
  std::unique_ptr<char[]> bytes;
  std::size_t size;
};

TEST(TextScanTest, FastAndPlainScansAgree) {
  Random random;
  SCOPED_TRACE(random.seed());
  for (int i = 0; i < 20000; ++i) {
    const Exact text(random.Bytes(random.Below(70)));
    const std::string_view view = text.view();
    const TextTraits fast = TraitsOf(view);
    const TextTraits simple = plain::TraitsOf(view);
    ASSERT_EQ(fast.has_high_bytes, simple.has_high_bytes) << ToHex(view);
    if (simple.may_need_escapes) {
      ASSERT_TRUE(fast.may_need_escapes) << ToHex(view);
    }
    const char* const end = view.data() + view.size();
    ASSERT_EQ(FindSpecial(view.data(), end), plain::FindSpecial(view.data(), end)) << ToHex(view);
  }
}

TEST(TextScanTest, EveryByteAtEveryPlaceIsSeen) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string text(size, 'a');
        text[at] = static_cast<char>(byte);
        const Exact exact(text);
        const TextTraits traits = TraitsOf(exact.view());
        ASSERT_EQ(traits.has_high_bytes, byte >= 0x80);
        if (EscapeLetter(static_cast<char>(byte)) != 0) {
          ASSERT_TRUE(traits.may_need_escapes);
        }
      }
    }
  }
}

TEST(TextScanTest, EscapeAndUnescapeAreInverse) {
  Random random;
  SCOPED_TRACE(random.seed());
  for (int i = 0; i < 5000; ++i) {
    const Exact text(random.Bytes(random.Below(300)));
    std::string simple;
    for (const char c : text.view()) {
      if (const char letter = EscapeLetter(c)) {
        simple += {'\\', letter};
      } else {
        simple += c;
      }
    }
    std::string escaped(2 * text.size + kScanSlack, '\0');
    escaped.resize(static_cast<std::size_t>(Escape(text.view(), escaped.data()) - escaped.data()));
    ASSERT_EQ(escaped, simple);
    ASSERT_EQ(EscapedSize(text.view()), simple.size());

    const Exact literal(escaped);
    std::string back(literal.size + kScanSlack, '\0');
    const char* p = literal.view().data();
    const char* const end = p + literal.size;
    char* out = back.data();
    while (p != end) {  // in pieces of any size
      const auto left = static_cast<std::size_t>(end - p);
      out = Unescape(p, p + std::min<std::size_t>(left, 1 + random.Below(50)), end, out);
    }
    back.resize(static_cast<std::size_t>(out - back.data()));
    ASSERT_EQ(back, text.view());
  }
}

TEST(TextScanTest, HexIsReadBackAndOtherDigitsAreNot) {
  Random random;
  SCOPED_TRACE(random.seed());
  for (int i = 0; i < 3000; ++i) {
    const Exact bytes(random.Bytes(random.Below(100)));
    std::string hex(2 * bytes.size, '\0');
    EncodeHex(bytes.view(), hex.data());
    std::string lower = hex;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    ASSERT_EQ(lower, ToHex(bytes.view()));
    std::string back(bytes.size, '\0');
    ASSERT_TRUE(DecodeHexDigits(hex.data(), back.size(), back.data()));
    ASSERT_EQ(back, bytes.view());
    const Exact digits(hex + std::string(random.Below(2), 'x'));
    const char* const first = digits.view().data();
    ASSERT_EQ(SkipHexDigits(first, first + digits.size), first + hex.size());
    if (hex.empty()) continue;
    const char wrong = static_cast<char>(random.Below(256));
    const std::size_t at = random.Below(hex.size());
    hex[at] = wrong;
    const bool is_digit = (wrong >= '0' && wrong <= '9') || (wrong >= 'A' && wrong <= 'F');
    ASSERT_EQ(DecodeHexDigits(hex.data(), back.size(), back.data()), is_digit) << hex;
    ASSERT_EQ(SkipHexDigits(hex.data(), hex.data() + hex.size()),
              hex.data() + (is_digit ? hex.size() : at));
  }
}

TEST(TextScanTest, ValidUtf8IsWhatUnicodeSaysItIs) {
  // Every code point but the surrogates is valid; everything of one to four bytes that is no
  // code point is not. The encoder of the test knows nothing of ranges.
  for (std::uint32_t c = 0; c < 0x110000; ++c) {
    std::string text;
    Random::AppendUtf8(c, text);
    const bool surrogate = c >= 0xD800 && c < 0xE000;
    ASSERT_EQ(IsValidUtf8(text, 4), !surrogate) << c;
    ASSERT_EQ(IsValidUtf8(text, 3), !surrogate && c < 0x10000) << c;
    ASSERT_FALSE(text.size() > 1 && IsValidUtf8(text.substr(0, text.size() - 1), 4)) << c;
  }
  for (const std::string_view bad :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xFE", "\xC3(", "a\xE2\x82"}) {
    EXPECT_FALSE(IsValidUtf8(bad, 4)) << ToHex(bad);
    EXPECT_FALSE(IsValidUtf8(std::string(37, 'a') + std::string(bad), 4)) << ToHex(bad);
  }
}

TEST(CharsetsTest, Latin1IsABijectionOfAllBytes) {
  for (int byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(Latin1Byte(Latin1CodePoint(static_cast<unsigned char>(byte))), byte);
  }
  EXPECT_EQ(Latin1Byte(0x80), -1);
  EXPECT_EQ(Latin1Byte(0x100), -1);
}

}  // namespace
}  // namespace dbomsbak
