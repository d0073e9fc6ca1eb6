#include "engine/foreign_key_checks.h"

#include <string>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

void WithChecks(Session& session, const char* wanted, const std::function<void()>& change) {
  const std::string checks = session.QueryValue("SELECT @@foreign_key_checks").value_or("1");
  session.Execute(std::string("SET foreign_key_checks = ") + wanted);
  try {
    change();
  } catch (...) {
    try {
      session.Execute("SET foreign_key_checks = " + checks);
    } catch (const Error&) {  // the session is lost: the first error tells
    }
    throw;
  }
  session.Execute("SET foreign_key_checks = " + checks);
}

}  // namespace

void WithoutForeignKeyChecks(Session& session, const std::function<void()>& change) {
  WithChecks(session, "0", change);
}

void WithForeignKeyChecks(Session& session, const std::function<void()>& change) {
  WithChecks(session, "1", change);
}

}  // namespace dbomsbak
