// Numbers for people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dbomsbak {

std::string HumanBytes(std::uint64_t bytes);  // "512 B", "3.4 MiB"
std::string HumanDuration(std::uint64_t ms);  // "850 ms", "12.3 s", "4 min 05 s"
// Of seconds, in its largest unit or two: "8 min", "3 h 05 min", "12 d 4 h"; "in the future".
std::string HumanAge(std::int64_t seconds);
std::string Grouped(std::uint64_t number);                         // "1,234,567"
std::string Counted(std::uint64_t number, std::string_view noun);  // "1 table", "47 tables"

}  // namespace dbomsbak
