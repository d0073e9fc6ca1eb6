// All frames of an archive, each read and hashed once, by several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/base/cancel.h"
#include "dbomsbak/engine/observer.h"

namespace dbomsbak {

// What a thread does with a frame that matches its SHA-256. `text` is valid during the call.
using FrameWork = std::function<void(std::uint64_t frame, std::string_view text)>;

// Each of `jobs` threads, numbered from 0, calls `start` once, and what it returns for each of its
// frames. Of several errors (of the archive, or of the work) that of the lowest frame is thrown, at
// any number of threads. Memory: a frame a thread.
void ForEachFrame(const ArchiveReader& archive, unsigned jobs, const CancelToken& cancel,
                  const std::function<FrameWork(unsigned job)>& start);

// The same, with nothing done but hashing. Tells its progress, phase "check". Error kDamaged.
void ProveFrames(const ArchiveReader& archive, unsigned jobs, Observer& observer,
                 const CancelToken& cancel);

}  // namespace dbomsbak
