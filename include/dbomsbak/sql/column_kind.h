// How a column's values are written as literals and in the canonical form of row digests.
// Specification: formats/archive-v1.md, "Canonical rows".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dbomsbak {

enum class ValueClass {
  kInteger,   // canonical: shortest decimal text
  kDecimal,   // canonical: decimal text, no needless leading zeros, scale kept
  kFloat32,   // canonical: 4 bytes IEEE 754, little endian
  kFloat64,   // canonical: 8 bytes
  kBits,      // canonical: raw bytes, most significant first, as the server sends them
  kTemporal,  // DATE, TIME, DATETIME, TIMESTAMP at +00:00, YEAR; canonical: the server's text
  kText,      // canonical: bytes in the column's own charset
  kBytes,     // BINARY, VARBINARY, BLOB, GEOMETRY, VECTOR; canonical: the bytes
  kEnum,      // ENUM and SET by text; canonical: text in the column's own charset, '' for number 0
};

// `charset` is set for kText and kEnum only. ENUM and SET columns whose text is ambiguous (a
// member '') are read as numbers and are kInteger.
struct ColumnKind {
  ValueClass value_class = ValueClass::kText;
  std::string charset;
  // Text (kText, utf8mb4) of a JSON type that holds DECIMAL values of its own.
  bool json = false;

  // The index's word: "int", "decimal", "float32", "float64", "bits", "temporal", "bytes",
  // "text:utf8mb4", "enum:latin1", "json".
  std::string ToString() const;
  static std::optional<ColumnKind> Parse(std::string_view word);

  friend bool operator==(const ColumnKind&, const ColumnKind&) = default;
};

}  // namespace dbomsbak
