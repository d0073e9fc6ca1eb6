// Observers of the engine that print: a bar on a terminal, one JSON event a line, or next to
// nothing.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cli/console.h"
#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

enum class ProgressStyle { kNone, kBar, kJson };

// `console` must outlive the observer. `verbose`: phases are told with their time.
// `width` is asked for again at each redraw.
std::unique_ptr<Observer> MakeObserver(Console& console, ProgressStyle style, bool verbose,
                                       int (*width)());

// "load [#####     ]  50 %  1,000 rows  3.4 MiB  1.1 MiB/s  ETA 12 s  table `d`.`t`", on a terminal
// of `width` columns: where it is narrow, the less important parts are left out, and the object is
// shortened.
std::string RenderBar(const Progress& progress, std::chrono::milliseconds elapsed, int width);

}  // namespace dbomsbak
