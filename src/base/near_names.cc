#include "dbomsbak/base/near_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "dbomsbak/base/ascii.h"

namespace dbomsbak {
namespace {

// Edits (insert, delete, replace, swap neighbours) from `a` to `b`, case aside.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  const auto same = [](char x, char y) { return LowerAscii(x) == LowerAscii(y); };
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1,
                             cost[i - 1][j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1)});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::vector<std::string> NearNames(std::string_view word, const std::vector<std::string>& known) {
  std::vector<std::pair<std::size_t, std::string>> near;
  for (const std::string& name : known) {
    // A third of the letters may be wrong; a name of which the word is a part counts as near.
    std::size_t distance = Distance(word, name);
    if (word.size() >= 3 && name.find(word) != std::string::npos) {
      distance = std::min<std::size_t>(distance, 1);
    }
    const std::size_t allowed = std::max<std::size_t>(1, std::max(word.size(), name.size()) / 3);
    if (distance <= allowed && distance < name.size()) near.emplace_back(distance, name);
  }
  std::sort(near.begin(), near.end());
  std::vector<std::string> result;
  for (auto& [distance, name] : near) {
    if (result.size() == 3 || distance > near.front().first + 1) break;
    result.push_back(std::move(name));
  }
  return result;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string> near = NearNames(word, known);
  if (near.empty()) return {};
  std::string names;
  for (std::size_t i = 0; i < near.size(); ++i) {
    if (i > 0) names += i + 1 == near.size() ? " or " : ", ";
    names += fmt::format("'{}'", near[i]);
  }
  return fmt::format("Did you mean {}?", names);
}

}  // namespace dbomsbak
