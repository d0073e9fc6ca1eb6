// Observers of the engine that print: a bar on a terminal, one JSON event a line, or next to
// nothing.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/terminal.h"
#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

enum class ProgressStyle { kNone, kBar, kJson };

// `console` must outlive the observer. `verbose`: phases are told with their time.
// `size` is asked for again at each redraw.
std::unique_ptr<Observer> MakeObserver(Console& console, ProgressStyle style, bool verbose,
                                       TerminalSize (*size)());

// A line for each job, where the terminal has room for them, and the bar below.
std::vector<std::string> RenderStatus(const Progress& progress, std::chrono::milliseconds elapsed,
                                      TerminalSize size);

// "load [#####     ]  50 %  1,000 rows  3.4 MiB  1.1 MiB/s  ETA 12 s  table `d`.`t`", on a terminal
// of `width` columns: where it is narrow, the less important parts are left out, and the object is
// shortened.
std::string RenderBar(const Progress& progress, std::chrono::milliseconds elapsed, int width);

// "  1  table `d`.`t`   part 3 of 17  1,000 rows  3.4 MiB", one line a job, in columns; what does
// not fit is left out of all of them, the last first. `phase`: what need not be said.
std::vector<std::string> RenderJobs(const std::vector<JobProgress>& jobs, std::string_view phase,
                                    int width);

}  // namespace dbomsbak
