// dump_one DATABASE FILE.sql.zst: one database as an archive, by the library. Host, account and
// password come from ~/.my.cnf and the environment, as for the mysql client.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "dbomsbak/app/dump_command.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/base/error.h"
#include "dbomsbak/base/file.h"
#include "dbomsbak/engine/observer.h"
#include "dbomsbak/transport/connection_options.h"
#include "dbomsbak/transport/session.h"

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: dump_one DATABASE FILE.sql.zst\n");
    return 2;
  }
  std::vector<std::string> notices;
  const auto connection = dbomsbak::ResolveConnection({}, nullptr, notices);
  const auto sessions = dbomsbak::MakeSessionFactory(connection);

  dbomsbak::DumpCommand command;
  command.target = dbomsbak::ResolveOutput(argv[2], std::nullopt, false);
  command.options.scope.databases = {argv[1]};
  const dbomsbak::DumpResult result =
      dbomsbak::RunDumpToFile(*sessions, dbomsbak::FileSystem::Posix(), command,
                              dbomsbak::SilentObserver(), dbomsbak::CancelToken());
  std::printf("%llu bytes in %s\n", static_cast<unsigned long long>(result.output_bytes), argv[2]);
  return 0;
} catch (const dbomsbak::Error& error) {
  std::fprintf(stderr, "%s\n%s\n", error.what(), error.hint().c_str());
  return 1;
}
