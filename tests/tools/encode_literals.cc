// Writes values as the INSERT statements of a dump, for tests that load them into a real server.
//
//   encode_literals TABLE KIND [MAX_HEX_ROW_BYTES] < VALUES > SQL
//
// VALUES has a line a value: its bytes as the server would send them, in hex, or NULL. The table
// has the columns `id` (the line's number, from 1) and `v`. The row digest goes to stderr.
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "dbomsbak/sql/insert_parser.h"
#include "dbomsbak/sql/row_encoder.h"

namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return (c | 0x20) - 'a' + 10;
}

int Run(int argc, char** argv) {
  using namespace dbomsbak;
  if (argc != 3 && argc != 4) {
    std::cerr << "usage: encode_literals TABLE KIND [MAX_HEX_ROW_BYTES]\n";
    return 2;
  }
  const auto kind = ColumnKind::Parse(argv[2]);
  if (!kind) {
    std::cerr << "no column kind: " << argv[2] << "\n";
    return 2;
  }
  RowEncoder::Options options;
  if (argc == 4) options.max_hex_row_bytes = std::stoul(argv[3]);
  const std::vector<ColumnKind> kinds{{ValueClass::kInteger, {}}, *kind};
  const std::vector<std::string> names{"id", "v"};
  RowEncoder encoder(kinds, options);
  RowDigest written;
  std::string text;
  std::size_t number = 0;
  constexpr std::size_t kRowsAStatement = 500;
  for (std::string line; std::getline(std::cin, line);) {
    text += number % kRowsAStatement == 0 ? (number == 0 ? "" : ";\n") + InsertHead(argv[1], names)
                                          : std::string(",\n");
    const std::string id = std::to_string(++number);
    std::string value;
    for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
      value.push_back(static_cast<char>(HexValue(line[i]) * 16 + HexValue(line[i + 1])));
    }
    const Cell cells[] = {{id.data(), id.size(), false},
                          line == "NULL" ? Cell{} : Cell{value.data(), value.size(), false}};
    encoder.Append(cells, text, written);
  }
  if (number != 0) text += ";\n";
  RowDigest read;
  InsertParser(argv[1], names, kinds).Digest(text, read);
  if (read != written) {
    std::cerr << "the text reads back as other rows\n";
    return 1;
  }
  std::cerr << written.sum.hex() << "\n";
  std::cout << text;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
