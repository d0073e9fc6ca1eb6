#include "engine/event_text.h"

#include <fmt/format.h>

#include <array>

#include "dbomsbak/sql/quote.h"
#include "engine/unquoted.h"

namespace dbomsbak {
std::string WithoutEventState(std::string_view create_event) {
  constexpr std::array<std::string_view, 2> kBefore{" ON COMPLETION NOT PRESERVE",
                                                    " ON COMPLETION PRESERVE"};
  constexpr std::array<std::string_view, 4> kStates{" DISABLE ON SLAVE", " DISABLE ON REPLICA",
                                                    " DISABLE", " ENABLE"};
  for (const std::string_view before : kBefore) {
    const std::size_t at = FindUnquoted(create_event, before);
    if (at == std::string_view::npos) continue;
    const std::string_view head = create_event.substr(0, at + before.size());
    std::string_view tail = create_event.substr(head.size());
    for (const std::string_view state : kStates) {
      if (!tail.starts_with(state)) continue;
      tail.remove_prefix(state.size());
      return fmt::format("{}{}", head, tail);
    }
  }
  return std::string(create_event);
}

bool MayBeOver(std::string_view create_event) {
  const std::size_t completion = FindUnquoted(create_event, " ON COMPLETION ");
  const std::string_view head = create_event.substr(0, completion);
  return FindUnquoted(head, " ON SCHEDULE AT ") != std::string_view::npos ||
         FindUnquoted(head, " ENDS ") != std::string_view::npos;
}

std::string DefinerClause(std::string_view definer) {
  if (definer.empty()) return "";
  const std::size_t at = definer.rfind('@');
  if (at == std::string_view::npos) return fmt::format("DEFINER={} ", QuoteIdentifier(definer));
  return fmt::format("DEFINER={}@{} ", QuoteIdentifier(definer.substr(0, at)),
                     QuoteIdentifier(definer.substr(at + 1)));
}

}  // namespace dbomsbak
