#include "engine/boundary_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

// Values that are spread evenly take one or two; those with gaps some more.
constexpr int kMostGuesses = 20;
constexpr double kLeastFraction = 1e-19;  // of the integers of 64 bits
// A boundary that leaves a chunk of so small a part is taken when nothing better is found.
constexpr double kSmallest = 1.0 / 16;

std::string Both(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return fmt::format("{} AND {}", a, b);
}

std::string ByteWeight(const std::string& character) {
  std::string hex;
  for (const char byte : character) {
    hex += fmt::format("{:02X}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  }
  return hex;
}

}  // namespace

BoundarySearch::BoundarySearch(const KeyRanges& ranges, Select select, Estimate estimate)
    : ranges_(ranges), select_(std::move(select)), estimate_(std::move(estimate)) {
  for (const Column* column : ranges.columns()) levels_.push_back({KeySpace::For(*column), 1});
}

std::optional<std::vector<std::string>> BoundarySearch::Find(Session& session,
                                                             const std::vector<std::string>& low,
                                                             std::uint64_t rows) {
  if (misled_) return std::nullopt;
  session_ = &session;
  low_ = low;
  behind_low_ = ranges_.Condition(low, {});
  if (!behind_low_.empty()) behind_low_ = "(" + behind_low_ + ")";
  wanted_ = static_cast<double>(rows);
  const std::optional<Key> start = Row(behind_low_);
  if (!start) return Key{};
  const std::optional<double> left =
      estimate_(session, select_(ranges_.BoundaryOrder(), behind_low_));
  if (!left) return std::nullopt;
  if (*left < 2 * wanted_) {
    // A table is only cut when its bytes are more than that: statistics that say otherwise of its
    // rows are no guide to any of its boundaries.
    misled_ = low.empty();
    if (misled_) return std::nullopt;
    return Key{};
  }
  return FindIn(0, *start, *left);
}

std::string BoundarySearch::Prefix(std::size_t level, const Key& key) const {
  std::string prefix;
  for (std::size_t i = 0; i < level; ++i) {
    prefix = Both(prefix, fmt::format("{} = {}", QuoteIdentifier(ranges_.columns()[i]->name),
                                      ranges_.Literal(i, key[i])));
  }
  return prefix;
}

std::optional<BoundarySearch::Key> BoundarySearch::Row(const std::string& condition, bool last) {
  std::string order;
  for (const Column* column : ranges_.columns()) {
    order += fmt::format("{}{}{}", order.empty() ? "" : ", ", QuoteIdentifier(column->name),
                         last ? " DESC" : "");
  }
  const ResultSet answer = session_->Query(
      fmt::format("{} ORDER BY {} LIMIT 1", select_(ranges_.BoundaryColumns(), condition), order));
  if (answer.empty()) return std::nullopt;
  Key key;
  for (const Field& field : answer.rows.front()) key.push_back(field.value_or(""));
  return key;
}

std::optional<double> BoundarySearch::RowsTo(const Key& key) {
  return estimate_(
      *session_, select_(ranges_.BoundaryOrder(), ranges_.Condition(low_, ranges_.Literals(key))));
}

// Rows of one value in the first column are cut by the next one.
std::optional<BoundarySearch::Key> BoundarySearch::FindIn(std::size_t level, const Key& start,
                                                          double left) {
  const std::string prefix = Prefix(level, start);
  std::optional<Key> last;
  if (level == 0) {
    if (!last_row_) last_row_ = Row({}, true);
    last = last_row_;
  } else {
    last = Row(prefix, true);
  }
  if (!last) return std::nullopt;
  if (level > 0) {
    const std::optional<double> rows = RowsTo(*last);
    if (!rows) return std::nullopt;
    if (*rows <= 2 * wanted_) return last;
    left = *rows;
  }
  const bool deeper = level + 1 < levels_.size();
  if (deeper) {
    const std::string value =
        fmt::format("{} > {}", QuoteIdentifier(ranges_.columns()[level]->name),
                    ranges_.Literal(level, start[level]));
    const std::optional<Key> next = Row(Both(prefix, value));
    if (!next) return FindIn(level + 1, start, left);
    const std::optional<double> rows = RowsTo(*next);
    if (!rows) return std::nullopt;
    if (Fits(*rows)) return next;
    if (*rows > wanted_) return FindIn(level + 1, start, left);
  }
  if (!levels_[level].space) return std::nullopt;
  return Guess(level, prefix, start, *last, left);
}

void BoundarySearch::Learn(std::size_t level, const Key& key) {
  KeySpace& space = *levels_[level].space;
  const std::vector<std::string> unplaced = space.Unplaced(key[level]);
  if (unplaced.empty()) return;
  const std::string& collation = ranges_.columns()[level]->collation;
  std::string weights;
  for (const std::string& character : unplaced) {
    weights += fmt::format("{}HEX(WEIGHT_STRING({} COLLATE {}))", weights.empty() ? "" : ", ",
                           ranges_.Literal(level, character), collation);
  }
  std::vector<std::string> found;
  try {
    const ResultSet answer = session_->Query("SELECT " + weights);
    for (const Field& weight : answer.rows.at(0)) found.push_back(weight.value_or(""));
  } catch (const ServerError& e) {
    if (e.code() != ErrorCode::kQueryRefused) throw;
  }
  for (std::size_t i = 0; i < unplaced.size(); ++i) {
    const bool told = i < found.size() && !found[i].empty();
    space.Place(unplaced[i], told ? found[i] : ByteWeight(unplaced[i]));
  }
}

std::optional<BoundarySearch::Key> BoundarySearch::Guess(std::size_t level,
                                                         const std::string& prefix,
                                                         const Key& start, const Key& last,
                                                         double left) {
  Level& here = levels_[level];
  const KeySpace& space = *here.space;
  Learn(level, start);
  Learn(level, last);
  const std::string column = QuoteIdentifier(ranges_.columns()[level]->name);
  const std::string within = Both(behind_low_, prefix);
  // Values with too few rows before them, and with too many.
  std::string low = start[level];
  std::string high = last[level];
  double low_rows = 0;
  double high_rows = left;
  std::optional<Key> smaller;
  std::string guessed_before;
  double fraction = wanted_ / left / here.density;
  double scale = 0;  // a part of what is between them in which rows were found
  int gaps = 0;
  for (int guesses = 0; guesses < kMostGuesses; ++guesses) {
    fraction = std::clamp(fraction, kLeastFraction, 0.9);
    const std::string guessed = space.Between(low, high, fraction);
    if (guesses > 0 && guessed == guessed_before) {
      if (scale == 0 || fraction > 0.5) break;  // as near as values can be told apart
      fraction = std::sqrt(fraction);
      continue;
    }
    guessed_before = guessed;
    const std::optional<Key> key =
        Row(Both(within, fmt::format("{} >= {}", column, ranges_.Literal(level, guessed))));
    if (!key) {
      fraction /= 8;
      continue;
    }
    const std::optional<double> rows = RowsTo(*key);
    if (!rows) return std::nullopt;
    Learn(level, *key);
    if (Fits(*rows)) {
      const double part = space.Fraction(start[level], last[level], (*key)[level]);
      if (part > 0) here.density = std::clamp(*rows / left / part, 1e-9, 1e18);
      return key;
    }
    if (*rows < wanted_) {
      const double gained = std::max(*rows - low_rows, wanted_ / 64);
      low = (*key)[level];
      low_rows = *rows;
      smaller = key;
      scale = fraction;
      fraction *= (wanted_ - low_rows) / gained;
      continue;
    }
    const bool fewer = *rows < 0.7 * high_rows;
    high = guessed;
    high_rows = *rows;
    if (scale > 0) {
      scale = std::min(scale / fraction, 0.5);
      fraction = std::sqrt(scale);
    } else if (fewer) {
      gaps = 0;
      fraction = std::max(0.001, (wanted_ - low_rows) / (high_rows - low_rows));
    } else {
      // A gap: the values stand close together at its beginning, and nobody knows how close.
      fraction = std::pow(10.0, -std::pow(2.0, std::min(++gaps, 3)));
    }
  }
  if (smaller && low_rows >= kSmallest * wanted_) return smaller;
  return std::nullopt;
}

}  // namespace dbomsbak
