#include "engine/lock_holders.h"

#include <fmt/format.h>

#include <set>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kMostNamed = 3;

// Not every server has the tables asked here, nor may every account read them.
ResultSet Try(Session& session, const std::string& sql) {
  try {
    return session.Query(sql);
  } catch (const ServerError& error) {
    if (error.code() == ErrorCode::kConnectionLost) throw;
    return {};
  }
}

std::string Joined(Session& session, const ResultSet& ids, std::string_view what) {
  std::string text;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < ids.rows.size() && seen.size() < kMostNamed; ++i) {
    const std::string id = ids.Text(i, 0);
    if (id.empty() || !seen.insert(id).second) continue;
    const ResultSet who =
        Try(session,
            fmt::format("SELECT USER, HOST, COMMAND, TIME, LEFT(INFO, 80) FROM "
                        "information_schema.PROCESSLIST WHERE ID = {} AND ID <> CONNECTION_ID()",
                        id));
    if (who.empty()) continue;
    if (!text.empty()) text += ", ";
    const std::string doing = who.Text(0, 2) == "Sleep"
                                  ? fmt::format("idle for {} s", who.Text(0, 3))
                                  : fmt::format("for {} s in: {}", who.Text(0, 3), who.Text(0, 4));
    text += fmt::format("session {} of {}@{} ({}, {})", id, who.Text(0, 0), who.Text(0, 1), what,
                        doing);
  }
  return text;
}

std::string ListOf(const std::vector<std::string>& databases) {
  std::string list;
  for (const std::string& database : databases) {
    list += (list.empty() ? "" : ", ") + QuoteString(database);
  }
  return list;
}

// Exactly: who holds metadata locks on these databases.
std::string HoldersOfLocks(Session& session, const std::string& list) {
  std::string text = Joined(
      session,
      Try(session,
          fmt::format("SELECT DISTINCT t.PROCESSLIST_ID FROM performance_schema.metadata_locks l "
                      "JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID "
                      "WHERE l.OBJECT_SCHEMA IN ({}) AND l.LOCK_STATUS = 'GRANTED' "
                      "AND t.PROCESSLIST_ID <> CONNECTION_ID()",
                      list)),
      "holds a lock");
  if (!text.empty()) return text;
  return Joined(
      session,
      Try(session, fmt::format("SELECT DISTINCT THREAD_ID FROM "
                               "information_schema.METADATA_LOCK_INFO WHERE TABLE_SCHEMA IN ({}) "
                               "AND THREAD_ID <> CONNECTION_ID()",
                               list)),
      "holds a lock");
}

// Likely: open transactions, the oldest first.
std::string OpenTransactions(Session& session) {
  return Joined(session,
                Try(session,
                    "SELECT trx_mysql_thread_id FROM information_schema.INNODB_TRX WHERE "
                    "trx_mysql_thread_id <> CONNECTION_ID() ORDER BY trx_started"),
                "in a transaction");
}

}  // namespace

std::string DescribeTransactions(Session& session, const std::vector<std::string>& databases) {
  if (const std::string text = HoldersOfLocks(session, ListOf(databases)); !text.empty()) {
    return fmt::format("in the way of the swap, which waits for them and then gives up: {}", text);
  }
  const std::string text = OpenTransactions(session);
  if (text.empty()) return {};
  return fmt::format(
      "in the way of the swap, if they have touched these databases; it waits for them and then "
      "gives up: {}",
      text);
}

std::string DescribeLockHolders(Session& session, const std::vector<std::string>& databases) {
  const std::string list = ListOf(databases);
  std::string text = HoldersOfLocks(session, list);
  if (text.empty()) text = OpenTransactions(session);
  if (!text.empty()) return text;
  // Perhaps: whoever works in these databases, or is there at all. A reader of tables without
  // transactions is in none, and may have named them without USE.
  text = Joined(
      session,
      Try(session, fmt::format("SELECT ID FROM information_schema.PROCESSLIST WHERE DB IN ({}) "
                               "AND ID <> CONNECTION_ID() ORDER BY TIME DESC",
                               list)),
      "uses the database");
  if (!text.empty()) return text;
  text =
      Joined(session,
             Try(session,
                 "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND "
                 "COMMAND NOT IN ('Daemon', 'Binlog Dump', 'Slave_IO', 'Slave_SQL') AND USER NOT "
                 "IN ('system user', 'event_scheduler') ORDER BY TIME DESC"),
             "is connected");
  return text.empty() ? text : "perhaps " + text;
}

}  // namespace dbomsbak
