#include "engine/lock_wait.h"

#include <fmt/format.h>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {

LockWait::LockWait(Session& session, unsigned seconds, OnRefusal on_refusal) : session_(session) {
  for (const char* variable : {"lock_wait_timeout", "innodb_lock_wait_timeout"}) {
    try {
      const auto before = Value(variable);
      if (!before) continue;
      Set(variable, std::to_string(seconds));
      saved_.emplace_back(variable, *before);
    } catch (const ServerError& error) {
      if (on_refusal == OnRefusal::kThrow || error.code() == ErrorCode::kConnectionLost) throw;
    }
  }
}

LockWait::~LockWait() {
  for (const auto& [variable, value] : saved_) {
    try {
      Set(variable, value);
    } catch (const Error&) {
      // A lost session needs no settings.
    }
  }
}

std::optional<std::string> LockWait::Value(const std::string& variable) {
  const ResultSet answer =
      session_.Query(fmt::format("SHOW SESSION VARIABLES LIKE '{}'", EscapeLike(variable)));
  if (answer.empty()) return std::nullopt;
  return answer.Text(0, 1);
}

void LockWait::Set(const std::string& variable, const std::string& value) {
  session_.Execute(fmt::format("SET SESSION {} = {}", variable, value));
}

}  // namespace dbomsbak
