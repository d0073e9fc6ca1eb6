// How long a session waits for locks, for a while.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// For as long as it lives, the session waits so long for locks, then as before. Both kinds are set,
// where the server has them: which one counts depends on the server and on who is in the way.
class LockWait {
 public:
  // When the server does not take the setting (KILL QUERY, say): on the way in nothing waits longer
  // than was asked for; where something is half done, another patience is no reason to end it.
  enum class OnRefusal { kThrow, kGoOn };

  // `session` must outlive it.
  LockWait(Session& session, unsigned seconds, OnRefusal on_refusal = OnRefusal::kThrow);
  ~LockWait();
  LockWait(const LockWait&) = delete;
  LockWait& operator=(const LockWait&) = delete;

 private:
  std::optional<std::string> Value(const std::string& variable);
  void Set(const std::string& variable, const std::string& value);

  Session& session_;
  std::vector<std::pair<std::string, std::string>> saved_;
};

}  // namespace dbomsbak
