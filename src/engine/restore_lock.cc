#include "engine/restore_lock.h"

#include <fmt/format.h>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

constexpr char kLockName[] = "'dbomsbak'";

// "session 42 of ops@host", or as much of it as this account may see.
std::string DescribeHolder(Session& session) {
  const auto id = session.QueryValue(fmt::format("SELECT IS_USED_LOCK({})", kLockName));
  if (!id) return "a session that has just ended";
  const ResultSet who = session.Query(
      fmt::format("SELECT USER, HOST FROM information_schema.PROCESSLIST WHERE ID = {}", *id));
  if (who.empty()) return fmt::format("session {}", *id);
  return fmt::format("session {} of {}@{}", *id, who.Text(0, 0), who.Text(0, 1));
}

}  // namespace

RestoreLock::RestoreLock(Session& session, unsigned wait_s) : session_(session) {
  const auto granted =
      session.QueryValue(fmt::format("SELECT GET_LOCK({}, {})", kLockName, wait_s));
  if (granted == "1") return;
  if (!granted) {
    throw Error(ErrorCode::kQueryRefused, "the server could not give the restore lock",
                "Its error log tells why GET_LOCK failed; try again.");
  }
  throw Error(ErrorCode::kLocked,
              fmt::format("another run holds the restore lock: {}", DescribeHolder(session)),
              "Wait until that restore, undo or purge has ended. If its program is gone, the "
              "server is still finishing its last statement; the lock is freed after it.");
}

RestoreLock::~RestoreLock() {
  try {
    session_.Query(fmt::format("SELECT RELEASE_LOCK({})", kLockName));
  } catch (const Error&) {
    // A lost session has lost its lock with it.
  }
}

}  // namespace dbomsbak
