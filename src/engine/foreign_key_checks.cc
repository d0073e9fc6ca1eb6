#include "engine/foreign_key_checks.h"

#include <string>

namespace dbomsbak {

void WithoutForeignKeyChecks(Session& session, const std::function<void()>& change) {
  const std::string checks = session.QueryValue("SELECT @@foreign_key_checks").value_or("1");
  session.Execute("SET foreign_key_checks = 0");
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

}  // namespace dbomsbak
