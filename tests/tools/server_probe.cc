// Shows what the lower layers see of a server, so that scripts can compare it with what other
// people's programs see.
//
//   server_probe [connection options] rows text|binary SQL    one row a line, cells in hex, NULL as -
#include <iostream>
#include <string>
#include <vector>

#include "dbomsbak/base/bytes.h"
#include "dbomsbak/transport/connection_options.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {
namespace {

void PrintRows(Session& session, const std::string& protocol, const std::string& sql) {
  const auto stream =
      session.Stream(sql, protocol == "binary" ? Protocol::kBinary : Protocol::kText);
  while (stream->Next()) {
    bool first = true;
    for (const Cell& cell : stream->cells()) {
      std::cout << (first ? "" : "\t") << (cell.is_null ? "-" : "x" + ToHex(cell.view()));
      first = false;
    }
    std::cout << '\n';
  }
}

int Run(std::vector<std::string> words) {
  ConnectionOptions options;
  while (words.size() > 1 && words.front().starts_with("--")) {
    const std::string word = words.front();
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (name == "--socket") options.socket = value;
    if (name == "--user") options.user = value;
    words.erase(words.begin());
  }
  const auto session = MakeSessionFactory(options)->Connect();
  if (words.size() == 3 && words[0] == "rows") {
    PrintRows(*session, words[1], words[2]);
    return 0;
  }
  std::cerr << "usage: server_probe [options] rows text|binary SQL\n";
  return 2;
}

}  // namespace
}  // namespace dbomsbak

int main(int argc, char** argv) {
  try {
    return dbomsbak::Run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const dbomsbak::Error& error) {
    std::cerr << error.message() << '\n';
    if (!error.hint().empty()) std::cerr << "hint: " << error.hint() << '\n';
    return static_cast<int>(error.code());
  }
}
