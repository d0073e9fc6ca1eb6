// Room left where a server keeps its data.
#pragma once

#include <cstdint>
#include <optional>

#include "dbomsbak/transport/session.h"

namespace dbomsbak {

// By MariaDB's DISKS plugin where it is installed; else only where the server runs on this machine,
// for a folder of the same name elsewhere tells nothing. Unset: it cannot be known.
std::optional<std::uint64_t> FreeBytes(Session& session);

}  // namespace dbomsbak
