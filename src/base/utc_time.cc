#include "dbomsbak/base/utc_time.h"

#include <fmt/format.h>

#include <chrono>

namespace dbomsbak {
namespace {

constexpr std::int64_t kDaySeconds = 86400;

struct Parts {
  int year;
  unsigned month, day, hour, minute, second;
};

std::int64_t FloorDiv(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::chrono::year_month_day DateOf(std::int64_t seconds) {
  return std::chrono::sys_days(std::chrono::days(UtcDay(seconds)));
}

Parts PartsOf(std::int64_t seconds) {
  const auto date = DateOf(seconds);
  const auto rest = static_cast<unsigned>(seconds - UtcDay(seconds) * kDaySeconds);
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          rest / 3600,
          rest / 60 % 60,
          rest % 60};
}

// `form`: a letter for each digit (Y M D h m s), everything else as it stands.
std::optional<std::int64_t> Parse(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return std::nullopt;
  Parts parts{};
  for (std::size_t i = 0; i < form.size(); ++i) {
    unsigned* number = nullptr;
    switch (form[i]) {
      case 'M':
        number = &parts.month;
        break;
      case 'D':
        number = &parts.day;
        break;
      case 'h':
        number = &parts.hour;
        break;
      case 'm':
        number = &parts.minute;
        break;
      case 's':
        number = &parts.second;
        break;
      default:
        break;
    }
    if (number == nullptr && form[i] != 'Y') {
      if (text[i] != form[i]) return std::nullopt;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    const auto digit = static_cast<unsigned>(text[i] - '0');
    if (number == nullptr) {
      parts.year = parts.year * 10 + static_cast<int>(digit);
    } else {
      *number = *number * 10 + digit;
    }
  }
  const std::chrono::year_month_day date{
      std::chrono::year(parts.year), std::chrono::month(parts.month), std::chrono::day(parts.day)};
  if (!date.ok() || parts.year < 1970 || parts.hour > 23 || parts.minute > 59 ||
      parts.second > 59) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * kDaySeconds + parts.hour * 3600 + parts.minute * 60 + parts.second;
}

}  // namespace

std::int64_t UtcNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string FormatUtc(std::int64_t seconds) {
  const Parts p = PartsOf(seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", p.year, p.month, p.day, p.hour,
                     p.minute, p.second);
}

std::string FormatCompactUtc(std::int64_t seconds) {
  const Parts p = PartsOf(seconds);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", p.year, p.month, p.day, p.hour, p.minute,
                     p.second);
}

std::optional<std::int64_t> ParseUtc(std::string_view text) {
  return Parse(text, "YYYY-MM-DDThh:mm:ssZ");
}

std::optional<std::int64_t> ParseCompactUtc(std::string_view text) {
  return Parse(text, "YYYYMMDDThhmmssZ");
}

std::int64_t UtcDay(std::int64_t seconds) { return FloorDiv(seconds, kDaySeconds); }

// Day 0 was a Thursday.
std::int64_t UtcWeek(std::int64_t seconds) { return FloorDiv(UtcDay(seconds) + 3, 7); }

std::int64_t UtcMonth(std::int64_t seconds) {
  const auto date = DateOf(seconds);
  return static_cast<int>(date.year()) * std::int64_t{12} + static_cast<unsigned>(date.month()) - 1;
}

}  // namespace dbomsbak
