// The quick way through literals against the reader that looks closer: the same values, or the same
// damage at the same place, whatever the text.
#include "sql/quick_literal.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "dbomsbak/base/bytes.h"
#include "sql/canonical_row.h"
#include "sql/literal.h"
#include "support/literal_outcome.h"
#include "unit/sql/sql_testing.h"

namespace dbomsbak {
namespace {

using test::CloserRow;
using test::LiteralOutcome;
using test::Random;
using test::ReadLiterals;
using test::Way;

constexpr std::string_view kKinds[] = {"int",         "decimal",    "temporal",     "bits",
                                       "bytes",       "float64",    "text:utf8mb4", "text:utf8mb3",
                                       "text:latin1", "text:ascii", "text:gbk",     "enum:utf8mb4",
                                       "json"};

std::string Digits(Random& random) {
  std::string digits;
  for (std::size_t left = 1 + random.Below(random.Chance(80) ? 9 : 40); left > 0; --left) {
    digits.push_back(static_cast<char>('0' + random.Below(10)));
  }
  return digits;
}

std::string Inside(Random& random) {
  static constexpr std::string_view kPieces[] = {
      "\\'",  "\\\\",         "\\0",      "\\n",      "\\r",
      "\\Z",  "\\x",          "\t",       "\n",       "''",
      "é",    "表",           "€",        "\xC2\x81", "\xF0\x9F\x98\x80",
      "\xFF", "\xED\xA0\x80", "\xC0\x80", ",",        "NULL"};
  std::string text;
  const std::size_t pieces = random.Below(random.Chance(90) ? 6 : 60);
  for (std::size_t i = 0; i < pieces; ++i) {
    // Strange ones are rare, or no text would be right.
    text += kPieces[random.Chance(92) ? random.Below(6) : random.Below(std::size(kPieces))];
    text += random.Ascii(random.Below(24));
    if (random.Chance(30)) text += random.Utf8(random.Below(12), random.Chance(50) ? 3 : 4);
  }
  if (random.Chance(1))
    text.insert(random.Below(text.size() + 1), 100'000 + random.Below(60'000), 'x');
  // Ascii() does not escape.
  std::string escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool stray = text[i] == '\'' && (i == 0 || text[i - 1] != '\\');
    if (stray && !random.Chance(3)) escaped.push_back('\\');
    escaped.push_back(text[i]);
  }
  return escaped;
}

std::string Hex(Random& random) {
  const std::size_t size = random.Chance(97) ? random.Below(60) : random.Below(150'000);
  std::string digits = ToHex(random.Bytes(size));
  for (char& digit : digits) {
    if (digit >= 'a') digit = static_cast<char>(digit - 'a' + 'A');
  }
  if (random.Chance(3)) digits.push_back('7');
  return "0x" + digits;
}

std::string LiteralFor(std::string_view kind, Random& random) {
  if (random.Chance(8)) return "NULL";
  if (random.Chance(3)) kind = kKinds[random.Below(std::size(kKinds))];
  if (kind == "int") return (random.Chance(20) ? "-" : "") + Digits(random);
  if (kind == "decimal") {
    return (random.Chance(20) ? "-" : "") + (random.Chance(20) ? "0" : Digits(random)) +
           (random.Chance(90) ? "." + Digits(random) : "");
  }
  if (kind == "temporal") {
    std::string text = "2026-01-31 00:00:00.123456-838:59:59";
    text.resize(random.Below(text.size() + 1));
    if (random.Chance(5)) text += random.Bytes(1);
    return "'" + text + "'";
  }
  if (kind == "bits" || (kind == "bytes" && random.Chance(80))) return Hex(random);
  if (kind == "bytes") return random.Chance(50) ? "''" : "_binary '" + Inside(random) + "'";
  if (kind == "float64") return Digits(random) + "e" + std::to_string(random.Below(30));
  return "'" + Inside(random) + "'";
}

TEST(QuickLiteralTest, ARowIsReadAsByTheCloserLook) {
  Random random;
  SCOPED_TRACE(random.seed());
  int right = 0;
  int wrong = 0;
  CloserRow plain;
  CanonicalRow whole, single;
  for (int i = 0; i < 12'000; ++i) {
    std::vector<ColumnKind> kinds;
    std::string row;
    for (std::size_t left = 1 + random.Below(6); left > 0; --left) {
      const std::string_view kind = kKinds[random.Below(std::size(kKinds))];
      kinds.push_back(ColumnKind::Parse(kind).value());
      if (!row.empty() && !random.Chance(1)) row.push_back(',');
      row += LiteralFor(kind, random);
    }
    if (random.Chance(10)) row[random.Below(row.size())] = random.Bytes(1).front();
    if (random.Chance(10)) row.resize(random.Below(row.size() + 1));
    if (!random.Chance(20)) row += random.Chance(50) ? std::string(70, ')') : random.Bytes(70);
    // An exact copy, so that a sanitizer sees every byte read beyond it.
    const std::unique_ptr<char[]> copy(new char[row.size()]);
    std::memcpy(copy.get(), row.data(), row.size());
    const std::string_view text(copy.get(), row.size());

    const std::vector<LiteralPlan> plans = PlanLiterals(kinds);
    const LiteralOutcome expected = ReadLiterals(plain, plans, text, Way::kValueByValue);
    ASSERT_EQ(ReadLiterals(whole, plans, text, Way::kWholeRow), expected) << row.substr(0, 2000);
    ASSERT_EQ(ReadLiterals(single, plans, text, Way::kValueByValue), expected)
        << row.substr(0, 2000);
    ++(expected.hash.empty() ? wrong : right);
  }
  EXPECT_GT(right, 1500);
  EXPECT_GT(wrong, 1500);
}

}  // namespace
}  // namespace dbomsbak
