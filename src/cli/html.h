// Pages that stand for themselves: one file, no script, nothing fetched from anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dbomsbak {

// Any text as the content of an element or of a quoted attribute. Markup is escaped; what is not
// seen, or would change how its surroundings are seen (control characters, marks of direction and
// of no width), is written as \u{202e}. What is no UTF-8 becomes U+FFFD.
std::string HtmlText(std::string_view text);

// The same of a name, which keeps its own direction: <bdi>.
std::string HtmlName(std::string_view text);

// Columns of HtmlText(text) in a font of fixed width; those of East Asia take two.
std::size_t HtmlColumns(std::string_view text);
// HtmlText of the text, or of its beginning with an ellipsis, in so many columns; empty where that
// would tell nothing.
std::string HtmlShort(std::string_view text, std::size_t columns);

// A whole page. `title` is any text; `body` is markup, as the functions here write it.
std::string HtmlPage(std::string_view title, std::string_view body);

// "<dl>" of figures to be seen at a glance. All is text.
struct HtmlFigure {
  std::string what;
  std::string figure;
  std::string more = {};
};
std::string HtmlFigures(const std::vector<HtmlFigure>& figures);

// Rows "what: text" for those who read. All is text.
std::string HtmlFacts(const std::vector<std::pair<std::string, std::string>>& facts);

// A line that must not be overlooked. `kind`: "bad", "warn" or "good".
std::string HtmlBanner(std::string_view kind, std::string_view text);

// One drawing for wide pages and one for narrow ones, of which one is shown. `label` is read aloud
// instead. Both are what stands within <svg> of that many pixels.
struct HtmlDrawing {
  double width = 0, height = 0;
  std::string content;
};
std::string HtmlPicture(std::string_view label, const HtmlDrawing& wide, const HtmlDrawing& narrow);

// Text of these sizes is as readable on a telephone as on a wall.
inline constexpr double kHtmlWide = 1120, kHtmlNarrow = 360;
// Of a character of the font that drawings have, of 12 pixels.
inline constexpr double kHtmlColumnPixels = 7.3;

// Long lists end where a page would get slow. Bytes of markup.
inline constexpr std::size_t kHtmlListBytes = 1'500'000;

}  // namespace dbomsbak
