#include "cli/html.h"

#include <fmt/format.h>

#include <utility>

#include "cli/characters.h"

namespace dbomsbak {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Not seen itself, or seen by what it does to others.
bool IsHidden(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x61C || c == 0x180E ||
         (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE || (c >= 0xE0000 && c <= 0xE0FFF);
}

struct Shown {
  std::string markup;
  std::size_t columns = 1;
};

Shown Show(char32_t c, std::string_view bytes) {
  switch (c) {
    case '&':
      return {"&amp;"};
    case '<':
      return {"&lt;"};
    case '>':
      return {"&gt;"};
    case '"':
      return {"&quot;"};
    case '\'':
      return {"&#39;"};
    case kReplacement:
      return {"\xEF\xBF\xBD"};
    default:
      break;
  }
  if (IsHidden(c)) {
    std::string markup = fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(c));
    const std::size_t columns = markup.size();
    return {std::move(markup), columns};
  }
  return {std::string(bytes), IsWide(c) ? 2U : 1U};
}

template <typename Each>
void ForEachShown(std::string_view text, const Each& each) {
  while (!text.empty()) {
    const auto [character, length] = NextCharacter(text);
    if (!each(Show(character, text.substr(0, length)))) return;
    text.remove_prefix(length);
  }
}

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--fg:#1b2027;--soft:#586271;--line:#dde2e9;
--link:#1a5fb4;--good:#16794a;--warn:#8a5a00;--bad:#b8232f;--goodbg:#e2f4ea;--warnbg:#fdf1d8;--badbg:#fce6e7;
--plainbg:#e9edf3;--bar:#c9d8ee;--dim:#eef1f5;
--t0:#bcd4f2;--t1:#bfe3cb;--t2:#f5d9ae;--t3:#dccbf0;--t4:#f4c6d2;--t5:#b9e2e6;--t6:#e3dfae;--t7:#ead0c2}
@media (prefers-color-scheme:dark){:root{--bg:#14171c;--card:#1d2128;--fg:#e6e9ee;--soft:#a3adba;--line:#343b46;
--link:#8ab8f5;--good:#63d69a;--warn:#f0bf5e;--bad:#ff8a8f;--goodbg:#173526;--warnbg:#3a2f14;--badbg:#42201f;
--plainbg:#2b313b;--bar:#35527a;--dim:#252a33;
--t0:#2c4d78;--t1:#26593c;--t2:#6a4c1c;--t3:#513a75;--t4:#6d3346;--t5:#1f585e;--t6:#57531f;--t7:#63432f}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
-webkit-text-size-adjust:100%}
main{max-width:1168px;margin:0 auto;padding:24px}
h1{font-size:1.6rem;line-height:1.25;margin:0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2.2rem 0 .7rem}
h3{font-size:1rem;margin:0;overflow-wrap:anywhere}
p{margin:.4rem 0}
.sub,.note,footer{color:var(--soft);overflow-wrap:anywhere}
.note{font-size:.88rem}
footer{font-size:.82rem;margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.8rem}
a{color:var(--link)}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px 16px}
.card+.card{margin-top:12px}
dl.fig{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:1.2rem 0 0}
dl.fig div{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:10px 14px;display:flex;flex-direction:column}
dl.fig dt{order:1;color:var(--soft);font-size:.82rem}
dl.fig dd{margin:0;font-size:1.35rem;font-weight:650;line-height:1.3;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
dl.fig dd.more{order:2;font-size:.82rem;font-weight:400;color:var(--soft)}
dl.facts{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.3rem 1.2rem;margin:0}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0;overflow-wrap:anywhere}
.banner{border-radius:10px;padding:10px 14px;margin-top:1rem;overflow-wrap:anywhere;font-weight:600}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.banner.good,.tag.good{background:var(--goodbg)}.banner.warn,.tag.warn{background:var(--warnbg)}.banner.bad,.tag.bad{background:var(--badbg)}
.tag{display:inline-block;border-radius:6px;padding:0 .5em;font-size:.84rem;font-weight:600;white-space:nowrap;background:var(--plainbg)}
.legend{display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;list-style:none;margin:.8rem 0 0;padding:0;font-size:.88rem}
.legend li{overflow-wrap:anywhere}
.legend i,.sw{display:inline-block;width:.8em;height:.8em;border-radius:3px;margin-right:.4em;vertical-align:-.06em;border:1px solid var(--soft)}
.s0{background:var(--t0)}.s1{background:var(--t1)}.s2{background:var(--t2)}.s3{background:var(--t3)}
.s4{background:var(--t4)}.s5{background:var(--t5)}.s6{background:var(--t6)}.s7{background:var(--t7)}
figure{margin:0}
svg{display:block;width:100%;height:auto;font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:12px}
svg.narrow{display:none}
svg text{fill:var(--fg)}svg .soft{fill:var(--soft)}svg .dim{fill-opacity:.8}svg .b{font-weight:700}
.f0{fill:var(--t0)}.f1{fill:var(--t1)}.f2{fill:var(--t2)}.f3{fill:var(--t3)}.f4{fill:var(--t4)}.f5{fill:var(--t5)}.f6{fill:var(--t6)}.f7{fill:var(--t7)}
.fgood{fill:var(--good)}.fwarn{fill:var(--warn)}.fbad{fill:var(--bad)}.fcard{fill:var(--card)}.fplain{fill:var(--plainbg)}
.fsoft{fill:var(--soft)}.fgap{fill:var(--warnbg);stroke:var(--warn);stroke-dasharray:3 3}svg .twarn{fill:var(--warn)}
path{fill:none}path.fsoft{fill:var(--soft)}svg.key{display:inline-block;width:12px;height:12px;margin-right:.4em;vertical-align:-.06em;overflow:visible}
.lgood{stroke:var(--good)}.lwarn{stroke:var(--warn)}.lbad{stroke:var(--bad)}.lsoft{stroke:var(--soft)}.lline{stroke:var(--line)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-size:.82rem;font-weight:600;color:var(--soft);text-align:right;border-bottom:1px solid var(--line)}
td{text-align:right;white-space:nowrap;border-bottom:1px solid var(--dim);vertical-align:top}
th,td{padding:.28rem .6rem}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal;overflow-wrap:anywhere}
th:last-child,td:last-child{padding-right:0}
tr:last-child>td{border-bottom:0}
td.l,th.l{text-align:left}
td.w{white-space:normal;overflow-wrap:anywhere;min-width:8rem}
.share{min-width:9rem}
.share b{display:block;height:3px;border-radius:2px;background:var(--link);margin-left:auto}
.mono{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:.87em}
tr.gap td{text-align:center;color:var(--warn);background:var(--warnbg);white-space:normal}
tr.why td{text-align:left;white-space:normal;overflow-wrap:anywhere;color:var(--bad);padding-top:0}
tr.has>td{border-bottom:0}
details{margin-top:.6rem}summary{cursor:pointer;color:var(--link)}
.keys{margin:.3rem 0 0;padding:0;list-style:none;overflow-wrap:anywhere}
.head{display:flex;flex-wrap:wrap;gap:.3rem .7rem;align-items:baseline}
.diff{display:grid;grid-template-columns:1fr 1fr;margin-top:.7rem;border:1px solid var(--line);border-radius:8px;overflow:hidden;
font:.84rem/1.5 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
.diff div{padding:0 .6rem 0 1.5rem;white-space:pre-wrap;overflow-wrap:anywhere;position:relative;min-height:1.5em}
.diff .h{font-family:system-ui,"DejaVu Sans",sans-serif;color:var(--soft);background:var(--dim);padding-left:.6rem}
.diff div:nth-child(odd){border-right:1px solid var(--line)}
.diff .d{background:var(--badbg)}.diff .a{background:var(--goodbg)}.diff .e{background:var(--dim)}
.diff .d::before,.diff .a::before{position:absolute;left:.5rem;font-weight:700}
.diff .d::before{content:"\2212";color:var(--bad)}.diff .a::before{content:"+";color:var(--good)}
table.pair{width:auto;margin-top:.6rem}
@media (max-width:719px){
main{padding:14px}
body{font-size:14px}
h1{font-size:1.3rem}
svg.wide{display:none}svg.narrow{display:block}
.card{padding:10px}
dl.fig{grid-template-columns:1fr 1fr}
dl.fig div{padding:8px 10px}
dl.fig dd{font-size:1.1rem}
dl.facts{grid-template-columns:1fr;gap:0}dl.facts dd{margin-bottom:.5rem}
table.list thead{display:none}
table.list tr{display:flex;flex-wrap:wrap;column-gap:.9rem;border-bottom:1px solid var(--dim);padding:.35rem 0}
table.list tr.has{border-bottom:0;padding-bottom:0}
table.list td{border:0;padding:0;text-align:left}
table.list td:first-child{flex:0 0 100%}
table.list td:empty{display:none}
table.list td[data-l]::before{content:attr(data-l) " ";color:var(--soft)}
table.tables td:nth-child(2)::before{content:"rows ";color:var(--soft)}
table.tables td:nth-child(3)::before{content:"text ";color:var(--soft)}
table.tables td:nth-child(4)::before{content:"stored ";color:var(--soft)}
.share{min-width:0}.share b{display:none}
.diff{grid-template-columns:1fr}
.diff div:nth-child(odd){border-right:0}
.diff .c2,.diff .e{display:none}
.diff .h:first-child::after{content:" (\2212), live (+)"}
}
@media print{
:root{--bg:#fff}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
main{max-width:none;padding:0}
.card,dl.fig div,svg,tr{break-inside:avoid}
details>*{display:block}
}
)css";

}  // namespace

std::string HtmlText(std::string_view text) {
  std::string markup;
  markup.reserve(text.size());
  ForEachShown(text, [&](const Shown& shown) {
    markup += shown.markup;
    return true;
  });
  return markup;
}

std::string HtmlName(std::string_view text) { return fmt::format("<bdi>{}</bdi>", HtmlText(text)); }

std::size_t HtmlColumns(std::string_view text) {
  std::size_t columns = 0;
  ForEachShown(text, [&](const Shown& shown) {
    columns += shown.columns;
    return true;
  });
  return columns;
}

std::string HtmlShort(std::string_view text, std::size_t columns) {
  constexpr std::size_t kTelling = 3;
  std::string whole, cut;
  std::size_t used = 0;
  ForEachShown(text, [&](const Shown& shown) {
    used += shown.columns;
    whole += shown.markup;
    if (used + 1 <= columns) cut = whole;
    return used <= columns;
  });
  if (used <= columns) return whole;
  return columns <= kTelling || cut.empty() ? std::string() : cut + "…";
}

std::string HtmlPage(std::string_view title, std::string_view body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      // Nothing is fetched and no script is run, whatever is in a name.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n"
      "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n{}"
      "<footer>Written by dbomsbak {}. Sizes and times are those that --json tells; times are "
      "UTC.</footer>\n</main>\n</body>\n</html>\n",
      HtmlText(title), kStyle, body, DBOMSBAK_VERSION);
}

std::string HtmlFigures(const std::vector<HtmlFigure>& figures) {
  std::string markup = "<dl class=\"fig\">\n";
  for (const HtmlFigure& figure : figures) {
    markup +=
        fmt::format("<div><dt>{}</dt><dd>{}</dd>", HtmlText(figure.what), HtmlText(figure.figure));
    if (!figure.more.empty()) {
      markup += fmt::format("<dd class=\"more\">{}</dd>", HtmlText(figure.more));
    }
    markup += "</div>\n";
  }
  return markup + "</dl>\n";
}

std::string HtmlFacts(const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string markup = "<dl class=\"facts card\">\n";
  for (const auto& [what, text] : facts) {
    markup += fmt::format("<dt>{}</dt><dd>{}</dd>\n", HtmlText(what), HtmlName(text));
  }
  return markup + "</dl>\n";
}

std::string HtmlBanner(std::string_view kind, std::string_view text) {
  return fmt::format("<p class=\"banner {}\">{}</p>\n", kind, HtmlText(text));
}

std::string HtmlPicture(std::string_view label, const HtmlDrawing& wide,
                        const HtmlDrawing& narrow) {
  std::string markup = "<figure>\n";
  const auto add = [&](const char* name, const HtmlDrawing& drawing) {
    markup += fmt::format(
        "<svg class=\"{}\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">\n{}"
        "</svg>\n",
        name, drawing.width, drawing.height, HtmlText(label), drawing.content);
  };
  add("wide", wide);
  add("narrow", narrow);
  return markup + "</figure>\n";
}

}  // namespace dbomsbak
