#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

#include "cli/characters.h"
#include "cli/json_table.h"

namespace dbomsbak {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

class MemoryOutput final : public WritableFile {
 public:
  void Append(std::string_view bytes) override { text += bytes; }
  void Sync() override {}
  void Close() override {}
  const std::string& name() const override { return name_; }
  std::string text;

 private:
  std::string name_ = "memory";
};

Progress HalfWay() {
  Progress progress;
  progress.phase = "dump";
  progress.object = "table `d`.`t`";
  progress.rows_done = 1000;
  progress.rows_total = 2000;
  progress.bytes_done = 10 << 20;
  return progress;
}

Progress TwoJobs() {
  Progress progress = HalfWay();
  progress.jobs = {{"dump", "table `d`.`t`", 3, 0, 1234567, 10 << 20}, {}};
  return progress;
}

TEST(ProgressTest, BarTellsShareRowsBytesRateAndTimeLeft) {
  EXPECT_EQ(RenderBar(HalfWay(), milliseconds(10'000), 200),
            "dump [##########          ]  50 %  1,000 rows  10.0 MiB  1.0 MiB/s  ETA 10.0 s  "
            "table `d`.`t`");
}

TEST(ProgressTest, TheFirstMomentTellsNoRate) {
  EXPECT_THAT(RenderBar(HalfWay(), milliseconds(1), 200), Not(HasSubstr("/s")));
}

TEST(ProgressTest, BarFitsTheTerminal) {
  Progress progress = HalfWay();
  for (const char* object :
       {"table `d`.`t`", "table `a_long_database`.`a_long_table`", "中中中", ""}) {
    progress.object = object;
    for (int width = 2; width < 130; ++width) {
      const std::string bar = RenderBar(progress, milliseconds(10'000), width);
      EXPECT_LT(CountColumns(bar), static_cast<std::size_t>(width)) << bar;
      EXPECT_TRUE(width <= 12 || bar.find(" 50 %") != std::string::npos) << bar;
    }
  }
}

TEST(ProgressTest, ANarrowTerminalShowsWhatMattersMost) {
  Progress progress = HalfWay();
  progress.object = "table `drc_rm_db`.`oms_step`";
  EXPECT_EQ(RenderBar(progress, milliseconds(10'000), 80),
            "dump [#####     ]  50 %  1,000 rows  10.0 MiB  ETA 10.0 s  …c_rm_db`.`oms_step`");
  EXPECT_EQ(RenderBar(progress, milliseconds(10'000), 40),
            "dump  50 %  ETA 10.0 s  …db`.`oms_step`");
}

TEST(ProgressTest, JobsHaveColumnsAndTellWhatTheyDo) {
  Progress progress = TwoJobs();
  progress.jobs.push_back({"prove", "table `d`.`数据`", 1, 1, 20, 0});
  progress.jobs.push_back({"dump", "frame\n7", 2, 17, 5, 100});
  EXPECT_THAT(RenderJobs(progress.jobs, "dump", 80),
              testing::ElementsAre(
                  "  1  table `d`.`t`                 part 3  1,234,567 rows  10.0 MiB",
                  "  2  waiting", "  3  prove table `d`.`数据`                       20 rows",
                  "  4  frame 7                 part 2 of 17          5 rows     100 B"));
}

TEST(ProgressTest, JobsFitAnyWidth) {
  Progress progress = TwoJobs();
  progress.jobs.push_back(
      {"prove", "table `a_long_database_数据`.`a_long_table`", 1234, 9999, 20, 9});
  for (int width = 2; width < 130; ++width) {
    for (const std::string& line : RenderJobs(progress.jobs, "dump", width)) {
      EXPECT_LT(CountColumns(line), static_cast<std::size_t>(width)) << line;
    }
  }
  EXPECT_THAT(RenderJobs(progress.jobs, "dump", 60),
              testing::ElementsAre("  1  table `d`.`t`                                   part 3",
                                   "  2  waiting",
                                   "  3  …ng_database_数据`.`a_long_table`  part 1,234 of 9,999"));
}

TEST(ProgressTest, JobsHaveLinesWhereThereIsRoom) {
  const Progress progress = TwoJobs();
  const auto lines = [&](int width, int height) {
    return RenderStatus(progress, milliseconds(10'000), {width, height}).size();
  };
  EXPECT_EQ(lines(80, 24), 3U);
  EXPECT_EQ(lines(60, 6), 3U);
  EXPECT_EQ(lines(59, 24), 1U);
  EXPECT_EQ(lines(80, 5), 1U);
  EXPECT_EQ(lines(80, 0), 1U);
  EXPECT_EQ(RenderStatus(progress, milliseconds(10'000), {80, 24})[2],
            "dump [##########          ]  50 %  1,000 rows  10.0 MiB  1.0 MiB/s  ETA 10.0 s");
  Progress alone = progress;
  alone.jobs.pop_back();
  EXPECT_THAT(RenderStatus(alone, milliseconds(10'000), {80, 24}),
              testing::ElementsAre(RenderBar(progress, milliseconds(10'000), 80)));
}

TEST(ProgressTest, SeveralLinesAreWrittenAtOnceAndTakenAwayWhole) {
  MemoryOutput out, err;
  Console console(out, err);
  console.ShowStatus({"one", "two", "three"}, 80);
  EXPECT_EQ(err.text, "\r\x1b[?7lone\x1b[K\r\ntwo\x1b[K\r\nthree\x1b[K\x1b[?7h");
  err.text.clear();
  console.ShowStatus({"1", "2", "3"}, 80);
  EXPECT_EQ(err.text, "\r\x1b[2A\x1b[?7l1\x1b[K\r\n2\x1b[K\r\n3\x1b[K\x1b[?7h");
  err.text.clear();
  console.ShowStatus({"total"}, 80);
  EXPECT_EQ(err.text, "\r\x1b[2A\x1b[J\x1b[?7ltotal\x1b[K\x1b[?7h");
  err.text.clear();
  console.ShowStatus({"one", "two"}, 80);
  err.text.clear();
  console.Warning("w");
  EXPECT_EQ(err.text, "\r\x1b[1A\x1b[Jdbomsbak: warning: w\n");
  err.text.clear();
  console.ClearStatus();
  EXPECT_EQ(err.text, "");
}

TEST(ProgressTest, TheStatusLineIsWrittenAtOnceAndTakenAwayWhole) {
  MemoryOutput out, err;
  Console console(out, err);
  console.ShowStatus({"one two three"}, 80);
  EXPECT_EQ(err.text, "\r\x1b[?7lone two three\x1b[K\x1b[?7h");
  err.text.clear();
  console.ShowStatus({"one"}, 80);
  EXPECT_EQ(err.text, "\r\x1b[?7lone\x1b[K\x1b[?7h");
  console.ShowStatus({"one two three"}, 80);
  err.text.clear();
  console.ShowStatus({"o"}, 5);  // 13 columns are three rows now
  EXPECT_EQ(err.text, "\r\x1b[2A\x1b[J\x1b[?7lo\x1b[K\x1b[?7h");
}

TEST(ProgressTest, ErrorsAreColouredWhereThatIsWanted) {
  MemoryOutput out, err;
  Console console(out, err);
  console.Warning("w");
  EXPECT_EQ(err.text, "dbomsbak: warning: w\n");
  err.text.clear();
  console.set_colour(true);
  console.PrintError(Error(ErrorCode::kIo, "e", "h"));
  EXPECT_EQ(err.text, "dbomsbak: \x1b[1;31merror:\x1b[0m e\ndbomsbak: hint: h\n");
}

TEST(CharactersTest, TextIsCutByColumns) {
  EXPECT_EQ(CountColumns("naïve 数据"), 10U);
  EXPECT_EQ(FirstColumns("数据数据", 5), "数据…");
  EXPECT_EQ(FirstColumns("abc", 3), "abc");
  EXPECT_EQ(LastColumns("数据abc", 4), "…abc");
  EXPECT_EQ(LastColumns("数据abc", 5), "…abc");
  EXPECT_EQ(LastColumns("数据abc", 6), "…据abc");
  EXPECT_EQ(LastColumns("abc", 0), "");
}

TEST(ProgressTest, EstimatesBelowTheTruthDoNotOverflowTheBar) {
  Progress progress = HalfWay();
  progress.rows_done = 5000;
  EXPECT_THAT(RenderBar(progress, milliseconds(10'000), 200), HasSubstr("] 100 %"));
}

TEST(ProgressTest, WhatIsNotCountedIsNotTold) {
  Progress progress;
  progress.phase = "check";
  progress.objects_done = 3;
  progress.objects_total = 4;
  progress.bytes_done = 10 << 20;
  EXPECT_EQ(RenderBar(progress, milliseconds(10), 80),
            "check [###############     ]  75 %  10.0 MiB");
  progress.objects_total = progress.objects_done = 0;
  EXPECT_EQ(RenderBar(progress, milliseconds(10), 80), "check  10.0 MiB");
  progress.rows_total = 2;
  EXPECT_THAT(RenderBar(progress, milliseconds(10), 80), HasSubstr("  0 %  0 rows"));
  progress.rows_done = 1;
  EXPECT_THAT(RenderBar(progress, milliseconds(10), 80), HasSubstr(" 50 %  1 row "));
}

// Of updates in quick succession the first is shown, and the last, when all is there.
TEST(ProgressTest, APhaseIsShownAtItsEnd) {
  for (const ProgressStyle style : {ProgressStyle::kBar, ProgressStyle::kJson}) {
    MemoryOutput out, err;
    Console console(out, err);
    const auto observer = MakeObserver(console, style, false, [] { return TerminalSize{80, 24}; });
    Progress progress = HalfWay();
    for (progress.rows_done = 1500; progress.rows_done <= 2000; progress.rows_done += 250) {
      observer->Update(progress);
    }
    progress.phase = "prove";
    progress.rows_done = 10;
    observer->Update(progress);
    const bool bar = style == ProgressStyle::kBar;
    EXPECT_THAT(err.text,
                HasSubstr(bar ? "dump [###############     ]  75 %" : "\"rows_done\":1500"));
    EXPECT_THAT(err.text, Not(HasSubstr(bar ? " 88 %" : "\"rows_done\":1750")));
    EXPECT_THAT(err.text, HasSubstr(bar ? "] 100 %" : "\"rows_done\":2000"));
    EXPECT_THAT(err.text, HasSubstr(bar ? "prove [" : "\"phase\":\"prove\""));
  }
}

TEST(ProgressTest, AnotherFileIsShownAtItsEndAsWell) {
  MemoryOutput out, err;
  Console console(out, err);
  const auto observer = MakeObserver(console, ProgressStyle::kJson, false, [] {
    return TerminalSize{80, 24};
  });
  Progress progress = HalfWay();
  for (const std::uint64_t rows : {2000, 500, 1000, 2000}) {
    progress.rows_done = rows;
    observer->Update(progress);
  }
  EXPECT_THAT(err.text, HasSubstr("\"rows_done\":500"));
  EXPECT_THAT(err.text, Not(HasSubstr("\"rows_done\":1000")));
  EXPECT_EQ(err.text.find("\"rows_done\":2000"), err.text.rfind("\"rows_done\":2000", 200));
  EXPECT_GT(err.text.rfind("\"rows_done\":2000"), err.text.find("\"rows_done\":500"));
}

TEST(ProgressTest, WhatAnEarlierRunDidTellsNothingOfTheRate) {
  Progress progress = HalfWay();
  progress.rows_before = 900;  // 100 of 1,100 in ten seconds
  EXPECT_THAT(RenderBar(progress, std::chrono::seconds(10), 120), HasSubstr("ETA 1 min 40 s"));
}

TEST(ProgressTest, JsonEventsAreOneALine) {
  MemoryOutput out, err;
  Console console(out, err);
  const auto observer = MakeObserver(console, ProgressStyle::kJson, false, [] {
    return TerminalSize{80, 24};
  });
  observer->Phase("loading");
  observer->Warning("two\nlines");
  observer->Update(HalfWay());
  EXPECT_TRUE(out.text.empty());
  EXPECT_EQ(std::count(err.text.begin(), err.text.end(), '\n'), 3);
  EXPECT_THAT(err.text, HasSubstr("\"rows_done\":1000"));
}

TEST(ProgressTest, EventsHaveTheMembersOfTheTable) {
  MemoryOutput out, err;
  Console console(out, err);
  const auto observer = MakeObserver(console, ProgressStyle::kJson, false, [] {
    return TerminalSize{80, 24};
  });
  observer->Phase("loading");
  observer->Notice("a note");
  observer->Warning("a warning");
  observer->Update(TwoJobs());
  std::istringstream lines(err.text);
  std::set<std::string> kinds;
  for (std::string line; std::getline(lines, line);) {
    const auto event = nlohmann::json::parse(line);
    const std::string kind = event.at("event");
    kinds.insert(kind);
    std::set<std::string> members, known;
    auto flat = event;
    if (event.contains("jobs")) {
      flat.erase("jobs");
      ASSERT_EQ(event.at("jobs").size(), 2U);
      for (const auto& job : event.at("jobs")) {
        for (const auto& [name, value] : job.items()) flat["jobs[]." + name] = value;
        EXPECT_EQ(job.size(), 6U);
      }
    }
    for (const auto& [name, value] : flat.items()) {
      members.insert(name);
      for (const JsonEventField& field : JsonEventTable()) {
        if (field.name != name) continue;
        EXPECT_EQ(value.is_string(), field.type == "string") << name;
        EXPECT_EQ(value.is_number_unsigned(), field.type == "number") << name;
      }
    }
    for (const JsonEventField& field : JsonEventTable()) {
      if (field.events == "all" || field.events.find(kind) != std::string_view::npos) {
        known.emplace(field.name);
      }
    }
    EXPECT_EQ(members.size(), flat.size());
    EXPECT_EQ(members, known) << line;
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"phase", "notice", "warning", "progress"}));
}

TEST(ProgressTest, QuietKeepsWarningsOnly) {
  MemoryOutput out, err;
  Console console(out, err);
  console.set_quiet(true);
  const auto observer = MakeObserver(console, ProgressStyle::kNone, false, [] {
    return TerminalSize{80, 24};
  });
  observer->Phase("phase");
  observer->Notice("notice");
  observer->Update(HalfWay());
  observer->Warning("careful");
  EXPECT_EQ(err.text, "dbomsbak: warning: careful\n");
}

TEST(ProgressTest, TextIsSafeForTheTerminal) {
  EXPECT_EQ(Printable("a\x1b[31mb\nc\x07"), "a\\x1b[31mb c\\x07");
}

}  // namespace
}  // namespace dbomsbak
