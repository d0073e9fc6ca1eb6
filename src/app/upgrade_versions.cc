#include "dbomsbak/app/upgrade_versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "dbomsbak/base/ascii.h"

namespace dbomsbak {
namespace {

// A number of four digits at most, and what is behind it.
bool TakeNumber(std::string_view& text, unsigned& number) {
  std::size_t size = 0;
  while (size < text.size() && IsDigit(text[size])) ++size;
  if (size == 0 || size > 4) return false;
  std::from_chars(text.data(), text.data() + size, number);
  text.remove_prefix(size);
  return true;
}

bool TakeDot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::string OmsVersion::text() const { return fmt::format("{}.{}.{}", major, minor, patch); }

std::optional<OmsVersion> ParseOmsVersion(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!IsDigit(text[at]) || (at > 0 && (IsDigit(text[at - 1]) || text[at - 1] == '.'))) continue;
    std::string_view rest = text.substr(at);
    OmsVersion version;
    if (TakeNumber(rest, version.major) && TakeDot(rest) && TakeNumber(rest, version.minor) &&
        TakeDot(rest) && TakeNumber(rest, version.patch)) {
      return version;
    }
  }
  return std::nullopt;
}

std::optional<OmsVersion> VersionOfImage(std::string_view image) {
  image = image.substr(0, image.find('@'));  // a digest
  const std::size_t colon = image.rfind(':');
  if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) {
    return std::nullopt;
  }
  return ParseOmsVersion(image.substr(colon + 1));
}

// From the manuals of OMS Community Edition 3.2.2 to 4.2.2.
const std::vector<UpgradePath>& UpgradePaths() {
  static const std::vector<UpgradePath> kPaths{
      {{3, 3, 0}, {{3, 2, 2}}},
      {{3, 3, 1}, {{3, 3, 0}}},
      {{4, 0, 0}, {{3, 2, 2}, {3, 3, 0}, {3, 3, 1}}},
      {{4, 1, 0}, {{3, 2, 2}, {3, 3, 0}, {3, 3, 1}, {4, 0, 0}}},
      {{4, 1, 1}, {}},
      {{4, 2, 0}, {{4, 1, 1}}},
      {{4, 2, 1}, {{4, 2, 0}}},
      {{4, 2, 2}, {{4, 2, 1}}},
  };
  return kPaths;
}

bool IsDocumentedPath(const OmsVersion& from, const OmsVersion& to) {
  const auto& paths = UpgradePaths();
  return std::any_of(paths.begin(), paths.end(), [&](const UpgradePath& path) {
    return path.to == to && std::find(path.from.begin(), path.from.end(), from) != path.from.end();
  });
}

std::vector<OmsVersion> WayBetween(const OmsVersion& from, const OmsVersion& to) {
  std::map<OmsVersion, OmsVersion> reached_from{{from, from}};
  std::vector<OmsVersion> edge{from};
  while (!edge.empty() && !reached_from.contains(to)) {
    std::vector<OmsVersion> next;
    for (const OmsVersion& here : edge) {
      for (const UpgradePath& path : UpgradePaths()) {
        if (IsDocumentedPath(here, path.to) && reached_from.emplace(path.to, here).second) {
          next.push_back(path.to);
        }
      }
    }
    edge = std::move(next);
  }
  if (!reached_from.contains(to)) return {};
  std::vector<OmsVersion> way{to};
  while (way.back() != from) way.push_back(reached_from.at(way.back()));
  std::reverse(way.begin(), way.end());
  return way;
}

bool NeedsIsUpgrade(const OmsVersion& to) { return to >= OmsVersion{3, 3, 1}; }

bool MayLackDbType(const OmsVersion& from) { return from < OmsVersion{3, 3, 1}; }

}  // namespace dbomsbak
