#include "engine/event_text.h"

#include <fmt/format.h>

#include <array>

#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

// Where the quoted piece that begins at `begin` ends. Quotes within are doubled or, in strings,
// escaped.
std::size_t EndOfQuoted(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (quote != '`' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text.size();
}

// Where `words` stands outside of quotes; npos when it does not.
std::size_t FindUnquoted(std::string_view text, std::string_view words) {
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '`' || text[i] == '\'' || text[i] == '"') {
      i = EndOfQuoted(text, i);
    } else if (text.substr(i).starts_with(words)) {
      return i;
    } else {
      ++i;
    }
  }
  return std::string_view::npos;
}

}  // namespace

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
