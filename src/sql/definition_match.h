// Does a server's text of an object say all that another text of it says?
#pragma once

#include <string>
#include <string_view>

namespace dbomsbak {

// Both are CREATE statements of one object, from servers that may print it in other words, or from
// the text of a dump. Empty when every word of `wanted` stands in `printed`, in the same order;
// else the first that does not. Not looked at: the case of words, parentheses, the display width of
// integers, DEFAULT NULL, quotes around numbers, charset introducers, a collation that is its
// charset's usual one, two names of one charset (utf8), and, of tables, what the checks say beyond
// their number. `printed` may say more: servers fill in what they assume.
std::string FirstWordMissing(std::string_view wanted, std::string_view printed);

}  // namespace dbomsbak
