// Readers, assembler, compressors and writer of one dump, from snapshot to last byte.
#pragma once

#include "dbomsbak/engine/dump.h"
#include "engine/dump_set.h"

namespace dbomsbak {

// Writes the whole output to `out` and closes nothing. The first error of any stage is thrown after
// all threads have ended; by then every session of `registry` is aborted.
DumpResult WriteDump(DumpSet& set, SessionRegistry& registry, const DumpOptions& options,
                     DumpFormat format, WritableFile& out, Observer& observer,
                     const CancelToken& cancel);

}  // namespace dbomsbak
