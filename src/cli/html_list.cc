// The page of `list`: archives on their line of time.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "cli/html.h"
#include "cli/html_pages.h"
#include "dbomsbak/base/units.h"
#include "dbomsbak/base/utc_time.h"

namespace dbomsbak {
namespace {

constexpr std::int64_t kHour = 3600, kDay = 24 * kHour;

std::string Time(std::int64_t seconds, std::size_t characters) {
  std::string text = FormatUtc(seconds).substr(0, characters);
  if (characters > 10) text[10] = ' ';
  return text;
}
std::string Minute(std::int64_t seconds) { return Time(seconds, 16); }
std::string Minute(const std::string& utc) {
  if (utc.size() < 16) return "–";
  std::string text = utc.substr(0, 16);
  text[10] = ' ';
  return text;
}

// How much it matters: what stands for several archives is the worst of them.
enum class Health { kGood, kWarn, kBad };

Health HealthOf(ArchiveState state) {
  switch (state) {
    case ArchiveState::kGood:
      return Health::kGood;
    case ArchiveState::kUnverified:
    case ArchiveState::kPartial:
    case ArchiveState::kNewerFormat:
      return Health::kWarn;
    case ArchiveState::kDamaged:
    case ArchiveState::kIncomplete:
    case ArchiveState::kUnreadable:
      break;
  }
  return Health::kBad;
}

const char* Class(Health health) {
  constexpr std::array kNames{"good", "warn", "bad"};
  return kNames[static_cast<std::size_t>(health)];
}

using Lane = std::vector<const FolderEntry*>;
using Lanes = std::map<std::string_view, Lane>;

std::string LaneName(std::string_view label) {
  return label.empty() ? std::string("other names") : std::string(label);
}

struct Axis {
  std::int64_t from = 0, to = 1;
  double left = 0, right = 1;  // pixels
  double At(std::int64_t time) const {
    const double share = static_cast<double>(time - from) / static_cast<double>(to - from);
    return left + std::clamp(share, 0.0, 1.0) * (right - left);
  }
};

// Ticks at whole hours, days … of UTC, not nearer to one another than that.
std::string Ticks(const Axis& axis, double top, double bottom, double least_pixels) {
  constexpr std::array<std::int64_t, 14> kSteps{
      900,      kHour,     3 * kHour, 6 * kHour, 12 * kHour, kDay,       2 * kDay,
      7 * kDay, 14 * kDay, 30 * kDay, 91 * kDay, 182 * kDay, 365 * kDay, 5 * 365 * kDay};
  const double per_second = (axis.right - axis.left) / static_cast<double>(axis.to - axis.from);
  std::int64_t step = kSteps.back();
  for (const std::int64_t candidate : kSteps) {
    if (static_cast<double>(candidate) * per_second >= least_pixels) {
      step = candidate;
      break;
    }
  }
  const std::size_t year = axis.to - axis.from < 300 * kDay ? 5 : 0;  // what needs not be told
  std::string markup;
  for (std::int64_t at = (axis.from / step + 1) * step; at < axis.to; at += step) {
    const double x = axis.At(at);
    if (axis.right - x < least_pixels * 0.6 || x - axis.left < least_pixels * 0.4) continue;
    const std::string text = step < kDay ? Time(at, 16).substr(5) : Time(at, 10).substr(year);
    markup += fmt::format(
        "<line class=\"lline\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\"/>"
        "<text class=\"soft\" text-anchor=\"middle\" x=\"{0:.1f}\" y=\"{3:.1f}\">{4}</text>\n",
        x, top, bottom, bottom + 16, text);
  }
  return markup;
}

// What is drawn at one place: an archive, or several that are too near to one another.
struct Mark {
  double x = 0;
  std::uint64_t bytes = 0;
  Health health = Health::kGood;
  std::size_t count = 0;
  bool pinned = false, encrypted = false;
  const FolderEntry* worst = nullptr;
};

std::vector<Mark> MarksOf(const Lane& lane, const Axis& axis, double pitch) {
  std::vector<Mark> marks;
  for (const FolderEntry* entry : lane) {
    const double x = axis.At(entry->time);
    if (marks.empty() || x - marks.back().x >= pitch) {
      marks.push_back({.x = x, .worst = entry});
    }
    Mark& mark = marks.back();
    ++mark.count;
    mark.bytes = std::max(mark.bytes, entry->bytes);
    mark.pinned |= entry->pin.has_value();
    mark.encrypted |= entry->encrypted();
    if (HealthOf(entry->state) > mark.health) mark.worst = entry;
    mark.health = std::max(mark.health, HealthOf(entry->state));
  }
  return marks;
}

std::string Tip(const Mark& mark) {
  const FolderEntry& entry = *mark.worst;
  std::string text = fmt::format("{}: {}, {}, {}", entry.file, Minute(entry.time),
                                 ToString(entry.state), HumanBytes(entry.bytes));
  if (!entry.problem.empty()) text += ": " + entry.problem;
  if (entry.pin) text += entry.pin->empty() ? ", pinned" : ", pinned: " + *entry.pin;
  if (mark.count > 1) text += fmt::format(" (one of {} here)", Grouped(mark.count));
  return text;
}

// A stem as high as the archive is large, and above it a disc (good), a ring (not proved or not
// whole) or a cross (bad): colour is not all that tells. A flag is a pin.
std::string MarkMarkup(const Mark& mark, double base, double height) {
  constexpr double kRadius = 4.5;
  const double y = base - height;
  const char* const name = Class(mark.health);
  std::string markup = fmt::format(
      "<g><title>{}</title><line class=\"l{}\" stroke-width=\"3\" stroke-opacity=\".45\" "
      "x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>",
      HtmlText(Tip(mark)), name, mark.x, mark.x, base, y);
  switch (mark.health) {
    case Health::kGood:
      markup += fmt::format("<circle class=\"f{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>", name,
                            mark.x, y, kRadius);
      break;
    case Health::kWarn:
      markup += fmt::format(
          "<circle class=\"fcard l{}\" stroke-width=\"2.5\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\"/>",
          name, mark.x, y, kRadius);
      break;
    case Health::kBad:
      markup +=
          fmt::format("<path class=\"l{}\" stroke-width=\"3\" d=\"M{:.1f} {:.1f}l9 9m0-9l-9 9\"/>",
                      name, mark.x - 4.5, y - 4.5);
      break;
  }
  if (mark.pinned) {
    markup += fmt::format(
        "<path class=\"lsoft\" stroke-width=\"1.5\" d=\"M{0:.1f} {1:.1f}v-14\"/><path "
        "class=\"fsoft\" d=\"M{0:.1f} {2:.1f}l9 3.5l-9 3.5z\"/>",
        mark.x, y - 5, y - 20);
  }
  return markup + "</g>\n";
}

HtmlDrawing Timeline(const Lanes& lanes, const std::vector<ArchiveGap>& gaps, std::int64_t now,
                     double width) {
  constexpr double kName = 20, kStem = 56, kRoom = 30, kLane = kName + kRoom + kStem + 10;
  std::int64_t from = now, to = now;
  std::uint64_t most = 1;
  for (const auto& [label, lane] : lanes) {
    for (const FolderEntry* entry : lane) {
      from = std::min(from, entry->time);
      to = std::max(to, entry->time);
      most = std::max(most, entry->bytes);
    }
  }
  if (to - from < kHour) from = to - kHour;
  const double bottom = kLane * static_cast<double>(lanes.size());
  const Axis axis{from, to, 8, width - 14};
  HtmlDrawing drawing{width, bottom + 24, Ticks(axis, 4, bottom, width > 600 ? 110 : 90)};
  double top = 0;
  for (const auto& [label, lane] : lanes) {
    const double base = top + kLane - 8;
    std::string& content = drawing.content;
    for (const ArchiveGap& gap : gaps) {
      if (gap.label != label) continue;
      const double x = axis.At(gap.from) + 6, end = axis.At(gap.to) - (gap.open ? 0 : 6);
      if (end - x < 2) continue;
      const std::string text =
          fmt::format("{}: {}", gap.open ? "overdue" : "gap", HumanAge(gap.to - gap.from));
      content += fmt::format(
          "<svg x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
          "height=\"{:.1f}\"><title>{}</title><rect "
          "width=\"100%\" height=\"100%\" class=\"fgap\"/>",
          x, base - kStem, end - x, kStem,
          HtmlText(fmt::format("no whole archive from {} to {}; usual: {}", Minute(gap.from),
                               gap.open ? std::string("now") : Minute(gap.to),
                               HumanAge(gap.usual_s))));
      content += "</svg>\n";
      // Above it: a bad archive may stand within.
      if (static_cast<double>(HtmlColumns(text)) * kHtmlColumnPixels < end - x) {
        content += fmt::format(
            "<text class=\"twarn\" text-anchor=\"middle\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
            (x + end) / 2, base - kStem - 6, HtmlText(text));
      }
    }
    content += fmt::format(
        "<line class=\"lsoft\" x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
        axis.left, width - 8, base, base);
    for (const Mark& mark : MarksOf(lane, axis, 5)) {
      const double height =
          6 + (kStem - 10) * static_cast<double>(mark.bytes) / static_cast<double>(most);
      content += MarkMarkup(mark, base, height);
    }
    content += fmt::format(
        "<text class=\"b\" x=\"{}\" y=\"{:.1f}\">{}</text>\n", axis.left, top + 15,
        HtmlShort(fmt::format("{}  {}", LaneName(label), Counted(lane.size(), "archive")),
                  static_cast<std::size_t>((width - 20) / kHtmlColumnPixels)));
    top += kLane;
  }
  const double x = axis.At(now);
  drawing.content += fmt::format(
      "<line class=\"lsoft\" stroke-dasharray=\"3 3\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"4\" "
      "y2=\"{1:.1f}\"/><text class=\"soft\" text-anchor=\"end\" x=\"{2:.1f}\" y=\"{3:.1f}\">now"
      "</text>\n",
      x, bottom, std::min(width - 2, x + 11), bottom + 16);
  return drawing;
}

constexpr std::string_view kTimelineLegend =
    "<ul class=\"legend\">"
    "<li><svg class=\"key\" viewBox=\"0 0 12 12\"><circle class=\"fgood\" cx=\"6\" cy=\"6\" "
    "r=\"4.5\"/></svg>whole and verified</li>"
    "<li><svg class=\"key\" viewBox=\"0 0 12 12\"><circle class=\"fcard lwarn\" "
    "stroke-width=\"2.5\" cx=\"6\" cy=\"6\" r=\"4\"/></svg>not verified, partial, or of a newer "
    "format</li>"
    "<li><svg class=\"key\" viewBox=\"0 0 12 12\"><path class=\"lbad\" stroke-width=\"3\" "
    "d=\"M1.5 1.5l9 9m0-9l-9 9\"/></svg>damaged, incomplete or unreadable</li>"
    "<li><svg class=\"key\" viewBox=\"0 0 12 12\"><path class=\"lsoft\" stroke-width=\"1.5\" "
    "d=\"M2 12v-12\"/><path class=\"fsoft\" d=\"M2 0l9 3.5l-9 3.5z\"/></svg>pinned</li>"
    "<li><svg class=\"key\" viewBox=\"0 0 12 12\"><rect class=\"fgap\" width=\"12\" "
    "height=\"12\"/></svg>longer without one than usual</li>"
    "<li class=\"sub\">the higher, the larger</li></ul>\n";

std::string GapRow(const ArchiveGap& gap) {
  return fmt::format("<tr class=\"gap\"><td colspan=\"8\">{}\n",
                     HtmlText(fmt::format("{}: {} without a whole archive (usual here: {})",
                                          gap.open ? "overdue" : "gap", HumanAge(gap.to - gap.from),
                                          HumanAge(gap.usual_s))));
}

std::string EntryRow(const FolderEntry& entry, std::int64_t now) {
  const auto count = [&](const char* what, std::uint64_t number) {
    return entry.receipt ? fmt::format("<td data-l=\"{}\">{}", what, Grouped(number))
                         : std::string("<td>");
  };
  const FooterRecord footer = entry.receipt ? entry.receipt->footer : FooterRecord{};
  std::string tags;
  if (entry.pin) {
    tags += fmt::format(" <span class=\"tag\">pinned{}</span>",
                        entry.pin->empty() ? "" : ": " + HtmlText(*entry.pin));
  }
  if (entry.encrypted()) tags += " <span class=\"tag\">encrypted</span>";
  if (entry.receipt && !entry.receipt->pruned_tables.empty()) {
    tags += " <span class=\"tag\">pruned</span>";
  }
  std::string row = fmt::format(
      "<tr{}><td>{}{}<td class=\"l\"><span class=\"tag {}\">{}</span><td data-l=\"age\">{}<td "
      "data-l=\"size\">{}{}{}<td data-l=\"verified\">{}<td data-l=\"rehearsed\">{}\n",
      entry.problem.empty() ? "" : " class=\"has\"", HtmlName(entry.file), tags,
      Class(HealthOf(entry.state)), ToString(entry.state), HtmlText(HumanAge(now - entry.time)),
      HumanBytes(entry.bytes), count("tables", footer.table_count), count("rows", footer.row_count),
      Minute(entry.verified), Minute(entry.rehearsed));
  if (!entry.problem.empty()) {
    row += fmt::format("<tr class=\"why\"><td colspan=\"8\">{}\n", HtmlText(entry.problem));
  }
  return row;
}

std::string ArchiveList(std::string_view label, const Lane& lane,
                        const std::vector<ArchiveGap>& gaps, std::int64_t now, std::size_t bytes) {
  std::string markup = fmt::format(
      "<h2>{}, the newest first</h2>\n<div class=\"card scroll\"><table class=\"list\"><thead><tr>"
      "<th>archive<th class=\"l\">state<th>age<th>size<th>tables<th>rows<th>verified<th>rehearsed"
      "</thead>\n<tbody>\n",
      HtmlName(LaneName(label)));
  std::vector<ArchiveGap> mine;
  for (const ArchiveGap& gap : gaps) {
    if (gap.label == label) mine.push_back(gap);
  }
  std::size_t left = lane.size();
  for (auto entry = lane.rbegin(); entry != lane.rend(); ++entry, --left) {
    if (markup.size() > bytes) break;
    // Above what it begins with: the next one, or now, stands over it.
    while (!mine.empty() && (*entry)->time <= mine.back().from) {
      markup += GapRow(mine.back());
      mine.pop_back();
    }
    markup += EntryRow(**entry, now);
  }
  markup += "</tbody></table></div>\n";
  if (left > 0) {
    markup +=
        fmt::format("<p class=\"note\">and {} older ones; --json names all</p>\n", Grouped(left));
  }
  return markup;
}

}  // namespace

std::string FolderPage(const std::string& folder, const std::vector<FolderEntry>& entries,
                       const std::vector<ArchiveGap>& gaps, std::int64_t now,
                       const std::optional<Error>& stale) {
  Lanes lanes;
  std::size_t good = 0, bad = 0, warn = 0, pinned = 0;
  std::uint64_t bytes = 0;
  const FolderEntry* newest = nullptr;
  for (const FolderEntry& entry : entries) {
    lanes[entry.label()].push_back(&entry);
    const Health health = HealthOf(entry.state);
    (health == Health::kGood ? good : health == Health::kWarn ? warn : bad) += 1;
    pinned += entry.pin ? 1U : 0U;
    bytes += entry.bytes;
    if (health == Health::kGood && (newest == nullptr || entry.time > newest->time)) {
      newest = &entry;
    }
  }
  for (auto& [label, lane] : lanes) {
    std::stable_sort(lane.begin(), lane.end(),
                     [](const FolderEntry* a, const FolderEntry* b) { return a->time < b->time; });
  }

  std::string body = fmt::format("<h1>{}</h1>\n<p class=\"sub\">archives as of {} UTC</p>\n",
                                 HtmlName(folder), Minute(now));
  if (stale) body += HtmlBanner("bad", "Stale: " + stale->message());
  for (const ArchiveGap& gap : gaps) {
    if (!gap.open || stale) continue;
    body += HtmlBanner("warn",
                       fmt::format("Overdue: the last whole archive of {} is {} old; usual "
                                   "is one every {}.",
                                   gap.label, HumanAge(gap.to - gap.from), HumanAge(gap.usual_s)));
  }
  if (bad > 0) {
    body += HtmlBanner(
        "bad", fmt::format("{} cannot be restored; see below why.", Counted(bad, "archive")));
  }
  body += HtmlFigures({{"archives", Grouped(entries.size()), HumanBytes(bytes)},
                       {"whole and verified", Grouped(good)},
                       {"not verified or partial", Grouped(warn)},
                       {"bad", Grouped(bad)},
                       {"newest good one", newest ? HumanAge(now - newest->time) : "none",
                        newest ? newest->file : ""},
                       {"pinned", Grouped(pinned)}});
  if (entries.empty()) {
    return HtmlPage(folder, body + "<p>There are no archives in this folder.</p>\n");
  }
  body += "<h2>When they were made</h2>\n<div class=\"card\">\n";
  body +=
      HtmlPicture("Archives on a line of time. The lists below have the same figures.",
                  Timeline(lanes, gaps, now, kHtmlWide), Timeline(lanes, gaps, now, kHtmlNarrow));
  body += kTimelineLegend;
  body += "</div>\n";
  for (const auto& [label, lane] : lanes) {
    body += ArchiveList(label, lane, gaps, now, kHtmlListBytes / lanes.size());
  }
  return HtmlPage(folder, body);
}

}  // namespace dbomsbak
