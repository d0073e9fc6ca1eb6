#include "catalog/hidden_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

// Charsets with characters that three bytes of UTF-8 cannot hold.
constexpr std::array<std::string_view, 5> kWideCharsets{"utf8mb4", "utf16", "utf16le", "utf32",
                                                        "gb18030"};

bool IsEnumOrSet(std::string_view data_type) { return data_type == "enum" || data_type == "set"; }

// HEX() of UTF-8 text: bytes from F0 on begin characters of four bytes, and stand nowhere else.
bool HasFourByteCharacter(std::string_view hex) {
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    if (hex[i] == 'F' || hex[i] == 'f') return true;
  }
  return false;
}

// Places (from 0) of the members with a '?' in "enum('a','?')".
std::vector<unsigned> SuspectMembers(std::string_view column_type) {
  std::vector<unsigned> places;
  unsigned place = 0;
  bool quoted = false;
  bool suspect = false;
  for (const char c : column_type) {
    // A doubled quote closes and opens again: that does no harm here.
    if (c == '\'') quoted = !quoted;
    if (quoted && c == '?') suspect = true;
    if (quoted || (c != ',' && c != ')')) continue;
    if (suspect) places.push_back(place);
    suspect = false;
    ++place;
  }
  return places;
}

bool MembersHideText(Session& session, const HiddenTextSuspect& suspect) {
  for (const unsigned place : SuspectMembers(suspect.column_type)) {
    const std::uint64_t number =
        suspect.data_type == "set" ? std::uint64_t{1} << place : std::uint64_t{place} + 1;
    // A variable of the column's own type: no row is needed, and none is read.
    const auto hex = session.QueryValue(fmt::format(
        "BEGIN NOT ATOMIC DECLARE v TYPE OF {}.{}; SET v = {}; SELECT HEX(CONVERT(v USING "
        "utf8mb4)); END",
        QuoteQualified(suspect.table.database, suspect.table.name), QuoteIdentifier(suspect.column),
        number));
    if (HasFourByteCharacter(hex.value_or(""))) return true;
  }
  return false;
}

}  // namespace

bool MayHideText(const ServerTraits& traits, const Column& column,
                 std::string_view column_default) {
  if (traits.flavour != ServerFlavour::kMariaDb || traits.version_number < 100300) return false;
  if (std::find(kWideCharsets.begin(), kWideCharsets.end(), column.charset) ==
      kWideCharsets.end()) {
    return false;
  }
  if (IsEnumOrSet(column.data_type)) return column.column_type.find('?') != std::string::npos;
  // Expressions are printed as they are; a literal stands in quotes.
  return column_default.starts_with('\'') && column_default.find('?') != std::string_view::npos;
}

bool HidesText(Session& session, const HiddenTextSuspect& suspect) {
  if (IsEnumOrSet(suspect.data_type)) return MembersHideText(session, suspect);
  // DEFAULT() wants a row: the one that a left join makes of nothing.
  const auto hex = session.QueryValue(fmt::format(
      "SELECT HEX(CONVERT(DEFAULT(t.{}) USING utf8mb4)) FROM (SELECT 1 AS one) AS o LEFT JOIN {} "
      "AS "
      "t ON FALSE",
      QuoteIdentifier(suspect.column), QuoteQualified(suspect.table.database, suspect.table.name)));
  return HasFourByteCharacter(hex.value_or(""));
}

}  // namespace dbomsbak
