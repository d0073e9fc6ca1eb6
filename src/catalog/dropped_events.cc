#include "dbomsbak/catalog/dropped_events.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

constexpr std::chrono::milliseconds kLook{200};

}  // namespace

void AwaitDroppedEvents(Session& session, const ServerTraits& traits,
                        const std::vector<std::string>& databases,
                        std::chrono::milliseconds longest) {
  // A server whose definitions are put together from its own lists has this list, too.
  if (traits.has_runnable_show_create || databases.empty()) return;
  std::string list;
  for (const std::string& database : databases) {
    if (!list.empty()) list += ',';
    list += QuoteString(database);
  }
  // The name of a job begins with the number of its database.
  const std::string query = fmt::format(
      "SELECT MIN(cowner) FROM oceanbase.__all_tenant_scheduler_job WHERE job > 0 AND job_class = "
      "'MYSQL_EVENT_JOB_CLASS' AND cowner IN ({}) AND SUBSTRING_INDEX(job_name, '.', 1) NOT IN "
      "(SELECT database_id FROM oceanbase.__all_database)",
      list);
  const auto deadline = std::chrono::steady_clock::now() + longest;
  for (;;) {
    std::string database;
    try {
      database = session.QueryValue(query).value_or("");
    } catch (const ServerError& error) {
      if (error.code() != ErrorCode::kPrivilege) throw;
      return;
    }
    if (database.empty()) return;
    if (std::chrono::steady_clock::now() > deadline) {
      throw Error(
          ErrorCode::kBusy,
          fmt::format("the server still lists events of a dropped database {}",
                      QuoteIdentifier(database)),
          "Wait until information_schema.EVENTS has forgotten them, then run the same command "
          "again.");
    }
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace dbomsbak
