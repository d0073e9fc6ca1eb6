#include "engine/write_times.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

struct Times {
  WriteTimes settled;  // written in a second that is over
  bool all = true;
};

// "database/table" → the number of InnoDB's table, where the name is written as it is. Each table
// whose rows another storage holds than before has another. Empty where they are not told.
std::map<std::string, std::string> StorageNumbers(Session& session,
                                                  const std::vector<std::string>& databases) {
  std::string condition;
  for (const std::string& database : databases) {
    condition += fmt::format("{}NAME LIKE {}", condition.empty() ? "" : " OR ",
                             QuoteString(database + "/%"));
  }
  for (const char* list : {"INNODB_TABLES", "INNODB_SYS_TABLES"}) {
    try {
      std::map<std::string, std::string> numbers;
      const ResultSet rows = session.Query(fmt::format(
          "SELECT NAME, TABLE_ID FROM information_schema.{} WHERE {}", list, condition));
      for (std::size_t row = 0; row < rows.rows.size(); ++row) {
        numbers[rows.Text(row, 0)] = rows.Text(row, 1);
      }
      return numbers;
    } catch (const ServerError& error) {  // another server's list, or not for this account
      if (error.code() == ErrorCode::kConnectionLost) throw;
    }
  }
  return {};
}

Times Read(Session& session, const ServerTraits& traits,
           const std::vector<std::string>& databases) {
  Times times;
  if (traits.has_definition_times || databases.empty()) return times;
  try {
    session.Execute("SET SESSION information_schema_stats_expiry=0");  // or hours-old ones are told
  } catch (const ServerError& error) {  // not a variable of this server
    if (error.code() == ErrorCode::kConnectionLost) throw;
  }
  const std::map<std::string, std::string> storage = StorageNumbers(session, databases);
  if (storage.empty()) return times;
  std::string list;
  for (const std::string& database : databases) {
    list += (list.empty() ? "" : ",") + QuoteString(database);
  }
  const ResultSet rows = session.Query(fmt::format(
      "SELECT TABLE_SCHEMA, TABLE_NAME, CONCAT(CREATE_TIME, '/', UPDATE_TIME), UPDATE_TIME < NOW() "
      "FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ({}) AND CREATE_TIME IS NOT NULL AND "
      "UPDATE_TIME IS NOT NULL AND ENGINE = 'InnoDB' AND CREATE_OPTIONS NOT LIKE '%partitioned%'",
      list));
  for (std::size_t row = 0; row < rows.rows.size(); ++row) {
    const auto number = storage.find(rows.Text(row, 0) + "/" + rows.Text(row, 1));
    if (number == storage.end()) continue;
    if (rows.Text(row, 3) == "1") {
      times.settled[{rows.Text(row, 0), rows.Text(row, 1)}] =
          number->second + "/" + rows.Text(row, 2);
    } else {
      times.all = false;
    }
  }
  return times;
}

}  // namespace

WriteTimes ReadWriteTimes(Session& session, const ServerTraits& traits,
                          const std::vector<std::string>& databases) {
  return Read(session, traits, databases).settled;
}

WriteTimes ReadSettledWriteTimes(Session& session, const ServerTraits& traits,
                                 const std::vector<std::string>& databases) {
  Times times = Read(session, traits, databases);
  if (!times.all) {
    const auto rest = session.QueryValue("SELECT 1000 - FLOOR(MICROSECOND(NOW(6)) / 1000)");
    std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(rest.value_or("1000"))));
    times = Read(session, traits, databases);
  }
  return std::move(times.settled);
}

}  // namespace dbomsbak
