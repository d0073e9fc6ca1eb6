#include "cli/characters.h"

namespace dbomsbak {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kEllipsis = "…";

// Marks that stand on the character before them, and what is not seen.
bool TakesNoColumn(char32_t c) {
  return (c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) ||
         (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

std::size_t ColumnsOf(char32_t c) { return TakesNoColumn(c) ? 0 : IsWide(c) ? 2 : 1; }

}  // namespace

std::pair<char32_t, std::size_t> NextCharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first < 0xC2   ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0) return {kReplacement, 1};
  char32_t character = first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {kReplacement, 1};
    character = character << 6 | (byte(i) & 0x3FU);
  }
  const bool too_long = character < (length == 3 ? 0x800U : length == 4 ? 0x10000U : 0x80U);
  const bool surrogate = character >= 0xD800 && character < 0xE000;
  if (too_long || surrogate || character > 0x10FFFF) return {kReplacement, 1};
  return {character, length};
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const auto [character, length] = NextCharacter(text);
    if (character == kReplacement && length == 1) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool IsWide(char32_t c) {
  return (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
         (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
         (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
         (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) ||
         (c >= 0x20000 && c <= 0x3FFFD);
}

std::size_t CountColumns(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto [character, length] = NextCharacter(text);
    columns += ColumnsOf(character);
    text.remove_prefix(length);
  }
  return columns;
}

std::string FirstColumns(std::string_view text, std::size_t columns) {
  if (CountColumns(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t used = 1, end = 0;
  while (end < text.size()) {
    const auto [character, length] = NextCharacter(text.substr(end));
    used += ColumnsOf(character);
    if (used > columns) break;
    end += length;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::string LastColumns(std::string_view text, std::size_t columns) {
  const std::size_t all = CountColumns(text);
  if (all <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t left = all;
  while (left + 1 > columns) {
    const auto [character, length] = NextCharacter(text);
    left -= ColumnsOf(character);
    text.remove_prefix(length);
  }
  return std::string(kEllipsis) + std::string(text);
}

}  // namespace dbomsbak
