// In which form the rows of a table go to the server: what it takes for the least work.
#pragma once

#include <cstdint>

#include "dbomsbak/catalog/server_traits.h"
#include "engine/restore_content.h"

namespace dbomsbak {

enum class LoadForm {
  kInserts,  // the archive's own statements
  kFields,   // LOAD DATA LOCAL, a unit at a time
  kWhole,    // LOAD DATA LOCAL, all of the table in one transaction; kFields is right as well
};

// Below this the statements around a whole load cost more than it saves. Above the other an
// interrupted restore would lose too much.
inline constexpr std::uint64_t kSmallestWholeLoad = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kLargestWholeLoad = std::uint64_t{1} << 30;

// Fields only for columns whose values they tell exactly, whatever the proof would find.
LoadForm LoadFormOf(const ContentObject& table, const ServerTraits& traits);

}  // namespace dbomsbak
