#include "engine/frame_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <string>

#include "dbomsbak/base/error.h"
#include "dbomsbak/base/task_group.h"
#include "dbomsbak/base/units.h"

namespace dbomsbak {

void ForEachFrame(const ArchiveReader& archive, unsigned jobs, const CancelToken& cancel,
                  const std::function<FrameWork(unsigned job)>& start) {
  const std::uint64_t frames = archive.frame_count();
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> stop{false};
  // Frames are handed out in order, so every frame before a bad one is being looked at as well: the
  // lowest bad one is the same at any number of threads.
  std::mutex mutex;
  std::uint64_t first_bad = frames;
  std::exception_ptr error;

  TaskGroup group([&] { stop = true; });
  const auto run = [&](unsigned job) {
    const FrameWork work = start(job);
    std::string text;
    while (!stop) {
      cancel.ThrowIfCancelled();
      const std::uint64_t frame = next++;
      if (frame >= frames) return;
      try {
        archive.ReadFrame(frame, text);
        work(frame, text);
      } catch (const Error&) {
        stop = true;
        std::lock_guard lock(mutex);
        if (frame < first_bad) {
          first_bad = frame;
          error = std::current_exception();
        }
        return;
      }
    }
  };
  for (unsigned job = 0; job < std::max(jobs, 1U); ++job) group.Start([&run, job] { run(job); });
  group.Wait();
  if (error) std::rethrow_exception(error);
}

void ProveFrames(const ArchiveReader& archive, unsigned jobs, Observer& observer,
                 const CancelToken& cancel) {
  observer.Phase(
      fmt::format("checking {}: {}", archive.name(), Counted(archive.frame_count(), "frame")));
  std::mutex mutex;
  Progress progress;
  progress.phase = "check";
  progress.objects_total = archive.frame_count();
  ForEachFrame(archive, jobs, cancel, [&](unsigned) -> FrameWork {
    return [&](std::uint64_t, std::string_view text) {
      std::lock_guard lock(mutex);
      progress.bytes_done += text.size();
      ++progress.objects_done;
      observer.Update(progress);
    };
  });
}

}  // namespace dbomsbak
