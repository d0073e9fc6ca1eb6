// What the program must know of a SHOW CREATE TABLE text, found by tokens, never by pattern.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbomsbak {

// The table option AUTO_INCREMENT=n, if printed. Not fooled by comments and defaults.
std::optional<std::uint64_t> AutoIncrementOf(std::string_view create_table);

// The same text without that option: what two definitions are compared by.
std::string WithoutAutoIncrement(std::string_view create_table);

}  // namespace dbomsbak
