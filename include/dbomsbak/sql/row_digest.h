// The order-independent digest of a table's rows, "xxh3-128-sum/1".
// Specification: formats/archive-v1.md, "Row digest".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dbomsbak/base/digest.h"

namespace dbomsbak {

inline constexpr std::string_view kRowDigestId = "xxh3-128-sum/1";

// Rows seen, and the sum modulo 2^128 of XXH3-128 of each row's canonical form.
struct RowDigest {
  std::uint64_t rows = 0;
  Uint128 sum;

  void AddRow(std::string_view canonical_row) noexcept {
    ++rows;
    sum += Xxh3(canonical_row);
  }
  RowDigest& operator+=(const RowDigest& other) noexcept {
    rows += other.rows;
    sum += other.sum;
    return *this;
  }
  friend bool operator==(const RowDigest&, const RowDigest&) = default;
};

// A cell in canonical form: u32 length, little endian, and that many bytes; NULL is the length
// 0xFFFFFFFF alone. A row is its cells in column order.
void AppendCanonicalNull(std::string& row);
void AppendCanonicalBytes(std::string_view bytes, std::string& row);

}  // namespace dbomsbak
