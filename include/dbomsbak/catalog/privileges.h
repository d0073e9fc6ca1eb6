// What an account may do, from SHOW GRANTS.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dbomsbak/catalog/server_traits.h"
#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// Privileges on everything, on databases and on tables; those on single columns and routines are
// left aside, for they are never enough to read a whole object.
class Privileges {
 public:
  // `grants`: the lines of SHOW GRANTS.
  static Privileges Parse(const std::vector<std::string>& grants);

  // `privilege` in capitals, as GRANT writes it: "CREATE VIEW".
  bool HasGlobal(std::string_view privilege) const;
  bool Has(std::string_view privilege, std::string_view database) const;
  bool HasOnTable(std::string_view privilege, std::string_view database,
                  std::string_view table) const;
  // May it hand on what it has in `database`?
  bool MayGrant(std::string_view database) const { return Has("GRANT OPTION", database); }
  // What the account itself has in `database` by a wider pattern than `pattern`: a grant on that
  // one would take its place, since the server looks at the most specific pattern alone.
  std::set<std::string, std::less<>> HiddenBy(std::string_view pattern,
                                              std::string_view database) const;

 private:
  std::set<std::string, std::less<>> global_;
  // By grantee, then by database pattern, as LIKE has it.
  std::map<std::string, std::map<std::string, std::set<std::string, std::less<>>>> by_pattern_;
  std::map<std::pair<std::string, std::string>, std::set<std::string, std::less<>>> by_table_;
  // What is held everywhere but there (MySQL's partial_revokes), by database.
  std::map<std::string, std::set<std::string, std::less<>>, std::less<>> revoked_;
};

// Of the session's own account, with its active roles and what everybody has (MariaDB's PUBLIC).
Privileges ReadPrivileges(Session& session);

// `root`@`localhost` of "root@localhost", as GRANT … TO wants it.
std::string QuoteAccount(std::string_view account);

// A database name as the target of a GRANT: its own _ and % are no wildcards.
std::string GrantTarget(std::string_view database, std::string_view wildcard_tail = {});

// "GRANT wanted ON `database`.* TO account;". What the account has there by a wider pattern is
// granted along with it, or it would be hidden by this grant. `account` as from QuoteAccount.
std::string GrantOnDatabase(const Privileges& privileges, std::string_view wanted,
                            std::string_view database, std::string_view account);

// May the account see the bodies of routines that others have defined? `database`: where they are.
bool SeesRoutineBodies(const ServerTraits& traits, const Privileges& privileges,
                       std::string_view database);

// The GRANT that shows them. `account` as from QuoteAccount.
std::string RoutineBodyGrant(const ServerTraits& traits, std::string_view account);

}  // namespace dbomsbak
