#include "dbomsbak/sql/insert_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "sql/canonical_row.h"
#include "sql/literal.h"
#include "sql/literal_reader.h"

namespace dbomsbak {
namespace {

// Nobody asks where a value ends: a row is read in one go.
struct NoEnd {};

}  // namespace

struct InsertParser::State {
  std::string table;
  std::vector<std::string> names;
  std::string head;
  std::vector<LiteralPlan> plans;
  CanonicalRow row;
};

InsertParser::InsertParser(std::string table, std::vector<std::string> column_names,
                           const std::vector<ColumnKind>& columns)
    : state_(std::make_unique<State>()) {
  if (column_names.size() != columns.size()) {
    throw Error(ErrorCode::kInternal,
                fmt::format("{} column names for {} columns", column_names.size(), columns.size()));
  }
  state_->head = InsertHead(table, column_names);
  state_->table = std::move(table);
  state_->names = std::move(column_names);
  state_->plans = PlanLiterals(columns);
}

InsertParser::~InsertParser() = default;
InsertParser::InsertParser(InsertParser&&) noexcept = default;
InsertParser& InsertParser::operator=(InsertParser&&) noexcept = default;

template <typename EndValue, typename EndRow>
void InsertParser::Parse(std::string_view text, const EndValue& end_value, const EndRow& end_row) {
  State& state = *state_;
  std::uint64_t rows = 0;
  std::size_t column = 0;
  bool in_row = false;
  LiteralReader<CanonicalRow> reader(text, state.row);
  try {
    while (!reader.at_end()) {
      reader.Take(state.head, "the head of an INSERT into this table");
      for (;;) {
        state.row.Restart();
        reader.Take('(', "a row");
        in_row = true;
        for (column = 0; column < state.plans.size(); ++column) {
          if constexpr (!std::is_same_v<EndValue, NoEnd>) {
            if (column != 0) reader.Take(',', "the next value");
            const char* const begin = reader.position();
            reader.Value(state.plans[column]);
            end_value(column, begin, reader.position());
          } else {
            column = reader.Values(state.plans, column);
            if (column == state.plans.size()) break;
            if (column != 0) reader.Take(',', "the next value");
            reader.ValueCloser(state.plans[column]);
          }
        }
        in_row = false;
        reader.Take(')', "the end of the row");
        ++rows;
        end_row(state.row.Finish());
        if (reader.TryTake(",\n")) continue;
        reader.Take(";\n", "the end of the line");
        break;
      }
    }
  } catch (const LiteralDamage& damage) {
    std::string where = fmt::format("row {}", rows + 1);
    if (in_row && column < state.names.size()) {
      where += fmt::format(", column {}", QuoteIdentifier(state.names[column]));
    }
    throw Error(ErrorCode::kDamaged, fmt::format("rows of table {}: {} expected at byte {} ({})",
                                                 QuoteIdentifier(state.table), damage.expected,
                                                 damage.at - text.data(), where));
  }
}

void InsertParser::Digest(std::string_view text, RowDigest& digest) {
  RowDigest sum;
  Parse(text, NoEnd{}, [&](const Uint128& hash) {
    ++sum.rows;
    sum.sum += hash;
  });
  digest += sum;
}

void InsertParser::ForEachRow(std::string_view text, const std::vector<std::size_t>& key,
                              const std::function<void(const ParsedRow&)>& each) {
  std::vector<std::string_view> literals(state_->plans.size());
  CanonicalRow key_row;
  Parse(
      text,
      [&](std::size_t column, const char* begin, const char* end) {
        literals[column] = {begin, static_cast<std::size_t>(end - begin)};
      },
      [&](const Uint128& hash) {
        key_row.Restart();
        for (const std::size_t column : key) {
          LiteralReader<CanonicalRow>(literals[column], key_row).Value(state_->plans[column]);
        }
        each({hash, key_row.Finish(), literals});
      });
}

std::string InsertHead(std::string_view table, const std::vector<std::string>& column_names) {
  std::string head = "INSERT INTO " + QuoteIdentifier(table) + " (";
  for (std::size_t i = 0; i < column_names.size(); ++i) {
    if (i != 0) head.push_back(',');
    head += QuoteIdentifier(column_names[i]);
  }
  head += ") VALUES\n";
  return head;
}

}  // namespace dbomsbak
