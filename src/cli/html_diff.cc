// The page of `diff`: the archive's side beside the live one.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "cli/html.h"
#include "cli/html_pages.h"
#include "dbomsbak/base/units.h"

namespace dbomsbak {
namespace {

struct Look {
  const char* tag;  // class of the style sheet
  const char* word;
};

Look LookOf(ObjectVerdict verdict) {
  switch (verdict) {
    case ObjectVerdict::kMissing:
      return {"bad", "missing live"};
    case ObjectVerdict::kExtra:
      return {"good", "only live"};
    case ObjectVerdict::kDiffers:
      return {"warn", "differs"};
    case ObjectVerdict::kNotComparable:
      return {"", "not comparable"};
    case ObjectVerdict::kEqual:
      break;
  }
  return {"", "equal"};
}

// All objects in one bar, by verdict.
HtmlDrawing Verdicts(const DiffReport& report, double width) {
  const std::uint64_t told =
      report.missing + report.extra + report.differing + report.not_comparable;
  const std::uint64_t all = std::max(report.objects, told);
  struct Part {
    const char* fill;
    const char* word;
    std::uint64_t count;
  };
  const std::array parts{
      Part{"fplain", "equal", all - told}, Part{"fwarn", "differ", report.differing},
      Part{"fbad", "missing live", report.missing}, Part{"fgood", "only live", report.extra},
      Part{"fsoft", "not comparable", report.not_comparable}};
  // One of thousands is seen as well.
  constexpr double kLeast = 6, kBar = 26;
  HtmlDrawing drawing{width, kBar, {}};
  double needed = 0;
  for (const Part& part : parts) {
    if (part.count > 0) needed += kLeast;
  }
  double x = 0;
  for (const Part& part : parts) {
    if (part.count == 0) continue;
    const double share = static_cast<double>(part.count) / static_cast<double>(all);
    const double wide = kLeast + share * (width - needed);
    drawing.content += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"0\" width=\"{:.1f}\" height=\"{}\" rx=\"3\"><title>{} "
        "{}</title></rect>\n",
        part.fill, x, std::max(1.0, wide - 2), kBar, Grouped(part.count), part.word);
    x += wide;
  }
  return drawing;
}

std::string VerdictLegend(const DiffReport& report) {
  const std::uint64_t told =
      report.missing + report.extra + report.differing + report.not_comparable;
  std::string markup = "<ul class=\"legend\">\n";
  const auto add = [&](const char* fill, const char* word, std::uint64_t count) {
    markup += fmt::format(
        "<li><svg class=\"key\" viewBox=\"0 0 12 12\"><rect class=\"{}\" width=\"12\" "
        "height=\"12\" rx=\"3\"/></svg>{} {}</li>\n",
        fill, Grouped(count), word);
  };
  add("fplain", "equal", report.objects > told ? report.objects - told : 0);
  add("fwarn", "differing", report.differing);
  add("fbad", "missing live", report.missing);
  add("fgood", "only live", report.extra);
  if (report.not_comparable > 0) add("fsoft", "not comparable", report.not_comparable);
  return markup + "</ul>\n";
}

// A unified diff as lines beside one another: what was taken away left, what came right.
class SideBySide {
 public:
  explicit SideBySide(std::string_view unified) {
    while (!unified.empty()) {
      const std::size_t end = std::min(unified.find('\n'), unified.size());
      Add(unified.substr(0, end));
      unified.remove_prefix(std::min(end + 1, unified.size()));
    }
    Flush();
  }
  std::string Take() {
    return fmt::format(
        "<div class=\"diff\"><div class=\"h\">archive</div><div class=\"h c2\">live</div>\n{}"
        "</div>\n",
        markup_);
  }

 private:
  void Add(std::string_view line) {
    if (line.starts_with('-')) {
      if (!added_.empty()) Flush();
      removed_.push_back(line.substr(1));
    } else if (line.starts_with('+')) {
      added_.push_back(line.substr(1));
    } else {
      Flush();
      if (line.starts_with("@@")) {
        if (!markup_.empty()) markup_ += "<div class=\"h\">…</div><div class=\"h c2\">…</div>\n";
      } else if (!line.empty()) {
        const std::string text = HtmlText(line.substr(1));
        markup_ += fmt::format("<div>{0}</div><div class=\"c2\">{0}</div>\n", text);
      }
    }
  }
  void Flush() {
    const auto cell = [&](const std::vector<std::string_view>& lines, std::size_t i,
                          const char* name) {
      return i < lines.size() ? fmt::format("<div class=\"{}\">{}</div>", name, HtmlText(lines[i]))
                              : std::string("<div class=\"e\"></div>");
    };
    for (std::size_t i = 0; i < std::max(removed_.size(), added_.size()); ++i) {
      markup_ += cell(removed_, i, "d") + cell(added_, i, "a") + "\n";
    }
    removed_.clear();
    added_.clear();
  }

  std::vector<std::string_view> removed_, added_;
  std::string markup_;
};

std::string Keys(std::string_view title, const std::vector<std::string>& keys, std::uint64_t count,
                 bool complete) {
  if (count == 0) return {};
  std::string markup =
      fmt::format("<details open><summary>{}: {}{}</summary><ul class=\"keys mono\">\n", title,
                  complete ? "" : "at least ", Counted(count, "row"));
  for (const std::string& key : keys) markup += fmt::format("<li>{}</li>\n", HtmlName(key));
  if (keys.size() < count) markup += "<li>…</li>\n";
  return markup + "</ul></details>\n";
}

std::string Rows(const ObjectDiff& object) {
  const RowsDiff& rows = object.rows;
  if (rows.verdict != RowsDiff::Verdict::kDiffer) return {};
  std::string markup = fmt::format(
      "<table class=\"pair\"><thead><tr><th><th>archive<th>live</thead>\n<tbody><tr><td>rows<td>{}"
      "<td>{}\n",
      Grouped(rows.archived), Grouped(rows.live));
  if (!object.keys) {
    return markup + "</tbody></table>\n" +
           (rows.archived == rows.live
                ? "<p class=\"note\">as many rows, with other values; --rows "
                  "names them</p>\n"
                : "");
  }
  const DifferingKeys& keys = *object.keys;
  const char* const least = keys.complete ? "" : "≥ ";
  markup += fmt::format("<tr><td>only there<td>{0}{1}<td>{0}{2}\n", least,
                        Grouped(keys.only_archived_count), Grouped(keys.only_live_count));
  markup += fmt::format("<tr><td>with other values<td>{0}{1}<td>{0}{1}\n</tbody></table>\n", least,
                        Grouped(keys.changed_count));
  std::string columns;
  for (const std::string& column : keys.key) {
    columns += (columns.empty() ? "" : ", ") + HtmlName(column);
  }
  markup += columns.empty()
                ? "<p class=\"note\">without a key that both sides share; whole rows</p>\n"
                : fmt::format("<p class=\"note\">by key: {}</p>\n", columns);
  return markup +
         Keys("only in the archive", keys.only_archived, keys.only_archived_count, keys.complete) +
         Keys("only live", keys.only_live, keys.only_live_count, keys.complete) +
         Keys("with other values", keys.changed, keys.changed_count, keys.complete);
}

std::string ObjectCard(const ObjectDiff& object, std::size_t number) {
  const Look look = LookOf(object.verdict);
  std::string markup = fmt::format(
      "<section class=\"card\" id=\"o{}\"><div class=\"head\"><span class=\"tag {}\">{}</span>"
      "<h3>{} {}</h3></div>\n",
      number, look.tag, HtmlText(DiffVerdict(object)), ToString(object.id.kind),
      HtmlName(object.id.name));
  if (!object.definition.empty()) markup += SideBySide(object.definition).Take();
  markup += Rows(object);
  for (const std::string& reason : object.reasons) {
    markup += fmt::format("<p>not compared: {}</p>\n", HtmlText(reason));
  }
  for (const std::string& note : object.notes) {
    markup += fmt::format("<p class=\"note\">note: {}</p>\n", HtmlText(note));
  }
  return markup + "</section>\n";
}

std::string Difference(const ObjectDiff& object) {
  const RowsDiff& rows = object.rows;
  if (rows.verdict != RowsDiff::Verdict::kDiffer) return {};
  if (rows.archived == rows.live) return "other values";
  return rows.live > rows.archived ? "+" + Grouped(rows.live - rows.archived)
                                   : "−" + Grouped(rows.archived - rows.live);
}

bool HasCard(const ObjectDiff& object) {
  return object.verdict == ObjectVerdict::kDiffers || !object.definition.empty() ||
         !object.reasons.empty() || !object.notes.empty();
}

std::string ObjectRow(const ObjectDiff& object, std::size_t number, bool linked) {
  const Look look = LookOf(object.verdict);
  const bool both = object.rows.verdict != RowsDiff::Verdict::kNotCompared;
  const bool archived =
      both || (object.verdict == ObjectVerdict::kMissing && object.id.kind == ObjectKind::kTable);
  const std::string name =
      linked ? fmt::format("<a href=\"#o{}\">{}</a>", number, HtmlName(object.id.name))
             : HtmlName(object.id.name);
  const auto count = [](const char* what, bool known, std::uint64_t rows) {
    return known ? fmt::format("<td data-l=\"{}\">{}", what, Grouped(rows)) : std::string("<td>");
  };
  const std::string difference = Difference(object);
  return fmt::format(
      "<tr><td>{} {}<td class=\"l\"><span class=\"tag {}\">{}</span><td "
      "class=\"l\"{}{}{}<td>{}\n",
      ToString(object.id.kind), name, look.tag, look.word,
      object.definition_differs ? " data-l=\"definition\">differs" : ">",
      count("archive", archived, object.rows.archived), count("live", both, object.rows.live),
      difference);
}

}  // namespace

std::string DiffPage(const std::string& file, const DiffReport& report) {
  std::string body = fmt::format("<h1>{}</h1>\n<p class=\"sub\">against what is live on {}</p>\n",
                                 HtmlName(file), HtmlName(report.server));
  std::string summary = DiffSummary(report);
  summary.front() = static_cast<char>(summary.front() - 'a' + 'A');
  body += HtmlBanner(report.Differs() || report.not_comparable > 0 ? "warn" : "good", summary);
  body += "<div class=\"card\" style=\"margin-top:1.2rem\">\n";
  body += HtmlPicture("Objects by what was found. The figures stand below.",
                      Verdicts(report, kHtmlWide), Verdicts(report, kHtmlNarrow));
  body += VerdictLegend(report) + "</div>\n";
  for (const std::string& note : report.notes) {
    body += fmt::format("<p class=\"note\">note: {}</p>\n", HtmlText(note));
  }

  std::map<std::string_view, std::vector<std::size_t>> databases;
  for (std::size_t i = 0; i < report.found.size(); ++i) {
    databases[report.found[i].id.database].push_back(i);
  }
  // Rows first, then cards, as far as the page bears them.
  std::string cards;
  std::vector<bool> has_card(report.found.size());
  std::size_t without = 0;
  for (const auto& [database, numbers] : databases) {
    std::string some;
    for (const std::size_t i : numbers) {
      if (!HasCard(report.found[i])) continue;
      std::string card = ObjectCard(report.found[i], i);
      if (cards.size() + some.size() + card.size() > kHtmlListBytes * 2 / 3) {
        ++without;
        continue;
      }
      has_card[i] = true;
      some += card;
    }
    if (!some.empty()) cards += fmt::format("<h2>In detail: {}</h2>\n{}", HtmlName(database), some);
  }
  std::size_t untold = 0, rows_bytes = 0;
  for (const auto& [database, numbers] : databases) {
    body += fmt::format(
        "<h2>{}</h2>\n<div class=\"card scroll\"><table class=\"list\"><thead><tr><th>object<th "
        "class=\"l\">found<th class=\"l\">definition<th>rows in the archive<th>rows live<th>"
        "difference</thead>\n<tbody>\n",
        HtmlName(database));
    for (const std::size_t i : numbers) {
      if (rows_bytes > kHtmlListBytes / 3) {
        ++untold;
        continue;
      }
      const std::string row = ObjectRow(report.found[i], i, has_card[i]);
      rows_bytes += row.size();
      body += row;
    }
    body += "</tbody></table></div>\n";
  }
  if (untold > 0) {
    body += fmt::format("<p class=\"note\">and {} more; --json names all</p>\n", Grouped(untold));
  }
  body += cards;
  if (without > 0) {
    body += fmt::format("<p class=\"note\">{} more in detail: without --html, or with --json</p>\n",
                        Grouped(without));
  }
  body += "<h2>How it was compared</h2>\n";
  Facts facts{{"file", file}, {"server", report.server}};
  std::string names;
  for (const std::string& database : report.databases) {
    names += (names.empty() ? "" : ", ") + database;
  }
  facts.emplace_back("databases", names);
  if (!report.snapshot.time.empty()) {
    facts.emplace_back("live snapshot",
                       fmt::format("{} by {}", report.snapshot.time, report.snapshot.method));
  }
  facts.emplace_back("compared", fmt::format("{}, {}", Counted(report.objects, "object"),
                                             Counted(report.rows, "live row")));
  body += HtmlFacts(facts);
  return HtmlPage("diff: " + file, body);
}

}  // namespace dbomsbak
