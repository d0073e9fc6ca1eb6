// Text as a terminal or a page shows it, character by character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dbomsbak {

// The next character of `text`, which is not empty, and how many bytes it takes; what is no UTF-8
// is one byte, and U+FFFD.
std::pair<char32_t, std::size_t> NextCharacter(std::string_view text);
bool IsUtf8(std::string_view text);
// Takes two columns, as those of East Asia do.
bool IsWide(char32_t character);

// Columns in a font of fixed width.
std::size_t CountColumns(std::string_view text);
// As much of the text as so many columns hold, from its beginning or its end; where some is left
// out, an ellipsis stands for it.
std::string FirstColumns(std::string_view text, std::size_t columns);
std::string LastColumns(std::string_view text, std::size_t columns);

}  // namespace dbomsbak
