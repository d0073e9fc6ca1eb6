// Is this server, with this account, good for a dump and a restore? Reads only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct CheckFinding {
  enum class Level { kOk, kWarning, kProblem };
  Level level = Level::kOk;
  std::string topic;  // "privilege", "version", "snapshot", "space", "leftover"
  std::string message;
  std::string remedy;            // the exact GRANT or command; empty when none
  bool refuses_restore = false;  // as things are, a restore by this account would be refused
};

// "ok", "warning", "problem"
std::string_view ToString(CheckFinding::Level level) noexcept;

struct CheckReport {
  std::string server;           // version and comment
  std::string account;          // CURRENT_USER()
  std::string snapshot_method;  // the rung a dump would reach now
  std::vector<std::string> databases;
  std::uint64_t data_bytes = 0, index_bytes = 0, tables = 0, estimated_rows = 0;
  std::optional<std::uint64_t> disk_free_bytes;  // where it can be known
  bool disk_is_servers = false;                  // for sure; else by the names of host and folder
  std::vector<CheckFinding> findings;
  // kOk, or the highest code of the problems, which is the worst.
  int exit_code = 0;
};

CheckReport RunCheck(SessionFactory& sessions, const std::vector<std::string>& databases);

}  // namespace dbomsbak
