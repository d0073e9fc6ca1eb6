// Which rows of a table differ: those of a source, and live ones.
#pragma once

#include <cstddef>

#include "dbomsbak/base/cancel.h"
#include "dbomsbak/engine/diff.h"
#include "engine/diff_source.h"
#include "engine/dump_set.h"
#include "engine/session_registry.h"

namespace dbomsbak {

// `live_rows`: how many there are. Reads both sides once, or, where their rows are many, twice:
// first hashes alone, in partitions by key, which are too few to fill memory; then the rows of
// those partitions that are not alike. Where even these are too many, some of them, which is told.
// Memory: some 100,000 keys. Names up to `most` keys of a kind. Errors: as ReadSnapshotRows, and of
// the source.
DifferingKeys FindDifferingKeys(DumpSet& set, SessionRegistry& registry, const DiffSource& source,
                                const TableToCompare& table, std::uint64_t live_rows,
                                std::size_t most, const CancelToken& cancel);

}  // namespace dbomsbak
