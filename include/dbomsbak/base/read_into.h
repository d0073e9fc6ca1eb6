// Reading from a descriptor, which may be a pipe with a slow writer.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace dbomsbak {

// Reads until `to` is full or the file ends; with `until`, no further than the piece that brings
// this byte. Returns how many bytes there are; nothing, with errno, when a read fails. Copies
// nothing besides.
std::optional<std::size_t> ReadInto(int descriptor, std::span<char> to,
                                    std::optional<char> until = std::nullopt);

}  // namespace dbomsbak
