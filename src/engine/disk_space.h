// Room left where a server keeps its data.
#pragma once

#include <cstdint>
#include <optional>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

struct ServerSpace {
  std::uint64_t free_bytes = 0;
  // Of the server's own disk: it told so, or its process sees this folder. Else only the host's
  // name and the folder's speak for it, and a container may have both.
  bool sure = false;
};
std::optional<ServerSpace> SpaceOf(Session& session);

// By MariaDB's DISKS plugin where it is installed; else only where the server runs on this machine,
// for a folder of the same name elsewhere tells nothing. Unset: it cannot be known.
std::optional<std::uint64_t> FreeBytes(Session& session);

}  // namespace dbomsbak
