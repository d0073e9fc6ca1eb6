// Tables of which a dump holds the newest rows only, for nobody misses the others.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dbomsbak/archive/archive_reader.h"
#include "dbomsbak/archive/records.h"
#include "dbomsbak/engine/observer.h"
#include "engine/dump_set.h"

namespace dbomsbak {

// The rows that are kept, as a condition.
std::string PruneCondition(const PruneRecord& pruned);

// `heatbeat_sequence` (spelled so) of OMS grows without bound, and its newest row alone counts.
// Where a database of the set has such a table, with an integer column `id`, the dump is to hold
// that row only: noted in the scope of `set` and in its `pruned`. Tells of each table what was
// decided, and of each of `expected` (databases that should have one) that has none. The sessions
// of `set` have their snapshot and are idle.
void PruneHeartbeats(const std::vector<std::string>& expected, DumpSet& set, Observer& observer);

// Whether index and header of an archive say the same of its pruned tables.
class PruningCheck {
 public:
  explicit PruningCheck(const HeaderRecord& header) : scope_(header.scope) {}
  // Each object of the index once. What does not fit; nothing: it is well.
  std::optional<std::string> Wrong(const ObjectRecord& object);
  // Behind the last one.
  std::optional<std::string> WrongAtEnd() const;

 private:
  const Scope& scope_;
  std::size_t seen_ = 0;
};

// All of the index, each object checked so. Errors: kDamaged.
void ForEachObject(const ArchiveReader& archive, const std::function<void(ObjectRecord&&)>& each);

// "`a`.`t` was pruned …", for people.
std::string DescribePruned(const ObjectRecord& table);

}  // namespace dbomsbak
