// Points in time as seconds since 1970, and as text in UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbomsbak {

std::int64_t UtcNow();

std::string FormatUtc(std::int64_t seconds);         // "2026-11-27T10:15:34Z"
std::string FormatCompactUtc(std::int64_t seconds);  // "20261127T101534Z"

// Exactly these forms, and days that exist; from 1970 on.
std::optional<std::int64_t> ParseUtc(std::string_view text);
std::optional<std::int64_t> ParseCompactUtc(std::string_view text);

// Numbers that grow by one with each day, week (from Monday on) and month of UTC.
std::int64_t UtcDay(std::int64_t seconds);
std::int64_t UtcWeek(std::int64_t seconds);
std::int64_t UtcMonth(std::int64_t seconds);

}  // namespace dbomsbak
