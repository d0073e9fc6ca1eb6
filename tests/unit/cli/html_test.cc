#include "cli/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/html_pages.h"

namespace dbomsbak {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(HtmlTest, MarkupIsText) {
  EXPECT_EQ(HtmlText("<script>\"a\" & 'b'</script>"),
            "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt;");
}

TEST(HtmlTest, WhatIsNotSeenIsWritten) {
  EXPECT_EQ(HtmlText("a\nb\x7f"), "a\\u{a}b\\u{7f}");
  EXPECT_EQ(HtmlText("\xE2\x80\xAEgnp.exe"), "\\u{202e}gnp.exe");           // right to left
  EXPECT_EQ(HtmlText("a\xE2\x80\x8B\xEF\xBB\xBF"), "a\\u{200b}\\u{feff}");  // no width
  EXPECT_EQ(HtmlText("\xC2\x9B"), "\\u{9b}");
  EXPECT_EQ(HtmlText(std::string_view("\0", 1)), "\\u{0}");
}

TEST(HtmlTest, WhatIsNoUtf8IsReplaced) {
  EXPECT_EQ(HtmlText("a\xFF\xC0\xAF\xED\xA0\x80\xE4\xB8"),
            "a\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(HtmlText("naïve 数据 😀"), "naïve 数据 😀");
}

TEST(HtmlTest, ShortTextFitsAndKeepsMarkupWhole) {
  EXPECT_EQ(HtmlShort("orders", 6), "orders");
  EXPECT_EQ(HtmlShort("orders", 5), "orde…");
  EXPECT_EQ(HtmlShort("orders", 3), "");
  EXPECT_EQ(HtmlShort("<<<<<<", 5), "&lt;&lt;&lt;&lt;…");
  EXPECT_EQ(HtmlShort("数据数据", 6), "数据…");
  EXPECT_EQ(HtmlColumns("数a<"), 4U);
}

TEST(HtmlTest, APageFetchesNothingAndRunsNoScript) {
  const std::string page = HtmlPage("a & b", "<p>x</p>");
  EXPECT_THAT(page, HasSubstr("<title>a &amp; b</title>"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* word : {"http:", "https:", "<script", "url(", "@import", "src="}) {
    EXPECT_THAT(page, Not(HasSubstr(word)));
  }
}

InfoContent Content(std::size_t tables) {
  InfoContent content{.path = "/backup/<b>.sql.zst", .text_bytes = 1000, .file_bytes = 100};
  for (std::size_t i = 0; i < tables; ++i) {
    content.objects.push_back({{"d" + std::to_string(i % 7), ObjectKind::kTable,
                                "table_with_a_usual_name_" + std::to_string(i)},
                               i,
                               i * i,
                               i,
                               false,
                               ""});
  }
  return content;
}

TEST(HtmlPagesTest, TablesTooSmallToBeSeenAreCountedTogether) {
  const std::string page = InfoPage(Content(10'000));
  EXPECT_LT(page.size(), 2'000'000U);
  EXPECT_THAT(page, HasSubstr(" more</text>"));
  EXPECT_THAT(page, HasSubstr("table_with_a_usual_name_9999"));
  EXPECT_THAT(page, Not(HasSubstr("<b>.sql")));
}

TEST(HtmlPagesTest, AListTooLongForAPageEndsWithSums) {
  InfoContent content = Content(40'000);
  const std::string page = InfoPage(content);
  EXPECT_LT(page.size(), 2'000'000U);
  EXPECT_THAT(page, HasSubstr("smaller tables with"));
}

TEST(HtmlPagesTest, ArchivesWithoutRowsHaveAPage) {
  EXPECT_THAT(InfoPage(Content(0)), HasSubstr("Manifest"));
  EXPECT_THAT(InfoPage(Content(1)), Not(HasSubstr("nan")));
  EXPECT_THAT(FolderPage("/d", {}, {}, 0, std::nullopt), HasSubstr("no archives"));
  EXPECT_THAT(DiffPage("f", {}), HasSubstr("Equal to what is live"));
}

TEST(HtmlPagesTest, AnOmittedObjectIsNamedWithTheReason) {
  InfoContent content = Content(1);
  content.partial = true;
  content.objects.push_back(
      {{"d", ObjectKind::kView, "v"}, 0, 0, std::nullopt, false, "no privilege & no luck"});
  const std::string page = InfoPage(content);
  EXPECT_THAT(page, HasSubstr("view `d`.`v`"));
  EXPECT_THAT(page, HasSubstr("no privilege &amp; no luck"));
  EXPECT_THAT(page, HasSubstr("Partial"));
}

TEST(HtmlPagesTest, DefinitionsStandBesideOneAnother) {
  DiffReport report;
  report.objects = 1;
  report.differing = 1;
  ObjectDiff object;
  object.id = {"d", ObjectKind::kTable, "t"};
  object.verdict = ObjectVerdict::kDiffers;
  object.definition_differs = true;
  object.definition = "@@ -1,3 +1,2 @@\n CREATE\n-  `a` int\n-  `b` int\n+  `a` <big>int\n )\n";
  report.found.push_back(object);
  EXPECT_THAT(
      DiffPage("f", report),
      HasSubstr("<div>CREATE</div><div class=\"c2\">CREATE</div>\n"
                "<div class=\"d\">  `a` int</div><div class=\"a\">  `a` &lt;big&gt;int</div>\n"
                "<div class=\"d\">  `b` int</div><div class=\"e\"></div>\n"
                "<div>)</div><div class=\"c2\">)</div>"));
}

}  // namespace
}  // namespace dbomsbak
