#include "engine/event_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "dbomsbak/sql/quote.h"
#include "dbomsbak/sql/unquoted.h"

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

bool IsOverBy(std::string_view create_event, std::string_view today) {
  if (today.empty()) return false;
  const std::string_view head = create_event.substr(0, EndOfSchedule(create_event));
  for (const std::string_view words : {" ON SCHEDULE AT '", " ENDS '"}) {
    // The quote is none of the words that stand outside of quotes.
    const std::size_t found = FindUnquoted(head, words.substr(0, words.size() - 1));
    if (found == std::string_view::npos || !head.substr(found).starts_with(words)) continue;
    return head.substr(found + words.size(), today.size()) <= today;
  }
  return false;
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
