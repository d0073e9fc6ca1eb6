// What a plain dump holds, in the words of an archive, as restore needs it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plain_dump.h"
#include "engine/restore_content.h"

namespace dbomsbak {

// INSERTs of a dump gathered into load units: the same text gives the same units. One thread.
class UnitCutter {
 public:
  // Takes the next INSERT: true when it begins a new unit.
  bool Add(const DumpStatement& rows);
  std::uint64_t number() const { return number_ - 1; }  // of the unit in hand, from 0

 private:
  std::uint64_t number_ = 0;
  ObjectId table_;
  DumpSettings settings_;
  std::uint64_t bytes_ = 0, statements_ = 0;
};

// Header and scope as far as the dump tells them. A kind that it does not speak of is outside its
// scope: live objects of that kind stay.
HeaderRecord HeaderOf(const PlainDump& dump);

// One object of the dump as the index of an archive would have it, without slices.
ObjectRecord RecordOf(const DumpedObject& object);

// Reads the dump.
RestoreContent ReadPlainContent(const std::shared_ptr<const RandomAccessFile>& file,
                                const PlainDumpOptions& options, Observer& observer,
                                const CancelToken& cancel);

// The collation that a charset brings along when a definition names none: that of servers that
// leave it out when they print one.
std::string UsualCollation(std::string_view charset);

}  // namespace dbomsbak
