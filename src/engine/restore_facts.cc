#include "engine/restore_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "dbomsbak/base/ascii.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "engine/disk_space.h"
#include "engine/guarded_definers.h"
#include "engine/torn_rename.h"

namespace dbomsbak {
namespace {

// The first column of an answer. Servers differ in what they have and show: no answer is none.
std::set<std::string> LowerNames(Session& session, const std::string& sql) {
  std::set<std::string> names;
  try {
    const ResultSet answer = session.Query(sql);
    for (std::size_t row = 0; row < answer.rows.size(); ++row) {
      names.insert(LowerAscii(answer.Text(row, 0)));
    }
  } catch (const ServerError& e) {
    if (IsPassing(e)) throw;
  }
  return names;
}

std::optional<std::string> Variable(Session& session, const std::string& name) {
  const ResultSet answer =
      session.Query("SHOW GLOBAL VARIABLES WHERE Variable_name = " + QuoteString(name));
  if (answer.empty()) return std::nullopt;
  return answer.Text(0, 1);
}

std::string LiveNames(const std::vector<RestoreMember>& members) {
  std::string list;
  for (const RestoreMember& member : members) {
    if (!list.empty()) list += ",";
    list += QuoteString(member.live);
  }
  return list;
}

std::optional<std::set<std::string>> Accounts(Session& session) {
  try {
    const ResultSet answer = session.Query("SELECT User, Host FROM mysql.user");
    std::set<std::string> accounts;
    for (std::size_t row = 0; row < answer.rows.size(); ++row) {
      accounts.insert(answer.Text(row, 0) + "@" + answer.Text(row, 1));
    }
    return accounts;
  } catch (const ServerError& e) {
    if (IsPassing(e)) throw;
    return std::nullopt;
  }
}

// A broken table (MERGE without its parts, say) is moved aside like any other: for that its name is
// enough.
void KeepBrokenTables(Catalog& live) {
  std::erase_if(live.unreadable, [&](const Unreadable& object) {
    if (object.id.kind != ObjectKind::kTable || object.code != ErrorCode::kQueryRefused) {
      return false;
    }
    for (Database& database : live.databases) {
      if (database.name != object.id.database) continue;
      const auto place = std::lower_bound(
          database.tables.begin(), database.tables.end(), object.id.name,
          [](const Table& table, const std::string& name) { return table.id.name < name; });
      database.tables.insert(place, Table{})->id = object.id;
    }
    return true;
  });
}

}  // namespace

std::size_t PlaceOf(const std::vector<RestoreMember>& members, const std::string& archived) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].archived == archived) return i;
  }
  throw Error(ErrorCode::kInternal, "no database is restored from " + QuoteIdentifier(archived));
}

// Sessions of clients: events that run ("Connect") are switched off in the window.
std::vector<std::string> SessionsIn(Session& session, const std::vector<RestoreMember>& members) {
  const ResultSet answer = session.Query(fmt::format(
      "SELECT ID, USER, HOST, DB FROM information_schema.PROCESSLIST WHERE DB IN ({}) AND ID <> {} "
      "AND COMMAND NOT IN ('Daemon','Connect','Binlog Dump') ORDER BY ID",
      LiveNames(members), session.connection_id()));
  std::vector<std::string> sessions;
  for (std::size_t row = 0; row < answer.rows.size(); ++row) {
    sessions.push_back(fmt::format("session {} of {}@{} in {}", answer.Text(row, 0),
                                   answer.Text(row, 1), answer.Text(row, 2),
                                   QuoteIdentifier(answer.Text(row, 3))));
  }
  return sessions;
}

RestoreFacts ReadServerFacts(Session& session) {
  RestoreFacts facts;
  facts.traits = ProbeServerTraits(session);
  facts.definitions = ProbeDefinitionTraits(session, facts.traits);
  facts.charsets =
      LowerNames(session, "SELECT CHARACTER_SET_NAME FROM information_schema.CHARACTER_SETS");
  facts.collations =
      LowerNames(session, "SELECT COLLATION_NAME FROM information_schema.COLLATIONS");
  // Collations of several charsets have their full names only here (MariaDB from 10.10).
  facts.collations.merge(LowerNames(session,
                                    "SELECT FULL_COLLATION_NAME FROM "
                                    "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"));
  facts.engines = LowerNames(
      session, "SELECT ENGINE FROM information_schema.ENGINES WHERE SUPPORT IN ('YES','DEFAULT')");
  return facts;
}

void ReadFactsOfNow(Session& session, std::vector<RestoreMember>& members,
                    const std::set<std::string>& definers, RestoreFacts& facts) {
  facts.account = session.QueryValue("SELECT CURRENT_USER()").value_or("");
  facts.privileges = ReadPrivileges(session);
  facts.databases.clear();
  for (std::string& name : ListDatabases(session)) facts.databases.insert(std::move(name));
  facts.accounts = Accounts(session);

  std::vector<std::string> names;
  for (const RestoreMember& member : members) names.push_back(member.live);
  facts.keys_into_set = KeysInto(session, names);
  facts.sessions = SessionsIn(session, members);
  facts.leftovers = FindLeftovers(session);
  facts.innodb_read_only = Variable(session, "innodb_read_only") == "ON";
  facts.copies_own_files =
      !facts.traits.has_atomic_ddl && CopiesWithinDataFolder(session, facts.traits);
  facts.trusts_function_creators =
      Variable(session, "log_bin_trust_function_creators").value_or("ON") == "ON";
  facts.free_bytes = FreeBytes(session);
  facts.binlog_filtered = false;
  // One name or the other, by the server's age.
  for (const char* sql : {"SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"}) {
    try {
      const ResultSet status = session.Query(sql);
      facts.binlog_filtered =
          !status.empty() && (!status.Text(0, 2).empty() || !status.Text(0, 3).empty());
      break;
    } catch (const ServerError& e) {  // needs a privilege that a restore does not
      if (e.code() == ErrorCode::kConnectionLost) throw;
    }
  }

  CatalogRequest request;
  request.guess_views = true;
  for (RestoreMember& member : members) {
    member.exists = facts.databases.contains(member.live);
    if (member.exists) request.databases.push_back(member.live);
  }
  facts.live = {};
  if (!request.databases.empty()) facts.live = ReadCatalog(session, facts.traits, request);
  KeepBrokenTables(facts.live);
  std::set<std::string> all_definers = DefinersOf(facts.live);
  all_definers.insert(definers.begin(), definers.end());
  facts.guarded_definers = GuardedDefiners(session, facts.traits, facts.privileges, all_definers);
}

}  // namespace dbomsbak
