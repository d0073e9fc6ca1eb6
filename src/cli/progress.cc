#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/characters.h"
#include "dbomsbak/base/units.h"

namespace dbomsbak {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

milliseconds Since(Clock::time_point start) {
  return std::chrono::duration_cast<milliseconds>(Clock::now() - start);
}

bool HasAll(const Progress& progress) {
  return progress.rows_done == progress.rows_total &&
         progress.objects_done == progress.objects_total;
}

// When an update is to be shown: ten times a second, and at once when a phase begins, or when all
// is there that it counts, so that none ends before its end. The same phase begins anew where there
// was all and now is not: another file.
class Pace {
 public:
  bool IsDue(const Progress& progress) {
    constexpr milliseconds kInterval{100};
    const Clock::time_point now = Clock::now();
    const bool had_all = std::exchange(has_all_, HasAll(progress));
    const bool begins = progress.phase != phase_ || (had_all && !has_all_);
    const bool ends = has_all_ && !had_all;
    if (!begins && !ends && now - last_ < kInterval) return false;
    if (begins) {
      phase_ = progress.phase;
      begun_ = now;
    }
    last_ = now;
    return true;
  }

  milliseconds SincePhaseBegan() const { return Since(begun_); }

 private:
  std::string phase_;
  bool has_all_ = false;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point last_{};
};

// Notices and warnings; phases only with -v.
class PlainObserver : public Observer {
 public:
  PlainObserver(Console& console, bool verbose) : console_(console), verbose_(verbose) {}

  void Phase(std::string_view text) override {
    if (!verbose_) return;
    console_.Say(
        fmt::format("[{:7.1f} s] {}", static_cast<double>(Since(start_).count()) / 1000.0, text));
  }
  void Notice(std::string_view text) override { console_.Note(text); }
  void Warning(std::string_view text) override { console_.Warning(text); }
  void Update(const Progress&) override {}

 protected:
  Console& console_;
  const bool verbose_;
  const Clock::time_point start_ = Clock::now();
};

class BarObserver final : public PlainObserver {
 public:
  BarObserver(Console& console, bool verbose, TerminalSize (*size)())
      : PlainObserver(console, verbose), size_(size) {}
  ~BarObserver() override { console_.ClearStatus(); }

  void Phase(std::string_view text) override { console_.Say(text); }

  void Update(const Progress& progress) override {
    if (!pace_.IsDue(progress)) return;
    const TerminalSize size = size_();
    console_.ShowStatus(RenderStatus(progress, pace_.SincePhaseBegan(), size), size.width);
  }

 private:
  TerminalSize (*size_)();
  Pace pace_;
};

// One event a line on stderr.
class JsonObserver final : public Observer {
 public:
  explicit JsonObserver(Console& console) : console_(console) {}

  void Phase(std::string_view text) override { Text("phase", text); }
  void Notice(std::string_view text) override { Text("notice", text); }
  void Warning(std::string_view text) override { Text("warning", text); }

  void Update(const Progress& progress) override {
    if (!pace_.IsDue(progress)) return;
    nlohmann::json jobs = nlohmann::json::array();
    for (const JobProgress& job : progress.jobs) {
      jobs.push_back({{"phase", job.phase},
                      {"object", job.object},
                      {"part", job.part},
                      {"parts", job.parts},
                      {"rows_done", job.rows_done},
                      {"bytes_done", job.bytes_done}});
    }
    Write({{"event", "progress"},
           {"phase", progress.phase},
           {"object", progress.object},
           {"rows_done", progress.rows_done},
           {"rows_total", progress.rows_total},
           {"bytes_done", progress.bytes_done},
           {"objects_done", progress.objects_done},
           {"objects_total", progress.objects_total},
           {"jobs", std::move(jobs)}});
  }

 private:
  void Text(const char* event, std::string_view text) {
    Write({{"event", event}, {"text", std::string(text)}});
  }
  void Write(nlohmann::json event) {
    event["elapsed_ms"] = Since(start_).count();
    console_.Err(event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }

  Console& console_;
  Pace pace_;
  const Clock::time_point start_ = Clock::now();
};

}  // namespace

std::string RenderBar(const Progress& progress, milliseconds elapsed, int width) {
  // Before any row has been counted, objects tell how far it is.
  const bool by_rows = progress.rows_total > 0;
  const double done = static_cast<double>(by_rows ? progress.rows_done : progress.objects_done);
  const double total = static_cast<double>(by_rows ? progress.rows_total : progress.objects_total);
  const double share = total > 0 ? std::min(done / total, 1.0) : 0;
  const std::string percent = total > 0 ? fmt::format("{:3.0f} %", share * 100) : std::string();
  std::string rows;  // where rows are counted
  if (by_rows || progress.rows_done > 0) rows = "  " + Counted(progress.rows_done, "row");
  std::string bytes, rate, left;
  if (progress.bytes_done > 0) bytes = "  " + HumanBytes(progress.bytes_done);
  // The first moments tell nothing about the rate.
  const auto ms = static_cast<double>(elapsed.count());
  if (progress.bytes_done > 0 && elapsed.count() >= 1000) {
    rate = fmt::format("  {}/s", HumanBytes(static_cast<std::uint64_t>(
                                     static_cast<double>(progress.bytes_done) * 1000.0 / ms)));
  }
  const double before = by_rows ? static_cast<double>(progress.rows_before) : 0;
  const double ours = done - before;
  if (ours > 0.01 * (total - before) && share < 1 && elapsed.count() > 1000) {
    left = fmt::format("  ETA {}",
                       HumanDuration(static_cast<std::uint64_t>(ms * (total - done) / ours)));
  }

  const std::size_t limit = width > 1 ? static_cast<std::size_t>(width - 1) : 79;
  const std::string object = Printable(progress.object);
  // From all to next to nothing: what a narrow terminal has room for.
  struct Shape {
    int cells;  // of the bar
    bool rows, bytes, rate, left;
    std::size_t object;  // columns of its name that are worth it
  };
  constexpr Shape kShapes[] = {
      {20, true, true, true, true, 30},    {10, true, true, true, true, 24},
      {10, true, true, false, true, 20},   {10, true, false, false, true, 18},
      {0, true, false, false, true, 16},   {0, false, false, false, true, 12},
      {0, false, false, false, false, 10}, {0, false, false, false, true, 0}};
  for (const Shape& shape : kShapes) {
    std::string text = progress.phase;
    if (total > 0) {
      if (shape.cells > 0) {
        const int filled = static_cast<int>(share * shape.cells);
        text += fmt::format(" [{}{}]", std::string(filled, '#'),
                            std::string(shape.cells - filled, ' '));
      }
      text += " " + percent;
    }
    if (shape.rows) text += rows;
    if (shape.bytes) text += bytes;
    if (shape.rate) text += rate;
    if (shape.left) text += left;
    const std::size_t used = CountColumns(text);
    const std::size_t wanted = std::min(shape.object, CountColumns(object));
    if (used + (wanted > 0 ? 2 + wanted : 0) > limit) continue;
    if (wanted > 0) text += "  " + LastColumns(object, limit - used - 2);
    return text;
  }
  return FirstColumns(progress.phase + " " + percent, limit);
}

std::vector<std::string> RenderJobs(const std::vector<JobProgress>& jobs, std::string_view phase,
                                    int width) {
  constexpr std::size_t kObjectAtLeast = 20;
  constexpr std::size_t kNumbers = 3;  // part, rows, bytes
  struct Line {
    std::string head, object;
    std::array<std::string, kNumbers> numbers;
  };
  std::vector<Line> rows;
  std::size_t object_columns = 0;
  std::array<std::size_t, kNumbers> columns{};
  for (const JobProgress& job : jobs) {
    Line& row = rows.emplace_back();
    row.head = fmt::format("{:3}  ", rows.size());
    if (job.object.empty()) {
      row.object = "waiting";
    } else {
      row.object = Printable(job.object);
      if (job.phase != phase) row.object = job.phase + " " + row.object;
      if (job.part > 0 && job.parts != 1) {
        row.numbers[0] = "part " + Grouped(job.part);
        if (job.parts > 0) row.numbers[0] += " of " + Grouped(job.parts);
      }
      row.numbers[1] = Counted(job.rows_done, "row");
      if (job.bytes_done > 0) row.numbers[2] = HumanBytes(job.bytes_done);
    }
    object_columns = std::max(object_columns, CountColumns(row.object));
    for (std::size_t i = 0; i < kNumbers; ++i) {
      columns[i] = std::max(columns[i], row.numbers[i].size());
    }
  }

  const std::size_t limit = static_cast<std::size_t>(std::max(width, 2)) - 1;
  constexpr std::size_t kHead = 5;
  std::size_t shown = kNumbers;
  const auto needed = [&] {
    std::size_t sum = kHead;
    for (std::size_t i = 0; i < shown; ++i) sum += columns[i] > 0 ? 2 + columns[i] : 0;
    return sum;
  };
  while (shown > 0 && needed() + std::min(object_columns, kObjectAtLeast) > limit) --shown;
  object_columns = std::min(object_columns, limit > needed() ? limit - needed() : 0);

  std::vector<std::string> lines;
  for (const Line& row : rows) {
    std::string line = row.head + LastColumns(row.object, object_columns);
    std::size_t end = kHead + object_columns;
    for (std::size_t i = 0; i < shown; ++i) {
      if (columns[i] == 0) continue;
      end += 2 + columns[i];
      if (row.numbers[i].empty()) continue;
      line.append(end - row.numbers[i].size() - CountColumns(line), ' ');
      line += row.numbers[i];
    }
    lines.push_back(FirstColumns(line, limit));
  }
  return lines;
}

std::vector<std::string> RenderStatus(const Progress& progress, milliseconds elapsed,
                                      TerminalSize size) {
  // Below that, what was there before the command is worth more than the jobs.
  constexpr int kWidthForJobs = 60, kLinesBeside = 4;
  const std::size_t jobs = progress.jobs.size();
  if (jobs < 2 || size.width < kWidthForJobs || size.height < kLinesBeside ||
      jobs > static_cast<std::size_t>(size.height - kLinesBeside)) {
    return {RenderBar(progress, elapsed, size.width)};
  }
  std::vector<std::string> lines = RenderJobs(progress.jobs, progress.phase, size.width);
  Progress total = progress;
  total.object.clear();
  lines.push_back(RenderBar(total, elapsed, size.width));
  return lines;
}

std::unique_ptr<Observer> MakeObserver(Console& console, ProgressStyle style, bool verbose,
                                       TerminalSize (*size)()) {
  switch (style) {
    case ProgressStyle::kJson:
      return std::make_unique<JsonObserver>(console);
    case ProgressStyle::kBar:
      return std::make_unique<BarObserver>(console, verbose, size);
    case ProgressStyle::kNone:
      break;
  }
  return std::make_unique<PlainObserver>(console, verbose);
}

}  // namespace dbomsbak
