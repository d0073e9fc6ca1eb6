// Definitions read out of an archive, each against its digest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dbomsbak/archive/archive_reader.h"

namespace dbomsbak {

// Error kDamaged, of an object of the archive.
[[noreturn]] void ThrowDamagedObject(const ArchiveReader& archive, const ObjectId& id,
                                     std::string_view what);

// Keeps the frame it read last: definitions of small tables stand together. One thread; `archive`
// must outlive it. Errors: kDamaged.
class DefinitionSlices {
 public:
  explicit DefinitionSlices(const ArchiveReader& archive) : archive_(archive) {}

  // The CREATE statement of an object that has one.
  std::string CreateOf(const ObjectRecord& record);
  // The statement behind CREATE SEQUENCE that gives it its value; empty when there is none.
  std::string RestartOf(const ObjectRecord& record);

 private:
  std::string Text(const Slice& slice);

  const ArchiveReader& archive_;
  std::uint64_t frame_ = 0;
  bool filled_ = false;
  std::string text_;
};

}  // namespace dbomsbak
