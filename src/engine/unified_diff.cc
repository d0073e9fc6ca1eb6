#include "engine/unified_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dbomsbak {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t kContext = 3;
// Of edits: the paths that are kept take its square, in integers.
constexpr int kMostEdits = 1000;

Lines LinesOf(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Edit {
  char mark = ' ';
  std::string_view line;
};

void AppendAll(char mark, const Lines& lines, std::size_t begin, std::size_t end,
               std::vector<Edit>& edits) {
  for (std::size_t i = begin; i < end; ++i) edits.push_back({mark, lines[i]});
}

// The shortest edit from a to b by E. Myers' greedy algorithm; false where it takes too many.
bool ShortestEdit(const Lines& a, const Lines& b, std::vector<Edit>& edits) {
  const int n = static_cast<int>(a.size());
  const int m = static_cast<int>(b.size());
  const int most = std::min(n + m, kMostEdits);
  const auto at = [&](std::vector<int>& furthest, int diagonal) -> int& {
    const int place = diagonal + most + 1;
    return furthest[static_cast<std::size_t>(place)];
  };
  std::vector<int> furthest(static_cast<std::size_t>(2 * most + 3), 0);
  std::vector<std::vector<int>> before;  // each step
  int steps = 0;
  const auto reaches_end = [&] {
    for (; steps <= most; ++steps) {
      before.push_back(furthest);
      for (int k = -steps; k <= steps; k += 2) {
        const bool down = k == -steps || (k != steps && at(furthest, k - 1) < at(furthest, k + 1));
        int x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
        int y = x - k;
        while (x < n && y < m && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(y)]) {
          ++x;
          ++y;
        }
        at(furthest, k) = x;
        if (x >= n && y >= m) return true;
      }
    }
    return false;
  };
  if (!reaches_end()) return false;
  std::vector<Edit> backwards;
  int x = n;
  int y = m;
  for (int step = steps; step >= 0; --step) {
    std::vector<int>& then = before[static_cast<std::size_t>(step)];
    const int k = x - y;
    const bool down = k == -step || (k != step && at(then, k - 1) < at(then, k + 1));
    const int from_k = down ? k + 1 : k - 1;
    const int from_x = step == 0 ? 0 : at(then, from_k);
    const int from_y = step == 0 ? 0 : from_x - from_k;
    while (x > from_x && y > from_y) {
      --x;
      --y;
      backwards.push_back({' ', a[static_cast<std::size_t>(x)]});
    }
    if (step == 0) break;
    if (down) {
      backwards.push_back({'+', b[static_cast<std::size_t>(--y)]});
    } else {
      backwards.push_back({'-', a[static_cast<std::size_t>(--x)]});
    }
  }
  edits.insert(edits.end(), backwards.rbegin(), backwards.rend());
  return true;
}

std::vector<Edit> EditsOf(const Lines& a, const Lines& b) {
  std::size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(head),
                 lines.end() - static_cast<std::ptrdiff_t>(tail));
  };
  std::vector<Edit> edits;
  AppendAll(' ', a, 0, head, edits);
  if (!ShortestEdit(middle(a), middle(b), edits)) {
    AppendAll('-', a, head, a.size() - tail, edits);
    AppendAll('+', b, head, b.size() - tail, edits);
  }
  AppendAll(' ', a, a.size() - tail, a.size(), edits);
  return edits;
}

// "12,3"; a range of no lines is named by the line before it.
std::string Range(std::size_t lines_before, std::size_t count) {
  const std::size_t first = count == 0 ? lines_before : lines_before + 1;
  return count == 1 ? fmt::format("{}", first) : fmt::format("{},{}", first, count);
}

}  // namespace

std::string UnifiedDiff(std::string_view before, std::string_view after) {
  const std::vector<Edit> edits = EditsOf(LinesOf(before), LinesOf(after));
  std::string text;
  std::size_t line_a = 0, line_b = 0;  // lines before edits[next]
  std::size_t next = 0;
  const auto pass = [&](const Edit& edit) {
    if (edit.mark != '+') ++line_a;
    if (edit.mark != '-') ++line_b;
  };
  const auto is_change = [](const Edit& edit) { return edit.mark != ' '; };
  const auto change_from = [&](std::size_t begin) {
    return static_cast<std::size_t>(
        std::find_if(edits.begin() + static_cast<std::ptrdiff_t>(begin), edits.end(), is_change) -
        edits.begin());
  };
  for (std::size_t change = change_from(0); change < edits.size();) {
    const std::size_t begin = std::max(next, change - std::min(change, kContext));
    // As long as the next change is near enough to share its context.
    std::size_t last = change;
    for (std::size_t i = change_from(change + 1); i < edits.size() && i - last <= 2 * kContext;
         i = change_from(i + 1)) {
      last = i;
    }
    const std::size_t end = std::min(edits.size(), last + 1 + kContext);
    while (next < begin) pass(edits[next++]);
    const std::size_t a = line_a, b = line_b;
    std::string lines;
    while (next < end) {
      pass(edits[next]);
      lines += edits[next].mark;
      lines += edits[next].line;
      lines += '\n';
      ++next;
    }
    text += fmt::format("@@ -{} +{} @@\n{}", Range(a, line_a - a), Range(b, line_b - b), lines);
    change = change_from(end);
  }
  return text;
}

}  // namespace dbomsbak
