// What the program must know of a SHOW CREATE TABLE text, found by tokens, never by pattern.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbomsbak {

// The table option AUTO_INCREMENT=n, if printed. Not fooled by comments and defaults.
std::optional<std::uint64_t> AutoIncrementOf(std::string_view create_table);

// Has the table, or a partition of it, the option DATA DIRECTORY?
bool HasDataDirectory(std::string_view create_table);

// The same text without AUTO_INCREMENT=n: what two definitions are compared by.
std::string WithoutAutoIncrement(std::string_view create_table);

// MySQL 8 remembers whether a column was given a collation, or had it from its table, and prints
// CHARACTER SET … COLLATE … for the one, COLLATE … for the other. Read back, that makes each of
// them a given one. The same text without the inherited ones, which makes the same table.
std::string WithInheritedCollations(std::string_view create_table);

}  // namespace dbomsbak
