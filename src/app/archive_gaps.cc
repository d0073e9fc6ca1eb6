#include "dbomsbak/app/archive_gaps.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>

namespace dbomsbak {
namespace {

constexpr std::size_t kAround = 3;      // intervals on each side that tell what is usual
constexpr std::size_t kLeast = 4;       // archives
constexpr std::int64_t kLeastGap = 60;  // seconds; runs by hand follow closely

using Intervals = std::vector<std::int64_t>;

std::optional<std::int64_t> Median(const Intervals& all, std::size_t begin, std::size_t end) {
  if (begin >= end) return std::nullopt;
  Intervals some(all.begin() + static_cast<std::ptrdiff_t>(begin),
                 all.begin() + static_cast<std::ptrdiff_t>(end));
  std::sort(some.begin(), some.end());
  return some[(some.size() - 1) / 2];
}

std::optional<std::int64_t> UsualBefore(const Intervals& all, std::size_t i) {
  return Median(all, i - std::min(i, kAround), i);
}

// More than three quarters longer: a daily run may be some hours late.
bool IsGap(std::int64_t seconds, std::int64_t usual) {
  return seconds - usual > usual / 4 * 3 && seconds - usual > kLeastGap;
}

}  // namespace

std::vector<ArchiveGap> FindGaps(const std::vector<FolderEntry>& entries, std::int64_t now) {
  std::map<std::string, std::vector<std::int64_t>, std::less<>> times;
  for (const FolderEntry& entry : entries) {
    const bool whole =
        entry.state == ArchiveState::kGood || entry.state == ArchiveState::kUnverified;
    if (entry.name && whole) times[entry.name->label].push_back(entry.time);
  }
  std::vector<ArchiveGap> gaps;
  for (auto& [label, at] : times) {
    if (at.size() < kLeast) continue;
    std::sort(at.begin(), at.end());
    Intervals intervals;
    for (std::size_t i = 1; i < at.size(); ++i) intervals.push_back(at[i] - at[i - 1]);
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      const auto before = UsualBefore(intervals, i);
      const auto behind = Median(intervals, i + 1, std::min(intervals.size(), i + 1 + kAround));
      const std::int64_t usual = std::max(before.value_or(0), behind.value_or(0));
      if (IsGap(intervals[i], usual)) gaps.push_back({label, at[i], at[i + 1], usual, false});
    }
    const std::int64_t usual = UsualBefore(intervals, intervals.size()).value_or(0);
    if (IsGap(now - at.back(), usual)) gaps.push_back({label, at.back(), now, usual, true});
  }
  return gaps;
}

}  // namespace dbomsbak
