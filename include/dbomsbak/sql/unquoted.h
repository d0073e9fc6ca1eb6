// Finding words in SQL text where they are words: outside of strings and quoted names.
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// Where `words` stands outside of quotes, from `begin` on; npos when it does not.
std::size_t FindUnquoted(std::string_view text, std::string_view words, std::size_t begin = 0);

// The back-ticked name that begins at `at`, which is moved behind it.
std::string TakeQuotedName(std::string_view text, std::size_t& at);

}  // namespace dbomsbak
