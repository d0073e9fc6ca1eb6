#include "engine/guarded_definers.h"

#include <fmt/format.h>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"
#include "dbomsbak/transport/passing_error.h"
#include "engine/needed_privileges.h"

namespace dbomsbak {
namespace {

constexpr unsigned kAccessDenied = 1227;  // "you need (at least one of) the … privilege(s)"

// The definer is judged before the event is looked for, and there is no such event.
bool IsGuarded(Session& session, const std::string& privilege, const std::string& definer) {
  try {
    session.Execute(fmt::format("ALTER DEFINER={} EVENT {} ENABLE", QuoteAccount(definer),
                                QuoteQualified("dbomsbak", "no such event")));
  } catch (const ServerError& error) {
    if (IsPassing(error)) throw;
    return error.number() == kAccessDenied && error.message().find(privilege) != std::string::npos;
  }
  return false;
}

}  // namespace

std::set<std::string> DefinersOf(const Catalog& catalog) {
  std::set<std::string> definers;
  for (const Database& database : catalog.databases) {
    for (const View& view : database.views) definers.insert(view.definer);
    for (const auto* programs : {&database.routines, &database.triggers, &database.events}) {
      for (const StoredProgram& program : *programs) definers.insert(program.definer);
    }
  }
  definers.erase("");
  return definers;
}

bool MayBeGuarded(const ServerTraits& traits, const Privileges& privileges) {
  const std::string& privilege = traits.guarded_definer_privilege;
  return !privilege.empty() && !privileges.HasGlobal(privilege);
}

std::set<std::string> GuardedDefiners(Session& session, const ServerTraits& traits,
                                      const Privileges& privileges,
                                      const std::set<std::string>& definers) {
  std::set<std::string> guarded;
  if (definers.empty() || !MayBeGuarded(traits, privileges) || !MaySetDefiner(privileges)) {
    return guarded;
  }
  // Somebody's backup may hold all changes of definitions off: that is not worth waiting for.
  const std::string wait = session.QueryValue("SELECT @@lock_wait_timeout").value_or("");
  session.Execute("SET SESSION lock_wait_timeout = 1");
  for (const std::string& definer : definers) {
    if (IsGuarded(session, traits.guarded_definer_privilege, definer)) guarded.insert(definer);
  }
  if (!wait.empty()) session.Execute("SET SESSION lock_wait_timeout = " + wait);
  return guarded;
}

}  // namespace dbomsbak
