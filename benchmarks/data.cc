// Writes the tables that benchmarks/run measures with, as SQL text for the mysql client.
//
//   benchmark_data BYTES | mysql DATABASE
//
// Four tables of different kinds share the bytes evenly; the text is the same every time.
#include <array>
#include <charconv>
#include <cstdint>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kStatementBytes = 1 << 20;
constexpr std::string_view kWords[] = {
    "migration", "store",   "connector", "checker",  "console", "cluster", "heartbeat",  "replica",
    "region",    "project", "任务",      "增量同步", "it's",    "C:\\oms", "\"quoted\"", "线\n"};

// Distributions differ between standard libraries; the generator does not.
class Dice {
 public:
  std::uint64_t Below(std::uint64_t end) { return generator_() % end; }
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) {
    return low + Below(high - low + 1);
  }
  std::string_view Word() { return kWords[Below(std::size(kWords))]; }
  std::uint64_t Bits() { return generator_(); }

 private:
  std::mt19937_64 generator_{6};
};

template <typename Number>
void AppendNumber(Number value, std::string& out) {
  std::array<char, 64> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void AppendPadded(std::uint64_t value, std::size_t width, std::string& out) {
  const std::string digits = std::to_string(value);
  out.append(width - digits.size(), '0');
  out += digits;
}

// 'YYYY-MM-DD hh:mm:ss'
void AppendMoment(Dice& dice, std::string& out) {
  const struct {
    char before;
    std::uint64_t low, high;
  } parts[] = {{'-', 1, 12}, {'-', 1, 28}, {' ', 0, 23}, {':', 0, 59}, {':', 0, 59}};
  out += "'";
  AppendNumber(dice.Between(2020, 2026), out);
  for (const auto& part : parts) {
    out += part.before;
    AppendPadded(dice.Between(part.low, part.high), 2, out);
  }
  out += "'";
}

// Groups of eleven digits, as sysbench makes them.
void AppendGroups(Dice& dice, unsigned groups, std::string& out) {
  out += "'";
  for (unsigned i = 0; i < groups; ++i) {
    if (i != 0) out += '-';
    AppendPadded(dice.Below(100'000'000'000), 11, out);
  }
  out += "'";
}

// Many narrow rows, and a secondary index.
void AppendReading(std::uint64_t number, Dice& dice, std::string& out) {
  AppendNumber(number, out);
  out += ',';
  AppendNumber(dice.Below(100'000), out);
  out += ',';
  AppendNumber(dice.Below(9), out);
  out += ',';
  AppendNumber(dice.Below(10'000'000), out);
  out += '.';
  AppendPadded(dice.Below(1000), 3, out);
  out += ',';
  AppendMoment(dice, out);
}

// Wide rows of CHAR columns.
void AppendWide(std::uint64_t number, Dice& dice, std::string& out) {
  AppendNumber(number, out);
  out += ',';
  AppendNumber(dice.Below(1'000'000), out);
  for (const unsigned groups : {10U, 10U, 5U}) {
    out += ',';
    AppendGroups(dice, groups, out);
  }
}

// JSON texts of 2 to 60 KB, with what must be quoted and with text of several bytes a letter.
void AppendDocument(std::uint64_t number, Dice& dice, std::string& out) {
  std::string json = "{\"settings\": [";
  const std::size_t bytes = dice.Between(2'000, 60'000);
  while (json.size() < bytes) {
    json += "{\"key" + std::to_string(dice.Below(1000)) + "\": " + std::to_string(dice.Bits()) +
            ", \"path\": \"C:\\\\";
    for (unsigned i = 0; i < 6; ++i) {
      const std::string_view word = dice.Word();
      json += word.find_first_of("\"\\\n") == std::string_view::npos ? word : "\\\"";
      json += ' ';
    }
    json += "\"},\n";
  }
  json += "null]}";
  AppendNumber(number, out);
  out += ',';
  AppendQuotedString(std::string(dice.Word()) + '.' + std::string(dice.Word()), out);
  out += ',';
  AppendQuotedString(json, out);
}

// Bytes under a composite key, and floating columns. Half of the bytes compress, half do not.
void AppendBlob(std::uint64_t number, Dice& dice, std::string& out) {
  constexpr std::uint64_t kParts = 1000;
  out += "'region-";
  AppendPadded(number / kParts, 6, out);
  out += "',";
  AppendNumber(number % kParts, out);
  out += ',';
  AppendNumber(static_cast<double>(dice.Bits()) / 1e13, out);
  out += ',';
  AppendNumber(static_cast<float>(dice.Below(1'000'000)) / 1000, out);
  out += ',';
  std::string bytes;
  const std::size_t size = dice.Between(100, 3000);
  const char same = static_cast<char>(dice.Below(256));
  while (bytes.size() < size) {
    const std::uint64_t bits = dice.Bits();
    bytes.append(reinterpret_cast<const char*>(&bits), sizeof bits);
    bytes.append(sizeof bits, same);
  }
  AppendHexLiteral(bytes, out);
}

struct BenchTable {
  std::string_view name, columns;
  void (*append_row)(std::uint64_t number, Dice& dice, std::string& out);
};
constexpr BenchTable kTables[] = {
    {"readings",
     "id BIGINT NOT NULL AUTO_INCREMENT, device INT UNSIGNED NOT NULL, kind TINYINT NOT NULL, "
     "amount DECIMAL(12,3) NOT NULL, taken DATETIME NOT NULL, PRIMARY KEY (id), "
     "KEY device (device, taken)",
     AppendReading},
    {"wide",
     "id INT NOT NULL, k INT NOT NULL, c CHAR(120) NOT NULL, d CHAR(120) NOT NULL, "
     "pad CHAR(60) NOT NULL, PRIMARY KEY (id)",
     AppendWide},
    {"documents",
     "id BIGINT NOT NULL, owner VARCHAR(100) NOT NULL, body LONGTEXT NOT NULL, PRIMARY KEY (id)",
     AppendDocument},
    {"blobs",
     "region VARCHAR(20) NOT NULL, part INT NOT NULL, score DOUBLE NOT NULL, weight FLOAT NOT "
     "NULL, "
     "body BLOB NOT NULL, PRIMARY KEY (region, part)",
     AppendBlob},
};

void WriteTable(const BenchTable& table, std::uint64_t bytes) {
  Dice dice;
  std::cout << "CREATE TABLE " << table.name << " (" << table.columns
            << ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n";
  const std::string head = "INSERT INTO " + std::string(table.name) + " VALUES\n(";
  std::uint64_t written = 0;
  for (std::uint64_t number = 1; written < bytes;) {
    std::string statement = head;
    do {
      if (statement.size() != head.size()) statement += ",\n(";
      table.append_row(number++, dice, statement);
      statement += ')';
    } while (statement.size() < kStatementBytes && written + statement.size() < bytes);
    written += statement.size();
    std::cout << statement << ";\n";
  }
}

}  // namespace
}  // namespace dbomsbak

int main(int argc, char** argv) {
  std::uint64_t bytes = 0;
  const std::string_view text = argc == 2 ? argv[1] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), bytes).ec != std::errc() ||
      bytes == 0) {
    std::cerr << "usage: benchmark_data BYTES\n";
    return 2;
  }
  std::ios::sync_with_stdio(false);
  std::cout << "SET NAMES utf8mb4, unique_checks = 0;\n";
  for (const auto& table : dbomsbak::kTables) {
    dbomsbak::WriteTable(table, bytes / std::size(dbomsbak::kTables));
  }
  return std::cout.flush() ? 0 : 1;
}
