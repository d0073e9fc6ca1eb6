#include "engine/server_files.h"

#include <fmt/format.h>

#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

std::string FileName(Session& session, const std::string& name) {
  return session
      .QueryValue(fmt::format("SELECT CAST(CONVERT(CONVERT({} USING utf8mb4) USING filename) AS "
                              "BINARY)",
                              QuoteString(name)))
      .value_or(name);
}

}  // namespace

std::string PathOfTable(Session& session, const std::string& database, const std::string& table) {
  std::string folder = session.QueryValue("SELECT @@datadir").value_or("");
  if (!folder.ends_with('/')) folder += '/';
  return fmt::format("{}{}/{}", folder, FileName(session, database), FileName(session, table));
}

}  // namespace dbomsbak
