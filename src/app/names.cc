#include "dbomsbak/app/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "dbomsbak/base/error.h"

namespace dbomsbak {
namespace {

// Takes one name from the front of `text`, bare up to one of `stops`; nothing when there is none.
std::optional<std::string> TakeName(std::string_view& text, std::string_view stops = ".") {
  std::string name;
  if (text.empty() || text.front() != '`') {
    const std::size_t end = std::min(text.find_first_of(stops), text.size());
    name = text.substr(0, end);
    text.remove_prefix(end);
    if (name.empty()) return std::nullopt;
    return name;
  }
  text.remove_prefix(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '`') {
      if (text.empty() || text.front() != '`') {
        if (name.empty()) return std::nullopt;
        return name;
      }
      text.remove_prefix(1);
    }
    name.push_back(c);
  }
  return std::nullopt;  // the closing back-tick is missing
}

}  // namespace

std::pair<std::string, std::string> ParseTableName(std::string_view text, std::string_view option) {
  std::string_view rest = text;
  std::optional<std::string> database = TakeName(rest);
  if (database && !rest.empty() && rest.front() == '.') {
    rest.remove_prefix(1);
    std::optional<std::string> table = TakeName(rest);
    if (table && rest.empty()) return {std::move(*database), std::move(*table)};
  }
  throw Error(ErrorCode::kUsage, fmt::format("{} wants DB.TABLE, not '{}'", option, text),
              "Put a name that has a dot itself in back-ticks: '`my.db`.`table`'.");
}

std::vector<std::pair<std::string, std::string>> ParseTableNames(std::string_view text,
                                                                 std::string_view option) {
  std::vector<std::pair<std::string, std::string>> names;
  bool quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '`') quoted = !quoted;
    if (i < text.size() && (quoted || text[i] != ',')) continue;
    names.push_back(ParseTableName(text.substr(begin, i - begin), option));
    begin = i + 1;
  }
  return names;
}

std::vector<std::pair<std::string, std::string>> ParseDatabasesAndTables(std::string_view text,
                                                                         std::string_view option) {
  std::vector<std::pair<std::string, std::string>> names;
  std::string_view rest = text;
  for (;;) {
    std::optional<std::string> database = TakeName(rest, ".,");
    std::optional<std::string> table = "";
    if (database && !rest.empty() && rest.front() == '.') {
      rest.remove_prefix(1);
      table = TakeName(rest, ".,");
    }
    const bool more = !rest.empty() && rest.front() == ',';
    if (!database || !table || (!rest.empty() && !more)) {
      throw Error(
          ErrorCode::kUsage,
          fmt::format("{} wants DB or DB.TABLE, or several with commas, not '{}'", option, text),
          "Put a name that has a dot or comma itself in back-ticks: '`my.db`.`table`'.");
    }
    names.emplace_back(std::move(*database), std::move(*table));
    if (!more) return names;
    rest.remove_prefix(1);
  }
}

std::pair<std::string, std::string> ParseRenaming(std::string_view text, std::string_view option) {
  std::string_view rest = text;
  std::optional<std::string> from = TakeName(rest, "=");
  if (from && !rest.empty() && rest.front() == '=') {
    rest.remove_prefix(1);
    std::optional<std::string> to = TakeName(rest, "=");
    if (to && rest.empty()) return {std::move(*from), std::move(*to)};
  }
  throw Error(ErrorCode::kUsage, fmt::format("{} wants OLD=NEW, not '{}'", option, text),
              "Put a name that has '=' itself in back-ticks: '`a=b`=c'.");
}

}  // namespace dbomsbak
