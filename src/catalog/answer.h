// Answers of catalogue queries, by column name: servers order and spell columns differently.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

class Answer {
 public:
  explicit Answer(ResultSet result) : result_(std::move(result)) {}

  std::size_t size() const noexcept { return result_.rows.size(); }
  bool Has(std::string_view column) const { return Find(column).has_value(); }
  // Names in any case. A column that is not there is as NULL.
  const Field& At(std::size_t row, std::string_view column) const;
  // NULL is "".
  std::string Text(std::size_t row, std::string_view column) const;
  std::uint64_t Number(std::size_t row, std::string_view column) const;  // else 0

 private:
  std::optional<std::size_t> Find(std::string_view column) const;
  ResultSet result_;
};

}  // namespace dbomsbak
