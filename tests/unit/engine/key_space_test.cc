#include "engine/key_space.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace dbomsbak {
namespace {

KeySpace SpaceOf(std::string_view kind, std::string data_type, std::string charset = "") {
  Column column;
  column.kind = ColumnKind::Parse(kind).value();
  column.data_type = std::move(data_type);
  column.charset = std::move(charset);
  std::optional<KeySpace> space = KeySpace::For(column);
  EXPECT_TRUE(space.has_value()) << kind;
  return *std::move(space);
}

void PlaceAll(KeySpace& space, std::string_view value) {
  for (const std::string& character : space.Unplaced(value)) space.Place(character, character);
}

// What is guessed at a fraction stands there.
void ExpectEven(const KeySpace& space, std::string_view low, std::string_view high, double within) {
  for (const double fraction : {0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0}) {
    const std::string guess = space.Between(low, high, fraction);
    EXPECT_NEAR(space.Fraction(low, high, guess), fraction, within) << low << " … " << guess;
  }
}

TEST(KeySpace, NumbersAreExact) {
  const KeySpace integers = SpaceOf("int", "bigint");
  EXPECT_EQ(integers.Between("-9223372036854775808", "9223372036854775807", 0.5), "-0");
  EXPECT_EQ(integers.Between("18446744073709551605", "18446744073709551615", 0.5),
            "18446744073709551610");
  EXPECT_EQ(integers.Between("-40", "-20", 0.25), "-35");
  ExpectEven(integers, "-100000", "100000", 1e-5);
  EXPECT_EQ(SpaceOf("decimal", "decimal").Between("1.50", "2.50", 0.5), "2.00");
  EXPECT_EQ(SpaceOf("temporal", "year").Between("1901", "2155", 0.5), "2028");
}

TEST(KeySpace, MomentsKeepTheWordsOfTheirColumn) {
  const KeySpace moments = SpaceOf("temporal", "datetime");
  EXPECT_EQ(moments.Between("2024-01-01 00:00:00", "2024-01-01 12:00:00", 0.5),
            "2024-01-01 06:00:00");
  EXPECT_EQ(moments.Between("2020-01-01", "2021-01-01", 0.5), "2020-07-01");
  EXPECT_EQ(moments.Between("2024-01-01 00:00:00.000000", "2024-01-01 00:00:20.000000", 0.5),
            "2024-01-01 00:00:10.000000");
  ExpectEven(moments, "1000-01-01", "9999-12-31", 1e-3);
  EXPECT_EQ(SpaceOf("temporal", "time").Between("-10:00:00", "10:00:00", 0.25), "-05:00:00");
}

TEST(KeySpace, BytesAndTextsAreSpreadBehindTheirCommonBeginning) {
  const KeySpace bytes = SpaceOf("bytes", "binary");
  ExpectEven(bytes, std::string("ab\x00\x00", 4), "ab\xFF\xFF", 1e-3);
  EXPECT_TRUE(bytes.Between("abc1", "abc9", 0.5).starts_with("abc5"));
  KeySpace text = SpaceOf("text:utf8mb4", "varchar", "utf8mb4");
  for (const char* value : {"order-000017", "order-999999", "order-500000"}) PlaceAll(text, value);
  ExpectEven(text, "order-000017", "order-999999", 1e-3);
  // Only characters that were seen, and their like, are guessed.
  KeySpace russian = SpaceOf("text:utf8mb4", "varchar", "utf8mb4");
  for (const char* value : {"клад", "ключ", "ясно"}) PlaceAll(russian, value);
  EXPECT_TRUE(russian.Unplaced(russian.Between("клад", "ясно", 0.7)).empty());
}

TEST(KeySpace, CharactersOfEveryCharsetStayWhole) {
  const struct {
    const char* charset;
    const char* character;
  } cases[] = {{"sjis", "\x83\x41"},  {"cp932", "\x83\x41"},           {"gbk", "\xCA\xFD"},
               {"big5", "\xA4\x40"},  {"ujis", "\x8F\xB0\xA1"},        {"eucjpms", "\xB0\xA1"},
               {"euckr", "\xB0\xA1"}, {"gb18030", "\x81\x30\x81\x30"}, {"utf8mb3", "é"}};
  for (const auto& [charset, character] : cases) {
    const KeySpace space = SpaceOf(std::string("text:") + charset, "varchar", charset);
    EXPECT_EQ(space.Unplaced(character), std::vector<std::string>{character}) << charset;
  }
  const KeySpace wide = SpaceOf("text:utf16", "varchar", "utf16");
  EXPECT_EQ(wide.Unplaced({"\x00\x41\xD8\x3D\xDE\x00", 6}),
            (std::vector<std::string>{{"\x00\x41", 2}, {"\xD8\x3D\xDE\x00", 4}}));
}

TEST(KeySpace, UuidsAreOrderedAsMariaDbDoes) {
  const KeySpace uuids = SpaceOf("text:ascii", "uuid");
  const std::string low = "ffffffff-ffff-4fff-8fff-000000000000";
  const std::string high = "00000000-0000-4000-8000-ffffffffffff";
  ExpectEven(uuids, low, high, 5e-3);
  EXPECT_TRUE(uuids.Between(low, high, 0.5).ends_with("-7ffffffffff7") ||
              uuids.Between(low, high, 0.5).ends_with("-7fffffffffff") ||
              uuids.Between(low, high, 0.5).ends_with("-800000000000"))
      << uuids.Between(low, high, 0.5);
}

TEST(KeySpace, AddressesAreOrderedByTheirBytes) {
  const KeySpace six = SpaceOf("text:ascii", "inet6");
  EXPECT_EQ(six.Between("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 0.5), "8000::");
  EXPECT_EQ(six.Between("2001:db8::10", "2001:db8::20", 0.5), "2001:db8::18");
  EXPECT_EQ(six.Between("::ffff:10.0.0.1", "::ffff:10.0.0.3", 0.5), "::ffff:10.0.0.2");
  ExpectEven(six, "2001:db8::", "2001:db8:0:ffff::", 1e-3);
  const KeySpace four = SpaceOf("text:ascii", "inet4");
  EXPECT_EQ(four.Between("9.255.255.0", "10.0.1.0", 0.5), "10.0.0.0");
  EXPECT_EQ(four.Between("0.0.0.0", "255.255.255.255", 1), "255.255.255.255");
  EXPECT_EQ(four.Between("10.0.0.7", "10.0.0.7", 0.5), "10.0.0.7");
  EXPECT_NEAR(four.Fraction("9.0.0.0", "11.0.0.0", "10.0.0.0"), 0.5, 1e-9);
}

TEST(KeySpace, ValuesOfOneSizeAreNeverGuessedAboveTheHighEnd) {
  // More digits than are told apart: those behind are of the low end, and may be larger.
  const KeySpace six = SpaceOf("text:ascii", "inet6");
  EXPECT_EQ(six.Between("::ffff", "ff00::1", 1), "ff00::1");
  const KeySpace uuids = SpaceOf("text:ascii", "uuid");
  const std::string high = "11111111-0000-4000-8000-ffffffffffff";
  EXPECT_EQ(uuids.Between("ffffffff-0000-4000-8000-000000000000", high, 1), high);
}

void GuessBetweenAnyValues(unsigned seed) {
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  const KeySpace bytes = SpaceOf("bytes", "varbinary");
  for (int round = 0; round < 2000; ++round) {
    std::string a, b;
    while (random() % 4 != 0) a += static_cast<char>(random());
    while (random() % 4 != 0) b += static_cast<char>(random());
    if (b < a) std::swap(a, b);
    const std::string guess = bytes.Between(a, b, static_cast<double>(random() % 1001) / 1000);
    EXPECT_LE(guess, b);
    // At the low end digits may be dropped that are too small to tell: never a whole one.
    const double fraction = bytes.Fraction(a, b, guess);
    EXPECT_GE(fraction, 0.0);
    EXPECT_LE(fraction, 1.0);
  }
}

TEST(KeySpace, AnyValuesCanBeGuessedBetween) {
  GuessBetweenAnyValues(std::random_device()());
  GuessBetweenAnyValues(1392829359);  // a sum that is rounded up beyond the high end
}

}  // namespace
}  // namespace dbomsbak
