#include "engine/running_statements.h"

#include <fmt/format.h>

#include <chrono>
#include <set>
#include <thread>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

constexpr std::chrono::milliseconds kLook{100};

// Sessions and what they run. A question that tells of such statements is none of them.
std::set<std::string> Running(Session& session, const std::string& which) {
  const ResultSet answer = session.Query(fmt::format(
      "SELECT CONCAT(ID, ' ', CRC32(INFO)) FROM information_schema.PROCESSLIST WHERE ({}) AND "
      "UPPER(SUBSTRING_INDEX(LTRIM(INFO), ' ', 1)) IN ('ALTER', 'CREATE', 'DELETE', 'DROP', "
      "'INSERT', 'LOAD', 'RENAME', 'REPLACE', 'TRUNCATE', 'UPDATE') AND ID <> CONNECTION_ID()",
      which));
  std::set<std::string> running;
  for (std::size_t row = 0; row < answer.rows.size(); ++row) running.insert(answer.Text(row, 0));
  return running;
}

bool WaitFor(Session& session, const std::string& which, Observer& observer,
             std::chrono::milliseconds longest) {
  const auto deadline = std::chrono::steady_clock::now() + longest;
  std::set<std::string> waited_for = Running(session, which);
  if (waited_for.empty()) return false;
  observer.Phase("waiting for what the server is still doing for a program that is gone");
  while (std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kLook);
    const std::set<std::string> now = Running(session, which);
    std::erase_if(waited_for, [&](const std::string& one) { return !now.contains(one); });
    if (waited_for.empty()) return true;
  }
  throw Error(
      ErrorCode::kBusy,
      fmt::format("a statement of a program that is gone still runs, in session {}",
                  waited_for.begin()->substr(0, waited_for.begin()->find(' '))),
      "Wait until that statement has ended, or end it (KILL and the session's number); then "
      "run the same command again.");
}

}  // namespace

void WaitForRunningChanges(Session& session, Observer& observer,
                           std::chrono::milliseconds longest) {
  WaitFor(session, "INFO LIKE '%\\_\\_dbomsbak\\_%'", observer, longest);
}

bool WaitForRunningChanges(Session& session, const std::vector<std::string>& databases,
                           Observer& observer) {
  std::string which = "FALSE";
  for (const std::string& database : databases) {
    which += fmt::format(" OR DB = {} OR LOCATE({}, INFO) > 0", QuoteString(database),
                         QuoteString(QuoteIdentifier(database)));
  }
  return WaitFor(session, which, observer, std::chrono::minutes(10));
}

}  // namespace dbomsbak
