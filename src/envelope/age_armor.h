// Armor: a binary file as lines of base64, read at any place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dbomsbak/base/file.h"

namespace dbomsbak {

constexpr std::string_view kArmorBegin = "-----BEGIN AGE ENCRYPTED FILE-----";

// Behind white space.
bool LooksArmored(std::string_view begin);

// What is in the armor. Its first and last lines are looked at now, others when they are read.
// Error kDamaged for lines that are not as they should be, kIncomplete where the last one is
// missing.
std::shared_ptr<const RandomAccessFile> OpenArmor(std::shared_ptr<const RandomAccessFile> file);

// Less than `size` bytes where the file ends.
inline std::string ReadUpTo(const RandomAccessFile& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(file.ReadAt(offset, bytes.data(), size));
  return bytes;
}

}  // namespace dbomsbak
