#include "engine/table_statistics.h"

#include <fmt/format.h>

#include "sql/table_outline.h"

namespace dbomsbak {

bool HasUsualStatistics(std::string_view create_table) {
  // A few bytes of each definition, and few have the word.
  if (create_table.find("STATS_AUTO_RECALC") == std::string_view::npos) return true;
  return OutlineOf(create_table).Option("stats_auto_recalc") == nullptr;
}

void PauseStatistics(Session& session, const std::string& table) {
  session.Execute(fmt::format("ALTER TABLE {} STATS_AUTO_RECALC=0", table));
}

void ResumeStatistics(Session& session, const std::string& table) {
  session.Execute(fmt::format(
      "ANALYZE NO_WRITE_TO_BINLOG TABLE {} PERSISTENT FOR COLUMNS () INDEXES ()", table));
  // Last: as long as it is not done, whoever goes on sees what is still to do.
  session.Execute(fmt::format("ALTER TABLE {} STATS_AUTO_RECALC=DEFAULT", table));
}

}  // namespace dbomsbak
