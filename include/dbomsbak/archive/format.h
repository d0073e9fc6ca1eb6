// Constants of the archive format, version 1. Specification: formats/archive-v1.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dbomsbak {

inline constexpr std::uint32_t kOwnFrameMagic = 0x184D2A5B;        // a zstd skippable frame
inline constexpr std::uint32_t kSeekTableFrameMagic = 0x184D2A5E;  // zstd seekable format
inline constexpr std::uint32_t kSeekTableFooterMagic = 0x8F92EAB1;
inline constexpr std::string_view kArchiveMagic = "DBOMSBAK";  // first bytes of our own payloads
inline constexpr std::uint16_t kFormatVersion = 1;
inline constexpr std::size_t kFrameTextTarget = std::size_t{4} << 20;  // cut at the next statement
inline constexpr std::size_t kInsertTextTarget = std::size_t{1} << 20;

}  // namespace dbomsbak
