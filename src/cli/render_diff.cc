// What a diff found, as text for people.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "cli/console.h"
#include "cli/render.h"
#include "dbomsbak/base/units.h"

namespace dbomsbak {
namespace {

// "2 objects missing, 1 extra, 3 differing"
std::string Found(const DiffReport& report) {
  std::string text;
  const auto add = [&](std::uint64_t number, std::string_view what) {
    if (number == 0) return;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ",
                        text.empty() ? Counted(number, "object") : Grouped(number), what);
  };
  add(report.missing, "missing live");
  add(report.extra, "only live");
  add(report.differing, "differing");
  add(report.not_comparable, "not comparable");
  return text;
}

std::string Keys(std::string_view title, const std::vector<std::string>& keys, std::uint64_t count,
                 bool complete) {
  if (count == 0) return {};
  std::string text =
      fmt::format("    {}: {}{}\n", title, complete ? "" : "too many to find all, at least ",
                  Counted(count, "row"));
  for (const std::string& key : keys) text += fmt::format("      {}\n", Printable(key));
  if (keys.size() < count) {
    text += "      …\n";
  }
  return text;
}

std::string RowsText(const ObjectDiff& object) {
  const RowsDiff& rows = object.rows;
  if (rows.verdict != RowsDiff::Verdict::kDiffer) return {};
  std::string text =
      rows.archived == rows.live
          ? fmt::format("    {} on both sides, with other values\n", Counted(rows.live, "row"))
          : fmt::format("    {} in the archive, {} live\n", Counted(rows.archived, "row"),
                        Grouped(rows.live));
  if (!object.keys) return text;
  const DifferingKeys& keys = *object.keys;
  text += keys.key.empty() ? "    without a key that both sides share; whole rows:\n"
                           : fmt::format("    by key ({}):\n", Joined(keys.key, ", "));
  text += Keys("only in the archive", keys.only_archived, keys.only_archived_count, keys.complete);
  text += Keys("only live", keys.only_live, keys.only_live_count, keys.complete);
  text += Keys("with other values", keys.changed, keys.changed_count, keys.complete);
  return text;
}

std::string Definition(const ObjectDiff& object) {
  if (object.definition.empty()) return {};
  std::string text = "    --- archive\n    +++ live\n";
  std::string_view rest = object.definition;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    text += fmt::format("    {}\n", Printable(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return text;
}

}  // namespace

std::string DiffSummary(const DiffReport& report) {
  const std::string all =
      fmt::format("{}, {}", Counted(report.objects, "object"), Counted(report.rows, "live row"));
  if (report.Differs()) return fmt::format("differs: {}; of {}", Found(report), all);
  if (report.not_comparable > 0) {
    return fmt::format("no difference found, but {}; of {}", Found(report), all);
  }
  return fmt::format("equal to what is live: {}", all);
}

std::string DiffVerdict(const ObjectDiff& object) {
  switch (object.verdict) {
    case ObjectVerdict::kMissing:
      return object.id.kind == ObjectKind::kTable
                 ? fmt::format("missing live ({} in the archive)",
                               Counted(object.rows.archived, "row"))
                 : "missing live";
    case ObjectVerdict::kExtra:
      return "only live";
    case ObjectVerdict::kDiffers:
      if (!object.definition_differs) return "rows differ";
      return object.rows.verdict == RowsDiff::Verdict::kDiffer ? "definition and rows differ"
                                                               : "definition differs";
    case ObjectVerdict::kNotComparable:
      return "not comparable";
    case ObjectVerdict::kEqual:
      break;
  }
  return "equal";
}

std::string RenderDiff(const std::string& file, const DiffReport& report) {
  std::string text = fmt::format("{}: {}\n", Printable(file), DiffSummary(report));
  for (const std::string& note : report.notes) text += fmt::format("note: {}\n", Printable(note));
  for (const ObjectDiff& object : report.found) {
    text += fmt::format("{}: {}\n", Printable(object.id.Describe()), DiffVerdict(object)) +
            Definition(object) + RowsText(object);
    for (const std::string& reason : object.reasons) {
      text += fmt::format("    not compared: {}\n", Printable(reason));
    }
    for (const std::string& note : object.notes) {
      text += fmt::format("    note: {}\n", Printable(note));
    }
  }
  return text;
}

}  // namespace dbomsbak
