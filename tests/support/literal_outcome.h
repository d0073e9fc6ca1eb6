// What a reader of literals makes of a row, told so that two ways through it can be compared.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sql/canonical_row.h"
#include "sql/literal.h"
#include "sql/literal_reader.h"

namespace dbomsbak::test {

// A reader with this row has no quick way.
struct CloserRow : CanonicalRow {
  static constexpr bool kIsOneBuffer = false;
};

struct LiteralOutcome {
  std::string hash;      // of the row's canonical form; empty: damage
  std::size_t at = 0;    // where the row or the damage is
  std::string expected;  // of the damage
  friend bool operator==(const LiteralOutcome&, const LiteralOutcome&) = default;
};

enum class Way { kWholeRow, kValueByValue };

// `row` may have been used before.
template <typename Row>
LiteralOutcome ReadLiterals(Row& row, const std::vector<LiteralPlan>& plans, std::string_view text,
                            Way way) {
  row.Restart();
  LiteralReader<Row> reader(text, row);
  try {
    for (std::size_t column = 0; column < plans.size(); ++column) {
      if (way == Way::kWholeRow) column = reader.Values(plans, column);
      if (column == plans.size()) break;
      if (column != 0) reader.Take(',', "the next value");
      if (way == Way::kWholeRow) {
        reader.ValueCloser(plans[column]);
      } else {
        reader.Value(plans[column]);
      }
    }
  } catch (const LiteralDamage& damage) {
    return {{}, static_cast<std::size_t>(damage.at - text.data()), damage.expected};
  }
  return {row.Finish().hex(), static_cast<std::size_t>(reader.position() - text.data()), {}};
}

}  // namespace dbomsbak::test
