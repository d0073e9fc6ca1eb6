// What the program makes of a definition from stdin, for tests that ask a real server whether it is
// right.
//   definitions rename KIND FROM=TO…   the definition for other databases
//   definitions references             tables of a view: DATABASE, TABLE, COLUMN… a line,
//   tab-separated definitions without-auto-increment
#include <exception>
#include <iostream>
#include <iterator>
#include <string>

#include "dbomsbak/sql/create_table.h"
#include "dbomsbak/sql/rename_databases.h"
#include "dbomsbak/sql/view_references.h"

namespace {

int Run(int argc, char** argv) {
  using namespace dbomsbak;
  const std::string what = argc > 1 ? argv[1] : "";
  const std::string create{std::istreambuf_iterator<char>(std::cin), {}};
  if (what == "rename" && argc > 2) {
    DatabaseMap map;
    for (int i = 3; i < argc; ++i) {
      const std::string pair = argv[i];
      const std::size_t equals = pair.find('=');
      map[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
    const auto kind = ParseObjectKind(argv[2]);
    if (!kind) return 2;
    std::cout << RenameDatabases(*kind, create, map);
    return 0;
  }
  if (what == "references") {
    for (const ViewReference& reference : ViewReferences(create)) {
      std::cout << reference.database << '\t' << reference.table;
      for (const std::string& column : reference.columns) std::cout << '\t' << column;
      std::cout << '\n';
    }
    return 0;
  }
  if (what == "without-auto-increment") {
    std::cout << WithoutAutoIncrement(create);
    return 0;
  }
  return 2;
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
