// How long a window will be open.
#pragma once

#include <cstdint>

#include "engine/set_swap.h"

namespace dbomsbak {

// What the RENAME takes for one table that moves, on a server that has nothing else to do. A busy
// one, or a slow disk, takes many times that: a rehearsal measures it.
inline constexpr double kMoveMs = 4;

// In ms, from `set`'s members, wanted, before, outgoing and incoming.
std::uint64_t EstimateWindow(const PreparedSet& set, double move_ms = kMoveMs);

}  // namespace dbomsbak
