#include "catalog/similar_names.h"

#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "dbomsbak/base/error.h"
#include "dbomsbak/sql/quote.h"

namespace dbomsbak {
namespace {

std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t corner = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({change, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::vector<std::string> SimilarNames(std::string_view name,
                                   const std::vector<std::string>& candidates) {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& candidate : candidates) {
    const std::size_t limit = std::max<std::size_t>(1, std::min<std::size_t>(3, name.size() / 3));
    const std::size_t distance =
        EqualIgnoringCase(name, candidate) ? 0 : EditDistance(name, candidate);
    const bool part = name.size() >= 3 && candidate.find(name) != std::string::npos;
    if (distance <= limit || part) ranked.emplace_back(distance, candidate);
  }
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < ranked.size() && i < 3; ++i) names.push_back(ranked[i].second);
  return names;
}

void ThrowUnknownDatabase(Session& session, const std::string& name,
                          const std::vector<std::string>& asked,
                          const std::vector<std::string>& existing) {
  std::string hint;
  for (const std::string& database : asked) {
    if (std::find(existing.begin(), existing.end(), database) == existing.end()) continue;
    const auto table = session.QueryValue(fmt::format(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = "
        "{}",
        QuoteString(database), QuoteString(name)));
    if (!table.has_value()) continue;
    hint = fmt::format("It is a table of {}: was --only {}.{} meant?", QuoteIdentifier(database),
                       database, *table);
    break;
  }
  if (hint.empty()) {
    std::string list;
    for (const std::string& near : SimilarNames(name, existing)) {
      list += (list.empty() ? "" : ", ") + QuoteIdentifier(near);
    }
    hint = list.empty() ? "Check the name, and that the account has a privilege on the database."
                        : fmt::format("Was {} meant?", list);
  }
  throw Error(ErrorCode::kUsage, fmt::format("there is no database {}", QuoteIdentifier(name)),
              hint)
      .About(name);
}

}  // namespace dbomsbak
