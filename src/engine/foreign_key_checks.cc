#include "engine/foreign_key_checks.h"

#include <string>

namespace dbomsbak {
namespace {

void WithChecks(Session& session, const char* wanted, const std::function<void()>& change) {
  const std::string checks = session.QueryValue("SELECT @@foreign_key_checks").value_or("1");
  session.Execute(std::string("SET foreign_key_checks = ") + wanted);
  try {
    change();
  } catch (const ServerError& error) {
    if (error.code() != ErrorCode::kConnectionLost) {
      session.Execute("SET foreign_key_checks = " + checks);
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
