// Cuts SQL text from stdin and writes each statement to stdout with a NUL byte behind it.
//   split_statements [BYTES_A_PIECE]
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "dbomsbak/sql/statement_splitter.h"

int main(int argc, char** argv) {
  try {
    std::vector<char> piece(argc > 1 ? std::stoul(argv[1]) : 65536);
    dbomsbak::StatementSplitter splitter(std::size_t{1} << 30, [](const auto& statement) {
      std::cout.write(statement.text.data(), static_cast<std::streamsize>(statement.text.size()));
      std::cout.put('\0');
    });
    while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), stdin)) {
      splitter.Feed({piece.data(), size});
    }
    splitter.Finish();
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
