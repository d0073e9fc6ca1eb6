#include "engine/event_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/unquoted.h"
#include "sql/tokenizer.h"

namespace dbomsbak {
namespace {

constexpr std::array<std::string_view, 4> kStates{" DISABLE ON SLAVE", " DISABLE ON REPLICA",
                                                  " DISABLE", " ENABLE"};

// Where the schedule ends: at ON COMPLETION, or at the state of an event that has no such clause;
// npos when there is neither.
std::size_t EndOfSchedule(std::string_view create_event) {
  const std::size_t schedule = FindUnquoted(create_event, " ON SCHEDULE ");
  if (schedule == std::string_view::npos) return schedule;
  std::size_t end = FindUnquoted(create_event, " ON COMPLETION ", schedule);
  for (const std::string_view state : kStates) {
    end = std::min(end, FindUnquoted(create_event, state, schedule));
  }
  return end;
}

bool IsIntervalUnit(const SqlToken& token) {
  constexpr std::array<std::string_view, 20> kUnits{"microsecond",
                                                    "second",
                                                    "minute",
                                                    "hour",
                                                    "day",
                                                    "week",
                                                    "month",
                                                    "quarter",
                                                    "year",
                                                    "second_microsecond",
                                                    "minute_microsecond",
                                                    "minute_second",
                                                    "hour_microsecond",
                                                    "hour_second",
                                                    "hour_minute",
                                                    "day_microsecond",
                                                    "day_second",
                                                    "day_minute",
                                                    "day_hour",
                                                    "year_month"};
  return std::any_of(kUnits.begin(), kUnits.end(),
                     [&](std::string_view unit) { return token.IsWord(unit); });
}

}  // namespace

std::string WithoutEventState(std::string_view create_event) {
  constexpr std::array<std::string_view, 2> kCompletions{" ON COMPLETION NOT PRESERVE",
                                                         " ON COMPLETION PRESERVE"};
  std::size_t at = EndOfSchedule(create_event);
  if (at == std::string_view::npos) return std::string(create_event);
  for (const std::string_view completion : kCompletions) {
    if (create_event.substr(at).starts_with(completion)) {
      at += completion.size();
      break;
    }
  }
  const std::string_view head = create_event.substr(0, at);
  std::string_view tail = create_event.substr(at);
  for (const std::string_view state : kStates) {
    if (!tail.starts_with(state)) continue;
    tail.remove_prefix(state.size());
    break;
  }
  return fmt::format("{}{}", head, tail);
}

bool MayBeOver(std::string_view create_event) {
  const std::string_view head = create_event.substr(0, EndOfSchedule(create_event));
  return FindUnquoted(head, " ON SCHEDULE AT ") != std::string_view::npos ||
         FindUnquoted(head, " ENDS ") != std::string_view::npos;
}

std::optional<EventSchedule> ScheduleOf(std::string_view create_event) {
  const std::string_view head = create_event.substr(0, EndOfSchedule(create_event));
  const std::size_t begin = FindUnquoted(head, " ON SCHEDULE ");
  if (begin == std::string_view::npos) return std::nullopt;
  const std::vector<SqlToken> tokens = TokensOf(head.substr(begin));
  EventSchedule schedule;
  for (std::size_t i = 2; i + 1 < tokens.size(); ++i) {
    const SqlToken& value = tokens[i + 1];
    if (tokens[i].IsWord("at") || tokens[i].IsWord("ends")) {
      if (value.kind != SqlToken::Kind::kString) return std::nullopt;
      schedule.last = NameOf(value);
    } else if (tokens[i].IsWord("every")) {
      if (i + 2 >= tokens.size() || !IsIntervalUnit(tokens[i + 2])) return std::nullopt;
      schedule.interval = fmt::format("{} {}", QuoteString(NameOf(value)), tokens[i + 2].text);
    }
  }
  if (schedule.last.empty()) return std::nullopt;
  return schedule;
}

std::string DefinerClause(std::string_view definer) {
  if (definer.empty()) return "";
  const std::size_t at = definer.rfind('@');
  // A role has no host.
  if (at == std::string_view::npos || at + 1 == definer.size()) {
    return fmt::format("DEFINER={} ", QuoteIdentifier(definer.substr(0, at)));
  }
  return fmt::format("DEFINER={}@{} ", QuoteIdentifier(definer.substr(0, at)),
                     QuoteIdentifier(definer.substr(at + 1)));
}

}  // namespace dbomsbak
