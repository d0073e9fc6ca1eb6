// How fast rows become SQL text, text becomes row digests, and text is cut into statements.
//
//   cmake --preset release -DDBOMSBAK_BUILD_BENCHMARKS=ON
//   cmake --build --preset release --target codecs_benchmark
//   build/release/benchmarks/codecs_benchmark
//
// Bytes per second are bytes of SQL text, but for Digest: bytes of values.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/row_encoder.h"
#include "dbomsbak/sql/statement_splitter.h"
#include "sql/literal.h"

namespace dbomsbak {
namespace {

enum Content { kOmsRows, kProse, kChinese, kJson, kLatin1, kGbk, kBlobs, kDoubles, kIntegers };
constexpr const char* kContentNames[] = {"oms_rows", "prose", "chinese", "json",    "latin1",
                                         "gbk",      "blobs", "doubles", "integers"};

struct Table {
  std::vector<ColumnKind> kinds;
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::vector<Cell>> cells;
  std::string text;  // one INSERT statement
  std::size_t value_bytes = 0;
};

std::string Words(std::mt19937_64& random, std::size_t bytes, std::string_view letters,
                  std::size_t letter_bytes) {
  std::string text;
  while (text.size() < bytes) {
    text += letters.substr(random() % (letters.size() / letter_bytes) * letter_bytes, letter_bytes);
  }
  return text;
}

constexpr std::string_view kLetters = "etaoin shrdlu cmfwyp vbgkqjxz ETAOIN 0123456789.,-";
constexpr std::string_view kHan = "数据迁移服务项目状态步骤任务配置管理增量同步校验";

std::string RandomJson(std::mt19937_64& random) {
  std::string inner = "{";
  for (int i = 0; i < 12; ++i) {
    inner += "\\\"key" + std::to_string(random() % 100) + "\\\":\\\"" +
             Words(random, 12, kLetters, 1) + "\\\",";
  }
  return "{\"id\":" + std::to_string(random()) + ",\"settings\":\"" + inner +
         "}\",\n  \"name\":\"it's " + Words(random, 40, kLetters, 1) + "\"}";
}

std::string Raw(double value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

Table MakeTable(Content content) {
  std::mt19937_64 random(42);
  Table table;
  const auto column = [&](std::string_view kind) {
    table.kinds.push_back(ColumnKind::Parse(kind).value());
    table.names.push_back("column_" + std::to_string(table.names.size()));
  };
  switch (content) {
    case kOmsRows:
      for (const char* kind : {"int", "text:utf8mb4", "text:utf8mb4", "temporal", "temporal", "int",
                               "text:utf8mb4", "enum:utf8mb4"}) {
        column(kind);
      }
      break;
    case kProse:
    case kChinese:
    case kJson:
      column("text:utf8mb4");
      break;
    case kLatin1:
      column("text:latin1");
      break;
    case kGbk:
      column("text:gbk");
      break;
    case kBlobs:
      column("bytes");
      break;
    case kDoubles:
      for (int i = 0; i < 4; ++i) column("float64");
      break;
    case kIntegers:
      for (int i = 0; i < 8; ++i) column("int");
      break;
  }
  while (table.value_bytes < std::size_t{1} << 20) {
    std::vector<std::string> row;
    switch (content) {
      case kOmsRows:
        row = {std::to_string(table.rows.size() + 1),
               "task_" + std::to_string(random() % 100000),
               Words(random, 60, kLetters, 1),
               "2026-11-26 00:43:06",
               "2026-11-26 00:43:06.123456",
               std::to_string(random() % 1000),
               random() % 4 == 0 ? Words(random, 60, kHan, 3) : Words(random, 200, kLetters, 1),
               "RUNNING"};
        break;
      case kProse:
        row = {Words(random, 1000, kLetters, 1)};
        break;
      case kChinese:
        row = {Words(random, 1000, kHan, 3)};
        break;
      case kJson:
        row = {RandomJson(random)};
        break;
      case kLatin1:
        row = {Words(random, 1000, "abcdefghij\xE9\xFC\x80 klmnopqrst", 1)};
        break;
      case kGbk:
        row = {Words(random, 1000, "\xCA\xFD\xBE\xDD\xC7\xA8\xD2\xC6", 2)};
        break;
      case kBlobs:
        row = {Words(random, 4096, kLetters, 1)};
        break;
      case kDoubles:
        for (int i = 0; i < 4; ++i) row.push_back(Raw(static_cast<double>(random()) / 1e13));
        break;
      case kIntegers:
        for (int i = 0; i < 8; ++i) row.push_back(std::to_string(random() >> random() % 64));
        break;
    }
    for (const std::string& value : row) table.value_bytes += value.size();
    table.rows.push_back(std::move(row));
  }
  RowEncoder encoder(table.kinds);
  RowDigest digest;
  table.text = InsertHead("t", table.names);
  for (const auto& row : table.rows) {
    std::vector<Cell> cells;
    for (const std::string& value : row) cells.push_back({value.data(), value.size(), false});
    encoder.Append(cells, table.text, digest);
    table.text += ",\n";
    table.cells.push_back(std::move(cells));
  }
  table.text.replace(table.text.size() - 2, 2, ";\n");
  return table;
}

const Table& TableOf(benchmark::State& state) {
  static const std::vector<Table> tables = [] {
    std::vector<Table> made;
    for (int i = 0; i <= kIntegers; ++i) made.push_back(MakeTable(static_cast<Content>(i)));
    return made;
  }();
  const auto content = static_cast<std::size_t>(state.range(0));
  state.SetLabel(kContentNames[content]);
  return tables[content];
}

void Count(benchmark::State& state, std::size_t bytes, std::size_t rows) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * rows));
}

void Encode(benchmark::State& state) {
  const Table& table = TableOf(state);
  RowEncoder encoder(table.kinds);
  std::string text;
  for (auto _ : state) {
    RowDigest digest;
    text.clear();
    for (const auto& cells : table.cells) {
      encoder.Append(cells, text, digest);
      text += ",\n";
    }
    benchmark::DoNotOptimize(digest);
  }
  Count(state, text.size(), table.cells.size());
}

void Digest(benchmark::State& state) {
  const Table& table = TableOf(state);
  RowEncoder encoder(table.kinds);
  for (auto _ : state) {
    RowDigest digest;
    for (const auto& cells : table.cells) encoder.Digest(cells, digest);
    benchmark::DoNotOptimize(digest);
  }
  Count(state, table.value_bytes, table.cells.size());
}

void Parse(benchmark::State& state) {
  const Table& table = TableOf(state);
  InsertParser parser("t", table.names, table.kinds);
  for (auto _ : state) {
    RowDigest digest;
    parser.Digest(table.text, digest);
    benchmark::DoNotOptimize(digest);
  }
  Count(state, table.text.size(), table.cells.size());
}

void Split(benchmark::State& state) {
  const Table& table = TableOf(state);
  for (auto _ : state) {
    std::size_t statements = 0;
    StatementSplitter splitter(std::size_t{1} << 30, [&](const auto&) { ++statements; });
    for (std::size_t at = 0; at < table.text.size(); at += 65536) {
      splitter.Feed(std::string_view(table.text).substr(at, 65536));
    }
    splitter.Finish();
    benchmark::DoNotOptimize(statements);
  }
  Count(state, table.text.size(), 1);
}

void Quote(benchmark::State& state) {
  const Table& table = TableOf(state);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const auto& row : table.rows) AppendQuotedString(row.back(), out);
    benchmark::DoNotOptimize(out.data());
  }
  Count(state, out.size(), table.rows.size());
}

void Hex(benchmark::State& state) {
  const Table& table = TableOf(state);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (const auto& row : table.rows) AppendHexLiteral(row.back(), out);
    benchmark::DoNotOptimize(out.data());
  }
  Count(state, out.size(), table.rows.size());
}

// Shortest texts that read back as the same number.
template <auto Write, typename Float>
void FloatText(benchmark::State& state) {
  std::mt19937_64 random(42);
  std::vector<Float> numbers;
  for (int i = 0; i < 10'000; ++i) numbers.push_back(static_cast<Float>(random()) / Float{1e13F});
  char text[kMaxDoubleText];
  std::size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    for (const Float number : numbers)
      bytes += static_cast<std::size_t>(Write(number, text) - text);
    benchmark::DoNotOptimize(text);
  }
  Count(state, bytes, numbers.size());
}

// Integers and DECIMAL, from the server's text.
void NumberText(benchmark::State& state) {
  const Table& table = TableOf(state);
  char text[kMaxNumberText];
  std::size_t bytes = 0;
  for (auto _ : state) {
    bytes = 0;
    for (const auto& row : table.rows) {
      for (const std::string& number : row) {
        bytes += static_cast<std::size_t>(WriteNumber(number, false, text) - text);
      }
    }
    benchmark::DoNotOptimize(text);
  }
  Count(state, bytes, table.rows.size());
}

BENCHMARK(Encode)->DenseRange(kOmsRows, kIntegers);
BENCHMARK(Digest)->DenseRange(kOmsRows, kIntegers);
BENCHMARK(Parse)->DenseRange(kOmsRows, kIntegers);
BENCHMARK(Split)->DenseRange(kOmsRows, kBlobs);
BENCHMARK(Quote)->DenseRange(kProse, kJson);
BENCHMARK(Hex)->Arg(kBlobs);
BENCHMARK(NumberText)->Arg(kIntegers);
BENCHMARK(FloatText<WriteDouble, double>);
BENCHMARK(FloatText<WriteFloat, float>);

}  // namespace
}  // namespace dbomsbak
