// What lies between two values of a key column, without asking a server.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/catalog/catalog.h"

namespace dbomsbak {

// Values are as the server sends them in its column's own bytes. A guess need not be a value that
// is there, nor stand exactly where it was meant to: who uses it asks the server for the first row
// at or behind it. One thread.
class KeySpace {
 public:
  // Nothing for columns whose order nobody here knows: FLOAT, ENUM.
  static std::optional<KeySpace> For(const Column& column);

  // Text: characters of `value`, and their like, that were not placed yet. Empty for all else.
  std::vector<std::string> Unplaced(std::string_view value) const;
  // By weights of the column's collation characters are put into its order.
  void Place(const std::string& character, const std::string& weight);

  // Where `value` lies from `low` (0) to `high` (1). Characters of texts have been placed.
  double Fraction(std::string_view low, std::string_view high, std::string_view value) const;
  // Bytes, UUIDs, addresses: never above `high`.
  std::string Between(std::string_view low, std::string_view high, double fraction) const;

 private:
  enum class Form { kNumber, kYear, kMoment, kTime, kBytes, kText, kUuid, kAddress };
  using Digits = std::vector<unsigned>;  // 0: the value ends, where values are not of one size

  explicit KeySpace(Form form) : form_(form) {}
  bool is_number() const;
  bool is_of_one_size() const { return form_ == Form::kUuid || form_ == Form::kAddress; }
  Digits DigitsOf(std::string_view value) const;
  unsigned Base() const;
  std::string FromDigits(std::string_view low, const Digits& digits) const;

  Form form_;
  std::string charset_;
  std::map<std::string, std::string> weights_;  // by character
  std::map<std::string, std::string> by_weight_;
};

}  // namespace dbomsbak
