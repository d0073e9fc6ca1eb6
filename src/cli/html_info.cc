// The page of `info`: where the bytes are.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cli/html.h"
#include "cli/html_pages.h"
#include "cli/treemap.h"
#include "dbomsbak/base/units.h"

namespace dbomsbak {
namespace {

constexpr std::size_t kColours = 8;         // of the style sheet
constexpr std::size_t kRowsWithBars = 200;  // the largest tables; the others' bars are points
constexpr std::size_t kLegendNames = 12;

// The tables of one database, the largest first.
struct DatabaseTables {
  std::string name;
  std::vector<const PageObject*> tables;
  std::uint64_t bytes = 0;
};

std::vector<DatabaseTables> TablesByDatabase(const std::vector<PageObject>& objects) {
  std::map<std::string, DatabaseTables> found;
  for (const PageObject& object : objects) {
    if (object.id.kind != ObjectKind::kTable || !object.omitted.empty()) continue;
    DatabaseTables& database = found[object.id.database];
    database.name = object.id.database;
    database.tables.push_back(&object);
    database.bytes += object.data_bytes;
  }
  std::vector<DatabaseTables> databases;
  databases.reserve(found.size());
  for (auto& [name, database] : found) {
    std::stable_sort(
        database.tables.begin(), database.tables.end(),
        [](const PageObject* a, const PageObject* b) { return a->data_bytes > b->data_bytes; });
    databases.push_back(std::move(database));
  }
  std::stable_sort(
      databases.begin(), databases.end(),
      [](const DatabaseTables& a, const DatabaseTables& b) { return a.bytes > b.bytes; });
  return databases;
}

std::string Share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0 || part == 0) return "0 %";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return percent < 0.1 ? "< 0.1 %" : fmt::format("{:.1f} %", percent);
}

std::size_t ColumnsIn(double pixels) {
  return pixels > 0 ? static_cast<std::size_t>(pixels / kHtmlColumnPixels) : 0;
}

std::string Box(const Rectangle& at, std::string_view fill, std::string_view markup) {
  // Within an <svg> of its own, so that nothing can stand over its edge.
  return fmt::format(
      "<svg x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"><rect width=\"100%\" "
      "height=\"100%\" rx=\"3\" class=\"{}\"/>{}</svg>\n",
      at.x, at.y, at.width, at.height, fill, markup);
}

// With a little room to the neighbours.
Rectangle Inside(const Rectangle& outer, double margin) {
  return {outer.x + margin, outer.y + margin, std::max(0.5, outer.width - 2 * margin),
          std::max(0.5, outer.height - 2 * margin)};
}

struct Tile {
  std::string name, size, tip;  // text
  double value = 0;
};

std::string TileMarkup(const Tile& tile, const Rectangle& at, std::size_t colour) {
  constexpr double kMargin = 6, kLine = 15;
  std::string markup = fmt::format("<title>{}</title>", HtmlText(tile.tip));
  const std::size_t columns = ColumnsIn(at.width - 2 * kMargin);
  if (at.height >= kLine + 6) {
    const std::string name = HtmlShort(tile.name, columns);
    if (!name.empty()) {
      markup += fmt::format("<text x=\"{}\" y=\"{}\">{}</text>", kMargin, kLine, name);
      if (at.height >= 2 * kLine + 6 && HtmlColumns(tile.size) <= columns) {
        markup += fmt::format("<text class=\"dim\" x=\"{}\" y=\"{}\">{}</text>", kMargin, 2 * kLine,
                              HtmlText(tile.size));
      }
    }
  }
  return Box(at, fmt::format("f{}", colour % kColours), markup);
}

// Those from `values` that get at least `least` pixels of so many; the others are one.
std::size_t CountOfLargeOnes(const std::vector<double>& values, double pixels, double least) {
  double sum = 0;
  for (const double value : values) sum += value;
  std::size_t count = 0;
  while (count < values.size() && values[count] * pixels >= least * sum) ++count;
  return values.size() - count == 1 ? values.size() : count;
}

std::vector<Tile> TilesOf(const DatabaseTables& database, double pixels, double least,
                          std::uint64_t all_bytes) {
  std::vector<double> values;
  for (const PageObject* table : database.tables) {
    if (table->data_bytes > 0) values.push_back(static_cast<double>(table->data_bytes));
  }
  const std::size_t large = CountOfLargeOnes(values, pixels, least);
  std::vector<Tile> tiles;
  for (std::size_t i = 0; i < large; ++i) {
    const PageObject& table = *database.tables[i];
    const std::string size = HumanBytes(table.data_bytes);
    tiles.push_back({table.id.name, size,
                     fmt::format("{}.{}: {}, {}, {}", table.id.database, table.id.name, size,
                                 Counted(table.rows, "row"), Share(table.data_bytes, all_bytes)),
                     values[i]});
  }
  if (large < values.size()) {
    std::uint64_t bytes = 0;
    for (std::size_t i = large; i < values.size(); ++i) bytes += database.tables[i]->data_bytes;
    const std::string name = fmt::format("{} more", Grouped(values.size() - large));
    const Tile rest{name, HumanBytes(bytes),
                    fmt::format("{}: {}, smaller ones, {} together, {}", database.name,
                                Counted(values.size() - large, "table"), HumanBytes(bytes),
                                Share(bytes, all_bytes)),
                    static_cast<double>(bytes)};
    const auto behind = std::find_if(tiles.begin(), tiles.end(),
                                     [&](const Tile& tile) { return tile.value < rest.value; });
    tiles.insert(behind, rest);
  }
  return tiles;
}

HtmlDrawing Treemap(const std::vector<DatabaseTables>& databases, std::uint64_t all_bytes,
                    double width, double height, double least) {
  constexpr double kHead = 20, kLeastDatabase = 3200;
  HtmlDrawing drawing{width, height, {}};
  std::vector<double> values;
  for (const DatabaseTables& database : databases) {
    if (database.bytes > 0) values.push_back(static_cast<double>(database.bytes));
  }
  const std::size_t held = values.size();
  const std::size_t large = CountOfLargeOnes(values, width * height, kLeastDatabase);
  std::uint64_t rest = 0;
  for (std::size_t i = large; i < held; ++i) rest += databases[i].bytes;
  values.resize(large);
  // What is drawn together comes last, though it may not be the smallest: it is no database.
  if (rest > 0) values.push_back(static_cast<double>(rest));
  const std::vector<Rectangle> places = Squarify(values, {0, 0, width, height});
  for (std::size_t i = 0; i < large; ++i) {
    const DatabaseTables& database = databases[i];
    Rectangle inner = Inside(places[i], 2);
    const bool has_head = inner.height > 3 * kHead && inner.width > 60;
    if (has_head) {
      drawing.content += fmt::format(
          "<text class=\"b\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", inner.x + 2, inner.y + 14,
          HtmlShort(fmt::format("{}  {}", database.name, HumanBytes(database.bytes)),
                    ColumnsIn(inner.width - 6)));
      inner.y += kHead;
      inner.height -= kHead;
    }
    const std::vector<Tile> tiles = TilesOf(database, inner.area(), least, all_bytes);
    std::vector<double> sizes;
    sizes.reserve(tiles.size());
    for (const Tile& tile : tiles) sizes.push_back(tile.value);
    const std::vector<Rectangle> spots = Squarify(sizes, inner);
    for (std::size_t j = 0; j < tiles.size(); ++j) {
      drawing.content += TileMarkup(tiles[j], Inside(spots[j], 1), i);
    }
  }
  if (rest > 0) {
    const std::string name = fmt::format("{} smaller databases", Grouped(held - large));
    const Rectangle at = Inside(places[large], 3);
    const Tile tile{name, HumanBytes(rest),
                    fmt::format("{}: {}, {}", name, HumanBytes(rest), Share(rest, all_bytes)),
                    static_cast<double>(rest)};
    drawing.content += TileMarkup(tile, at, kColours - 1);
  }
  return drawing;
}

std::string Legend(const std::vector<DatabaseTables>& databases, std::uint64_t all_bytes) {
  std::string markup = "<ul class=\"legend\">\n";
  for (std::size_t i = 0; i < databases.size() && i < kLegendNames; ++i) {
    const DatabaseTables& database = databases[i];
    markup +=
        fmt::format("<li><i class=\"s{}\"></i>{} <span class=\"sub\">{}, {}, {}</span></li>\n",
                    i % kColours, HtmlName(database.name), Counted(database.tables.size(), "table"),
                    HumanBytes(database.bytes), Share(database.bytes, all_bytes));
  }
  if (databases.size() > kLegendNames) {
    markup += fmt::format("<li class=\"sub\">and {} more</li>\n",
                          Grouped(databases.size() - kLegendNames));
  }
  return markup + "</ul>\n";
}

std::string TableList(const std::vector<DatabaseTables>& databases, std::uint64_t all_bytes,
                      bool stored) {
  std::vector<std::pair<const PageObject*, std::size_t>> tables;  // with the colour
  for (std::size_t i = 0; i < databases.size(); ++i) {
    for (const PageObject* table : databases[i].tables) tables.emplace_back(table, i % kColours);
  }
  std::stable_sort(tables.begin(), tables.end(), [](const auto& a, const auto& b) {
    return a.first->data_bytes > b.first->data_bytes;
  });
  const std::uint64_t most = tables.empty() ? 0 : tables.front().first->data_bytes;
  std::string markup = fmt::format(
      "<h2>Tables, the largest first</h2>\n<div class=\"card\"><table class=\"list tables\">"
      "<thead><tr><th>table<th>rows<th>SQL text{}<th>share</thead>\n<tbody>\n",
      stored ? "<th>in the file" : "<th>");
  std::size_t shown = 0;
  std::uint64_t rows = 0, bytes = 0;
  for (const auto& [table, colour] : tables) {
    if (markup.size() > kHtmlListBytes) {
      rows += table->rows;
      bytes += table->data_bytes;
      continue;
    }
    ++shown;
    std::string share = HtmlText(Share(table->data_bytes, all_bytes));
    if (shown <= kRowsWithBars && most > 0) {
      share +=
          fmt::format("<b style=\"width:{:.1f}%\"></b>",
                      100.0 * static_cast<double>(table->data_bytes) / static_cast<double>(most));
    }
    markup += fmt::format(
        "<tr><td><i class=\"sw s{}\"></i>{}.{}{}<td>{}<td>{}<td>{}<td class=\"share\">{}\n", colour,
        HtmlName(table->id.database), HtmlName(table->id.name),
        table->row_filtered ? " <span class=\"tag warn\">filtered</span>" : "",
        Grouped(table->rows), HumanBytes(table->data_bytes),
        table->stored_bytes ? HumanBytes(*table->stored_bytes) : "", share);
  }
  markup += "</tbody></table></div>\n";
  if (shown < tables.size()) {
    markup += fmt::format(
        "<p class=\"note\">and {} smaller tables with {} and {} together; --json names all</p>\n",
        Grouped(tables.size() - shown), Counted(rows, "row"), HumanBytes(bytes));
  }
  return markup;
}

// What is no table, by kind, folded.
std::string OtherObjects(const std::vector<PageObject>& objects) {
  constexpr std::size_t kBytes = 200'000;
  std::map<std::string_view, std::pair<std::size_t, std::string>> kinds;
  std::size_t bytes = 0;
  for (const PageObject& object : objects) {
    if (object.id.kind == ObjectKind::kTable || object.id.kind == ObjectKind::kDatabase) continue;
    if (!object.omitted.empty()) continue;
    auto& [count, names] = kinds[ToString(object.id.kind)];
    ++count;
    if (bytes > kBytes) continue;
    const std::string name =
        fmt::format("<li>{}.{}</li>\n", HtmlName(object.id.database), HtmlName(object.id.name));
    names += name;
    bytes += name.size();
  }
  if (kinds.empty()) return {};
  std::string markup = "<h2>Other objects</h2>\n<div class=\"card\">\n";
  for (const auto& [kind, found] : kinds) {
    markup +=
        fmt::format("<details><summary>{}</summary><ul class=\"keys mono\">\n{}</ul></details>\n",
                    HtmlText(Counted(found.first, kind)), found.second);
  }
  if (bytes > kBytes) markup += "<p class=\"note\">--json names all</p>\n";
  return markup + "</div>\n";
}

std::string OmittedObjects(const std::vector<PageObject>& objects) {
  std::string rows;
  for (const PageObject& object : objects) {
    if (object.omitted.empty() || rows.size() > kHtmlListBytes / 4) continue;
    rows += fmt::format("<tr><td>{}<td class=\"l w\">{}\n", HtmlName(object.id.Describe()),
                        HtmlText(object.omitted));
  }
  if (rows.empty()) return {};
  return fmt::format(
      "<h2>Left out</h2>\n<div class=\"card\"><table class=\"list\"><thead><tr><th>object<th "
      "class=\"l\">why</thead>\n<tbody>\n{}</tbody></table></div>\n",
      rows);
}

std::string BaseName(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos || slash + 1 == path.size() ? path : path.substr(slash + 1);
}

}  // namespace

PageObject ForPage(const ObjectRecord& object, std::optional<std::uint64_t> stored_bytes) {
  return {object.id,    object.rows,         object.data ? object.data->length : 0,
          stored_bytes, object.row_filtered, object.omitted};
}

std::string InfoPage(const InfoContent& content) {
  const std::vector<DatabaseTables> databases = TablesByDatabase(content.objects);
  std::uint64_t all_bytes = 0, rows = 0;
  std::size_t tables = 0, others = 0;
  for (const DatabaseTables& database : databases) {
    all_bytes += database.bytes;
    tables += database.tables.size();
    for (const PageObject* table : database.tables) rows += table->rows;
  }
  for (const PageObject& object : content.objects) {
    others += object.omitted.empty() && object.id.kind != ObjectKind::kTable &&
              object.id.kind != ObjectKind::kDatabase;
  }

  std::string body = fmt::format("<h1>{}</h1>\n", HtmlName(BaseName(content.path)));
  std::vector<HtmlFigure> figures{
      {"databases", Grouped(databases.size())},
      {"tables", Grouped(tables), others > 0 ? Counted(others, "other object") : std::string()},
      {"rows", Grouped(rows)},
      {"SQL text", HumanBytes(content.text_bytes)}};
  if (content.file_bytes) {
    const double ratio = *content.file_bytes > 0 ? static_cast<double>(content.text_bytes) /
                                                       static_cast<double>(*content.file_bytes)
                                                 : 0;
    figures.push_back({"file", HumanBytes(*content.file_bytes),
                       ratio > 1.05 ? fmt::format("{:.1f} times smaller", ratio) : ""});
  }
  for (const auto& [what, text] : content.facts) {
    if (what != "written" && what != "server") continue;
    body += fmt::format("<p class=\"sub\">{} {}</p>\n", HtmlText(what), HtmlName(text));
  }
  if (content.partial) {
    body += HtmlBanner("bad", "Partial: objects in scope were left out; they are named below.");
  }
  if (content.scope.filtered() && !content.scope.only_pruned()) {
    body += HtmlBanner("warn", "Filtered: not all rows or definitions are in it; see scope below.");
  }
  body += HtmlFigures(figures);
  if (all_bytes > 0) {
    body += "<h2>Where the bytes are</h2>\n<div class=\"card\">\n";
    body +=
        HtmlPicture("Sizes of tables as areas, by database. The list below has the same figures.",
                    Treemap(databases, all_bytes, kHtmlWide, 520, 500),
                    Treemap(databases, all_bytes, kHtmlNarrow, 480, 600));
    body += Legend(databases, all_bytes) + "</div>\n";
  }
  body += OmittedObjects(content.objects);
  if (tables > 0) body += TableList(databases, all_bytes, content.file_bytes.has_value());
  body += OtherObjects(content.objects);
  body += "<h2>Manifest</h2>\n" + HtmlFacts(content.facts);
  return HtmlPage(BaseName(content.path), body);
}

}  // namespace dbomsbak
