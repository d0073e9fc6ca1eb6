// UTF-8 cut between its characters. What is no UTF-8 is cut somewhere.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace dbomsbak {

constexpr bool StartsCharacter(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

inline std::size_t CountCharacters(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), StartsCharacter));
}

inline std::string_view FirstCharacters(std::string_view utf8, std::size_t count) noexcept {
  std::size_t end = 0;
  while (end < utf8.size()) {
    if (StartsCharacter(utf8[end]) && count-- == 0) break;
    ++end;
  }
  return utf8.substr(0, end);
}

// As many whole characters as fit into so many bytes.
inline std::string_view WholeCharacters(std::string_view utf8, std::size_t bytes) noexcept {
  if (utf8.size() <= bytes) return utf8;
  while (bytes > 0 && !StartsCharacter(utf8[bytes])) --bytes;
  return utf8.substr(0, bytes);
}

}  // namespace dbomsbak
