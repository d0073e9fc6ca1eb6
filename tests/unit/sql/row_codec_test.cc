// RowEncoder and InsertParser against each other and against a plain digest of the values.
#include <gtest/gtest.h>

#include <bit>
#include <cfloat>
#include <cmath>
#include <cstring>
#include <limits>

#include "dbomsbak/base/bytes.h"
#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/row_encoder.h"
#include "unit/sql/sql_testing.h"

namespace dbomsbak {
namespace {

using test::CellsOf;
using test::CodeOf;
using test::Random;
using test::Value;

ColumnKind Kind(std::string_view word) { return ColumnKind::Parse(word).value(); }

template <typename T>
std::string Raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string LiteralOf(std::string_view kind, const Value& value,
                      std::size_t max_hex_row_bytes = 0) {
  RowEncoder encoder({Kind(kind)}, {.max_hex_row_bytes = max_hex_row_bytes});
  std::string out;
  RowDigest digest;
  encoder.Append(CellsOf({value}), out, digest);
  EXPECT_EQ(out.front(), '(');
  EXPECT_EQ(out.back(), ')');
  return out.substr(1, out.size() - 2);
}

std::string_view operator""_b(const char* text, std::size_t size) { return {text, size}; }

TEST(RowEncoderTest, NumbersAreShortestAndPlain) {
  EXPECT_EQ(LiteralOf("int", "-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(LiteralOf("int", "18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(LiteralOf("int", "0000000042"), "42");  // ZEROFILL
  EXPECT_EQ(LiteralOf("int", "0000"), "0");
  EXPECT_EQ(LiteralOf("decimal", "-0.00"), "0.00");
  EXPECT_EQ(LiteralOf("decimal", "00012.500"), "12.500");
  EXPECT_EQ(LiteralOf("decimal", "00000.500"), "0.500");
  EXPECT_EQ(LiteralOf("decimal", "-99999"), "-99999");
  EXPECT_EQ(LiteralOf("int", std::nullopt), "NULL");
}

TEST(RowEncoderTest, FloatsAlwaysHaveAnExponent) {
  EXPECT_EQ(LiteralOf("float64", Raw(0.0)), "0e0");
  EXPECT_EQ(LiteralOf("float64", Raw(-0.0)), "-0e0");
  EXPECT_EQ(LiteralOf("float64", Raw(0.1)), "0.1e0");
  EXPECT_EQ(LiteralOf("float64", Raw(42.0)), "42e0");
  EXPECT_EQ(LiteralOf("float64", Raw(5e-324)), "5e-324");
  EXPECT_EQ(LiteralOf("float64", Raw(DBL_MAX)), "1.7976931348623157e308");
  EXPECT_EQ(LiteralOf("float64", Raw(1e22)), "1e22");
  EXPECT_EQ(LiteralOf("float64", Raw(-1.5e-7)), "-1.5e-7");
  EXPECT_EQ(LiteralOf("float32", Raw(0.1F)), "0.1e0");
  EXPECT_EQ(LiteralOf("float32", Raw(1e-45F)), "1e-45");
  EXPECT_EQ(LiteralOf("float32", Raw(-0.0F)), "-1e-60");  // MariaDB would store -0e0 as 0
  // Its shortest text exceeds FLT_MAX when read as a DOUBLE.
  EXPECT_EQ(LiteralOf("float32", Raw(FLT_MAX)), "3.4028234663852886e38");
}

TEST(RowEncoderTest, BytesAreHexOrEscapedWhenTheRowWouldBeTooLong) {
  EXPECT_EQ(LiteralOf("bytes", ""), "''");
  EXPECT_EQ(LiteralOf("bytes", std::string("\0\xFF'"_b)), "0x00FF27");
  EXPECT_EQ(LiteralOf("bits", std::string("\0\1"_b)), "0x0001");
  const std::string bytes("\0'\\\n\xFF\"\x1A"_b);
  EXPECT_EQ(LiteralOf("bytes", bytes, 13), "_binary '\\0\\'\\\\\\n\xFF\"\\Z'");
  EXPECT_EQ(LiteralOf("bytes", bytes, 14), "0x00275C0AFF221A");
  EXPECT_EQ(LiteralOf("bits", std::string("\0\1"_b), 1), "0x0001");
  EXPECT_EQ(LiteralOf("text:gbk", "\xCE\xA1", 3), "_gbk '\xCE\xA1'");
  EXPECT_EQ(LiteralOf("text:utf8mb4", "\xFF", 1), "_utf8mb4 0xFF");  // see IsHexAlways
  EXPECT_EQ(LiteralOf("text:ucs2", std::string("\0'"_b), 3), "_ucs2 '\\0\\''");
}

TEST(RowEncoderTest, TextIsRawWhereNoCharacterCanBeLost) {
  EXPECT_EQ(LiteralOf("text:utf8mb4", ""), "''");
  EXPECT_EQ(LiteralOf("text:utf8mb4", "表\xF0\x9F\x98\x80'"), "'表\xF0\x9F\x98\x80\\''");
  EXPECT_EQ(LiteralOf("text:utf8mb4", "a\xFF"), "_utf8mb4 0x61FF");
  EXPECT_EQ(LiteralOf("text:utf8mb4", "\xED\xA0\x80"), "_utf8mb4 0xEDA080");
  EXPECT_EQ(LiteralOf("text:utf8mb3", "表"), "'表'");
  EXPECT_EQ(LiteralOf("text:utf8mb3", "\xF0\x9F\x98\x80"), "_utf8mb3 0xF09F9880");
  EXPECT_EQ(LiteralOf("text:utf8", "\xFF"), "_utf8 0xFF");
  EXPECT_EQ(LiteralOf("text:latin1", "\xE9\x80\x81"), "'é€\xC2\x81'");
  EXPECT_EQ(LiteralOf("text:gbk", "abc'"), "'abc\\''");
  EXPECT_EQ(LiteralOf("text:gbk", "\xCE\xA1"), "_gbk 0xCEA1");
  EXPECT_EQ(LiteralOf("text:eucjpms", "a\x8E\xB1\x8F\xB0\xA1\xA4\xA2"),
            "_eucjpms 0x618EB18FB0A1A4A2");
  EXPECT_EQ(LiteralOf("text:eucjpms", "\x80"), "0x80");
  EXPECT_EQ(LiteralOf("text:eucjpms", "\xA4\xA2\xA4"), "0xA4A2A4");
  EXPECT_EQ(LiteralOf("text:eucjpms", "\x8F\xB0"), "0x8FB0");
  EXPECT_EQ(LiteralOf("text:sjis", "abc"), "_sjis 0x616263");
  EXPECT_EQ(LiteralOf("text:ucs2", std::string("\0a"_b)), "_ucs2 0x0061");
  EXPECT_EQ(LiteralOf("text:ucs2", ""), "''");
  EXPECT_EQ(LiteralOf("text:never_heard_of", "abc"), "_never_heard_of 0x616263");
  EXPECT_EQ(LiteralOf("enum:utf8mb4", "a,b"), "'a,b'");
  EXPECT_EQ(LiteralOf("enum:utf8mb4", ""), "0");
  EXPECT_EQ(LiteralOf("enum:sjis", "\x83\x5C"), "_sjis 0x835C");
  EXPECT_EQ(LiteralOf("temporal", "-838:59:59.000001"), "'-838:59:59.000001'");
}

TEST(RowEncoderTest, JsonBringsDoublesBesideItsTextForServersThatReadThemInexactly) {
  const std::string text =
      "[0.30000000000000004, 2.2790121708605243e274, 1.10, 5e-324, 0.1, 2.5E+300]";
  RowEncoder::Options options;
  options.exact_json_doubles = false;
  RowEncoder encoder({Kind("json")}, options);
  std::string row;
  RowDigest written, read, plain;
  encoder.Append(CellsOf({text}), row, written);
  EXPECT_EQ(row, "(JSON_REPLACE('" + text +
                     "','$[0]',0.30000000000000004e0,'$[1]',2.2790121708605243e274,'$[2]',1.10,"
                     "'$[3]',5e-324,'$[5]',2.5e300))");
  // The value is the text, however it is written.
  InsertParser parser("t", {"j"}, {Kind("json")});
  parser.Digest(InsertHead("t", {"j"}) + row + ";\n", read);
  parser.Digest(InsertHead("t", {"j"}) + "('" + text + "');\n", plain);
  EXPECT_EQ(read, written);
  EXPECT_EQ(plain, written);
}

TEST(RowEncoderTest, BytesThatAreNoCharactersOfEucjpmsAreReadAsTheyAreWritten) {
  for (const std::size_t most : {0, 1}) {
    RowEncoder encoder({Kind("text:eucjpms")}, {.max_hex_row_bytes = most});
    std::string rows;
    RowDigest written, read;
    for (const char* value : {"\x80", "\xA4\xA2'\xA4", "\xA4\xA2", "a", "\xFF\n"}) {
      if (!rows.empty()) rows += ",\n";
      encoder.Append(CellsOf({value}), rows, written);
    }
    EXPECT_NE(rows.find(most == 0 ? "0x80" : "_binary '\x80'"), std::string::npos) << rows;
    InsertParser parser("t", {"v"}, {Kind("text:eucjpms")});
    parser.Digest(InsertHead("t", {"v"}) + rows + ";\n", read);
    EXPECT_EQ(read, written);
    // Of no other charset.
    InsertParser ujis("t", {"v"}, {Kind("text:ujis")});
    EXPECT_EQ(CodeOf([&] { ujis.Digest(InsertHead("t", {"v"}) + "(0x80);\n", read); }),
              ErrorCode::kDamaged);
  }
}

TEST(RowEncoderTest, JsonBringsItsDecimalsBesideItsText) {
  const std::string text = "{\"it's\": [1.10, 0.5, \"2.20\"], \"n\": 3}";
  EXPECT_EQ(LiteralOf("json", "[0.5]"), "'[0.5]'");
  EXPECT_EQ(LiteralOf("text:utf8mb4", "[1.10]"), "'[1.10]'");
  const std::string literal = LiteralOf("json", text);
  EXPECT_EQ(literal,
            "JSON_REPLACE('{\"it\\'s\": [1.10, 0.5, \"2.20\"], \"n\": 3}','$.\"it\\'s\"[0]',1.10)");

  RowEncoder encoder({Kind("json")});
  std::string row;
  RowDigest written, read;
  encoder.Append(CellsOf({text}), row, written);
  InsertParser parser("t", {"j"}, {Kind("json")});
  parser.Digest(InsertHead("t", {"j"}) + row + ";\n", read);
  EXPECT_EQ(read, written);
  // No other function, no other column, nothing unfinished.
  for (const std::string wrong :
       {"JSON_SET('[1.10]','$[0]',1.10)", "JSON_REPLACE('[1.10]')", "JSON_REPLACE('[1.10]','$[0]')",
        "JSON_REPLACE('[1.10]','x',1.10)", "JSON_REPLACE('[1.10]','$[0]',x)",
        "JSON_REPLACE('[1.10]','$[0]',1.10e)", "JSON_REPLACE('[1.10]','$[0]',1.10"}) {
    EXPECT_EQ(CodeOf([&] { parser.Digest(InsertHead("t", {"j"}) + "(" + wrong + ");\n", read); }),
              ErrorCode::kDamaged)
        << wrong;
  }
  InsertParser plain("t", {"j"}, {Kind("text:utf8mb4")});
  EXPECT_EQ(CodeOf([&] { plain.Digest(InsertHead("t", {"j"}) + row + ";\n", read); }),
            ErrorCode::kDamaged);
}

TEST(RowEncoderTest, WhatNoLiteralCanHoldLeavesTheOutputAlone) {
  const auto refuses = [](std::string_view kind, const std::string& value) {
    RowEncoder encoder({Kind("bytes"), Kind(kind)});
    std::string out = "before";
    RowDigest digest;
    const auto code = CodeOf([&] {
      encoder.Append(CellsOf({std::string(200'000, 'x'), value}), out, digest);
    });
    EXPECT_EQ(out, "before");
    EXPECT_EQ(digest, RowDigest{});
    return code;
  };
  EXPECT_EQ(refuses("float64", Raw(std::nan(""))), ErrorCode::kUnsupported);
  EXPECT_EQ(refuses("float32", Raw(HUGE_VALF)), ErrorCode::kUnsupported);
  EXPECT_EQ(refuses("float32", "1.5"), ErrorCode::kInternal);
  for (const char* text : {"", "-", "1.5", "abc", "1e5", "+1", " 1"}) {
    EXPECT_EQ(refuses("int", text), ErrorCode::kUnsupported) << text;
  }
  for (const char* text : {"", "-", ".5", "1.", "1.5.5", "1e5", "-.", "."}) {
    EXPECT_EQ(refuses("decimal", text), ErrorCode::kUnsupported) << text;
  }
  EXPECT_EQ(refuses("temporal", "2020'"), ErrorCode::kUnsupported);
  EXPECT_EQ(refuses("bits", ""), ErrorCode::kUnsupported);
}

TEST(RowEncoderTest, ARowOfTheWrongLengthIsOurFault) {
  RowEncoder encoder({Kind("int")});
  std::string out;
  RowDigest digest;
  EXPECT_EQ(CodeOf([&] {
              encoder.Append(CellsOf({"1", "2"}), out, digest);
            }),
            ErrorCode::kInternal);
  EXPECT_EQ(CodeOf([&] { encoder.Digest(CellsOf({}), digest); }), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf([&] { RowEncoder({ColumnKind{ValueClass::kText, ""}}); }), ErrorCode::kInternal);
}

TEST(RowEncoderTest, CanonicalRowIsLengthsAndBytes) {
  RowEncoder encoder(
      {Kind("int"), Kind("text:latin1"), Kind("bytes"), Kind("decimal"), Kind("float64")});
  RowDigest digest;
  encoder.Digest(CellsOf({"-007", "\xE9", std::nullopt, "000.50", Raw(-0.0)}), digest);
  EXPECT_EQ(digest.rows, 1U);
  EXPECT_EQ(digest.sum, Xxh3("\2\0\0\0-7\1\0\0\0\xE9\xFF\xFF\xFF\xFF\4\0\0\0"
                             "0.50"
                             "\x08\0\0\0\0\0\0\0\0\0\0\x80"_b));
}

TEST(RowEncoderTest, EveryFloatReadAsDoubleAndRoundedIsItself) {
  Random random;
  SCOPED_TRACE(random.seed());
  RowEncoder encoder({Kind("float32")});
  for (int i = 0; i < 300'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random.Bits());
    const float value = std::bit_cast<float>(bits);
    if (!std::isfinite(value)) continue;
    const std::string literal = LiteralOf("float32", Raw(value));
    const double read = std::strtod(literal.c_str(), nullptr);
    ASSERT_EQ(std::bit_cast<std::uint32_t>(static_cast<float>(read)), bits) << literal;
    ASSERT_LE(std::fabs(read), static_cast<double>(FLT_MAX)) << literal;
    ASSERT_NE(literal.find('e'), std::string::npos);
    if (i >= 20'000) i += 50;
  }
}

// A value of the kind, and the same in canonical form by the shortest way there is.
std::pair<std::string, std::string> RandomValue(std::string_view kind, Random& random) {
  const auto same = [](std::string value) { return std::pair(value, value); };
  if (kind == "int" || kind == "decimal") {
    std::string digits = std::to_string(random.Bits() >> random.Below(64));
    if (kind == "decimal") digits += "." + std::to_string(random.Below(1000));
    const bool negative = random.Chance(30) && digits.find_first_not_of("0.") != std::string::npos;
    const std::string sign = negative ? "-" : "";
    return {sign + std::string(random.Below(5), '0') + digits, sign + digits};
  }
  if (kind == "float32") {
    float value;
    do {
      value = std::bit_cast<float>(static_cast<std::uint32_t>(random.Bits()));
    } while (!std::isfinite(value));
    return same(Raw(random.Chance(10) ? static_cast<float>(random.Below(1000)) : value));
  }
  if (kind == "float64") {
    double value;
    do {
      value = std::bit_cast<double>(random.Bits());
    } while (!std::isfinite(value));
    return same(Raw(random.Chance(30) ? static_cast<double>(random.Below(100000)) / 100 : value));
  }
  if (kind == "bits") return same(random.Bytes(1 + random.Below(8)));
  if (kind == "temporal") return same("2000-02-" + std::to_string(random.Below(90)) + " 00:00:00");
  if (kind == "bytes") return same(random.Bytes(random.Size()));
  if (random.Chance(30)) return same(random.Utf8(random.Size(), 4));
  if (random.Chance(30)) return same(random.Ascii(random.Size()));
  return same(random.Bytes(random.Size()));
}

constexpr std::string_view kColumnKinds[] = {
    "int",       "decimal",      "float32",      "float64",     "bits",       "temporal",
    "bytes",     "text:utf8mb4", "text:utf8mb3", "text:latin1", "text:gbk",   "text:sjis",
    "text:ucs2", "enum:utf8mb4", "enum:latin1",  "enum:sjis",   "text:koi8r", "text:utf8"};

struct RandomTable {
  explicit RandomTable(Random& random) {
    const std::size_t count = random.Below(9);
    std::vector<std::string> words;
    for (std::size_t i = 0; i < count; ++i) {
      words.emplace_back(kColumnKinds[random.Below(std::size(kColumnKinds))]);
      kinds.push_back(Kind(words.back()));
      names.push_back("c`" + std::to_string(i));
    }
    RowEncoder encoder(kinds, {.max_hex_row_bytes = random.Chance(50) ? 0 : random.Below(5000)});
    const std::size_t statements = random.Below(4);
    for (std::size_t s = 0; s < statements; ++s) {
      text += InsertHead("t\n`", names);
      const std::size_t rows = 1 + random.Below(6);
      for (std::size_t r = 0; r < rows; ++r) {
        std::vector<Value> row;
        std::string canonical;
        for (const std::string& word : words) {
          if (random.Chance(15)) {
            row.emplace_back();
            AppendCanonicalNull(canonical);
          } else {
            auto [value, plain] = RandomValue(word, random);
            row.emplace_back(std::move(value));
            AppendCanonicalBytes(plain, canonical);
          }
        }
        const std::vector<Cell> cells = CellsOf(row);
        const std::size_t start = text.size();
        encoder.Append(cells, text, written);
        EXPECT_EQ(text.find('\n', start), std::string::npos) << "a row must be one line";
        encoder.Digest(cells, digested);
        expected.AddRow(canonical);
        text += r + 1 == rows ? ";\n" : ",\n";
      }
    }
  }

  InsertParser Parser() const { return InsertParser("t\n`", names, kinds); }

  std::vector<ColumnKind> kinds;
  std::vector<std::string> names;
  std::string text;
  RowDigest written, digested, expected;
};

TEST(InsertParserTest, ReadsBackWhatTheEncoderWrote) {
  Random random;
  SCOPED_TRACE(random.seed());
  for (int i = 0; i < 400; ++i) {
    const RandomTable table(random);
    ASSERT_EQ(table.written, table.expected);
    ASSERT_EQ(table.digested, table.expected);
    RowDigest read;
    table.Parser().Digest(table.text, read);
    ASSERT_EQ(read, table.expected);
  }
}

TEST(InsertParserTest, RowByRowIsTheSameSumAndEachKeyHasItsOwnHash) {
  InsertParser parser(
      "t", {"a", "b", "c"},
      {{ValueClass::kInteger, ""}, {ValueClass::kText, "utf8mb4"}, {ValueClass::kInteger, ""}});
  const std::string text = "INSERT INTO `t` (`a`,`b`,`c`) VALUES\n(1,'x,y',3),\n(1,NULL,4);\n";
  RowDigest whole, sum, keys, pairs;
  parser.Digest(text, whole);
  std::vector<std::string> second;
  parser.ForEachRow(text, {2, 0}, [&](const ParsedRow& row) {
    ++sum.rows;
    sum.sum += row.hash;
    ++keys.rows;
    keys.sum += row.key_hash;
    second.emplace_back(row.literals[1]);
  });
  EXPECT_EQ(sum, whole);
  EXPECT_EQ(second, (std::vector<std::string>{"'x,y'", "NULL"}));
  InsertParser of_keys("t", {"c", "a"}, {{ValueClass::kInteger, ""}, {ValueClass::kInteger, ""}});
  of_keys.Digest("INSERT INTO `t` (`c`,`a`) VALUES\n(3,1),\n(4,1);\n", pairs);
  EXPECT_EQ(keys, pairs);
}

// Whatever a stranger changes is either damage, or a text the encoder could have written. (The
// exception is a float: 10e0 and 1e1 are one value.)
TEST(InsertParserTest, ChangedTextIsDamageOrAnotherDigest) {
  Random random;
  SCOPED_TRACE(random.seed());
  int refused = 0;
  for (int i = 0; i < 1500; ++i) {
    const RandomTable table(random);
    if (table.text.empty() || table.text.size() > 20'000) continue;
    bool has_floats = false;
    for (const ColumnKind& kind : table.kinds) {
      has_floats |=
          kind.value_class == ValueClass::kFloat32 || kind.value_class == ValueClass::kFloat64;
    }
    std::string text = table.text;
    const std::size_t at = random.Below(text.size());
    switch (random.Below(4)) {
      case 0:
        text[at] = static_cast<char>(text[at] ^ 1 << random.Below(8));
        break;
      case 1:
        text.erase(at, 1 + random.Below(20));
        break;
      case 2:
        text.insert(at, random.Bytes(1 + random.Below(5)));
        break;
      default:
        text.resize(at);
        break;
    }
    if (text == table.text) continue;
    // An exact copy, so that a sanitizer sees every byte read beyond it.
    const std::unique_ptr<char[]> copy(new char[text.size()]);
    std::memcpy(copy.get(), text.data(), text.size());
    RowDigest read;
    InsertParser parser = table.Parser();
    const auto code = CodeOf([&] { parser.Digest({copy.get(), text.size()}, read); });
    if (code) {
      ASSERT_EQ(*code, ErrorCode::kDamaged);
      ASSERT_EQ(read, RowDigest{});
      ++refused;
    } else if (!has_floats) {
      // Fewer statements in a row may have vanished, but then the digest says so. Without columns
      // all rows are alike.
      ASSERT_NE(read, table.expected) << text;
    }
    // The parser has not been spoilt.
    read = {};
    parser.Digest(table.text, read);
    ASSERT_EQ(read, table.expected);
  }
  EXPECT_GT(refused, 200);
}

std::optional<ErrorCode> Refusal(std::string_view kind, std::string_view literal) {
  InsertParser parser("t", {"c"}, {Kind(kind)});
  RowDigest digest;
  return CodeOf([&] {
    parser.Digest("INSERT INTO `t` (`c`) VALUES\n(" + std::string(literal) + ");\n", digest);
  });
}

TEST(InsertParserTest, AcceptsOneFormOfEachValueOnly) {
  struct Case {
    std::string_view kind;
    std::vector<std::string_view> good, bad;
  };
  const std::vector<Case> cases = {
      {"int",
       {"0", "-1", "18446744073709551615", "NULL"},
       {"", "-0", "007", "1.5", "1e0", "'1'", "+1", "0x01", " 1", "null", "1 "}},
      {"decimal", {"0.00", "-0.01", "5", "-5"}, {"-0.00", ".5", "5.", "00.5", "-", "1e0"}},
      {"float64",
       {"0e0", "-0e0", "1.5e-300", "123456e0"},
       {"0", "1.5", "1e999", "1e-999", "1.50e0", "01e0", "1e+5", "1e05", "nan", "infe0", "1E5"}},
      {"float32", {"0e0", "3.4028234663852886e38"}, {"3.5e38", "-1e39", "1.5"}},
      {"bits", {"0x01", "0xFFFFFFFFFFFFFFFF"}, {"''", "0x", "0x1", "0xff", "b'1'", "_binary 'a'"}},
      {"temporal",
       {"'2020-01-01'", "'-838:59:59.999999'", "'0000'"},
       {"2020", "'2020-01-01T00'", "'", "\"2020\""}},
      {"bytes",
       {"''", "0xAB", "_binary 'a\\0'"},
       {"'a'", "0x", "0xAG", "0xABC", "_binary ''", "_binary 0xAB", "X'AB'", "_binary 'a\n'"}},
      {"text:utf8mb4",
       {"''", "'a'", "'é'", "_utf8mb4 0xFF"},
       {"'\xFF'", "_utf8mb4 0x61", "_utf8mb4 'a'", "_utf8mb4 ''", "_utf8mb4 'a\xFF'",
        "_latin1 0xE9", "\"a\"", "'a''b'", "'a\n'", "'\\t'", "'\\x'", "'a\\'", "0xFF",
        "_utf8mb4  0xFF"}},
      {"text:utf8mb3", {"'é'"}, {"'\xF0\x9F\x98\x80'"}},
      {"text:latin1",
       {"'é€\xC2\x81'"},
       {"_latin1 0xE9", "'\xC2\x80'", "'表'", "'\xE9'", "'\xF0\x9F\x98\x80'"}},
      {"text:gbk",
       {"'a'", "_gbk 0xCEA1", "_gbk '\xCE\xA1'"},
       {"'\xCE\xA1'", "_gbk 0x61", "_gbk 'a'"}},
      {"text:ucs2", {"''", "_ucs2 0x0061", "_ucs2 '\\0a'"}, {"'a'", "_ucs2 ''", "_ucs2 0x"}},
      {"enum:utf8mb4", {"0", "'a'"}, {"''", "1", "00"}},
      {"enum:sjis", {"0", "_sjis 0x835C"}, {"''", "'a'"}},
  };
  for (const Case& c : cases) {
    for (const std::string_view literal : c.good)
      EXPECT_FALSE(Refusal(c.kind, literal)) << c.kind << " " << literal;
    for (const std::string_view literal : c.bad) {
      EXPECT_EQ(Refusal(c.kind, literal), ErrorCode::kDamaged) << c.kind << " " << literal;
    }
  }
}

TEST(InsertParserTest, NamesPlaceAndColumnOfDamage) {
  InsertParser parser("t", {"a", "b"}, {Kind("int"), Kind("text:utf8mb4")});
  RowDigest digest;
  const std::string head = InsertHead("t", {"a", "b"});
  const std::string text = head + "(1,'x'),\n(2,y);\n";
  try {
    parser.Digest(text, digest);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kDamaged);
    EXPECT_EQ(error.message(), "rows of table `t`: a text expected at byte " +
                                   std::to_string(text.find("y)")) + " (row 2, column `b`)");
  }
}

TEST(InsertParserTest, TablesWithoutColumnsHaveRows) {
  EXPECT_EQ(InsertHead("t", {}), "INSERT INTO `t` () VALUES\n");
  InsertParser parser("t", {}, {});
  RowDigest digest;
  parser.Digest("INSERT INTO `t` () VALUES\n(),\n();\n", digest);
  EXPECT_EQ(digest.rows, 2U);
}

TEST(InsertParserTest, OtherStatementsAreDamage) {
  for (const std::string_view text :
       {"INSERT INTO `u` (`c`) VALUES\n(1);\n", "INSERT INTO `t` (`d`) VALUES\n(1);\n",
        "INSERT INTO `t` (`c`) VALUES\n;\n", "INSERT INTO `t` (`c`) VALUES\n(1)",
        "INSERT INTO `t` (`c`) VALUES\n(1);", "INSERT INTO `t` (`c`) VALUES\n(1),\n",
        "\nINSERT INTO `t` (`c`) VALUES\n(1);\n", "INSERT INTO `t` (`c`) VALUES\n(1);\n ",
        "INSERT INTO `t` (`c`) VALUES\n(1,2);\n", "INSERT INTO `t` (`c`) VALUES\n();\n",
        "INSERT INTO `t` (`c`) VALUES (1);\n", "DROP TABLE `t`;\n"}) {
    InsertParser parser("t", {"c"}, {Kind("int")});
    RowDigest digest;
    EXPECT_EQ(CodeOf([&] { parser.Digest(text, digest); }), ErrorCode::kDamaged) << text;
  }
}

// What SELECT has to send for a table whose columns are all generated is no value of a row.
TEST(RowCodecTest, RowOfATableWithoutStoredColumnsHasNoValues) {
  const char one[] = "1";
  const Cell cell{one, 1, false};
  RowEncoder encoder{std::vector<ColumnKind>{}};
  std::string text;
  RowDigest written;
  encoder.Append(std::span(&cell, 1), text, written);
  EXPECT_EQ(text, "()");
  RowDigest again;
  encoder.Digest(std::span(&cell, 1), again);
  RowDigest read;
  InsertParser("t", {}, {}).Digest(InsertHead("t", {}) + text + ";\n", read);
  EXPECT_EQ(again, written);
  EXPECT_EQ(read, written);
  EXPECT_EQ(written.rows, 1u);
}

}  // namespace
}  // namespace dbomsbak
