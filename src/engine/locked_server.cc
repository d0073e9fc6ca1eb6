#include "engine/locked_server.h"

#include <string>

#include "engine/heal.h"

namespace dbomsbak {
namespace {

constexpr unsigned kLockWaitS = 5;

}  // namespace

LockedServer::LockedServer(SessionFactory& sessions, bool heal, Observer& observer)
    : session_(sessions.Connect()), traits_(ProbeServerTraits(*session_)) {
  PrepareSession(*session_, traits_, false);
  lock_.emplace(*session_, kLockWaitS);
  if (!heal) return;
  for (const std::string& line : HealWithLock(*session_, traits_, observer)) observer.Notice(line);
}

}  // namespace dbomsbak
